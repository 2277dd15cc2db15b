namespace MuxKernels.Data;

/// <summary>
/// Reader of CIFAR-10's binary form: records of 3,073 bytes, the label (0 to 9) and then the red, green and blue planes
/// of a 32×32 image. A folder holds <c>data_batch_1.bin</c> … and <c>test_batch.bin</c>.
/// </summary>
public static class Cifar10
{
    private const int Size = 32, Pixels = 3 * Size * Size, Record = 1 + Pixels;

    /// <summary>Names of the ten classes.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Reads one half of a folder.</summary>
    /// <param name="folder">Folder of the binary files.</param>
    /// <param name="train">All <c>data_batch_*.bin</c> in the order of their numbers, or <c>test_batch.bin</c>.</param>
    /// <exception cref="FileNotFoundException">The folder lacks the files.</exception>
    /// <exception cref="InvalidDataException">See <see cref="Read"/>.</exception>
    public static ImageDataset ReadFolder(string folder, bool train)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string pattern = train ? "data_batch_*.bin" : "test_batch.bin";
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];
        if (files.Length == 0)
        {
            throw new FileNotFoundException($"{folder}: expected a folder with {pattern} (CIFAR-10, binary).");
        }

        return Read(files.OrderBy(file => file.Length).ThenBy(file => file, StringComparer.Ordinal).ToArray());
    }

    /// <summary>Reads binary files, one after the other.</summary>
    /// <exception cref="InvalidDataException">A file whose length is not a positive multiple of 3,073, more than 2 GiB
    /// in all, or a label above 9.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static ImageDataset Read(params IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count);
        long records = paths.Sum(CountRecords);
        if (records > Array.MaxLength / Pixels)
        {
            throw new InvalidDataException(
                $"{paths[0]}: {records} images in all, expected at most {Array.MaxLength / Pixels}.");
        }

        byte[] images = new byte[records * Pixels];
        int[] labels = new int[records];
        int next = 0;
        foreach (string path in paths)
        {
            next = ReadFile(path, images, labels, next);
        }

        if (next != records)
        {
            throw new InvalidDataException($"{paths[0]}: the files changed while they were read.");
        }

        return new ImageDataset(images, labels, 3, Size, Size, ClassNames,
            paths.Count == 1 ? paths[0] : $"{paths[0]} and {paths.Count - 1} more");
    }

    private static long CountRecords(string path)
    {
        using Stream stream = OpenPlain(path);
        long length = stream.Length;
        return length > 0 && length % Record == 0
            ? length / Record
            : throw new InvalidDataException(
                $"{path}: {length} bytes, expected a positive multiple of {Record} (CIFAR-10 records).");
    }

    private static int ReadFile(string path, byte[] images, int[] labels, int next)
    {
        using BufferedStream stream = new(OpenPlain(path), 1 << 16);
        for (int record = 0, label = stream.ReadByte(); label >= 0; record++, next++, label = stream.ReadByte())
        {
            if (label >= ClassNames.Count)
            {
                throw new InvalidDataException($"{path}: label {record} is {label}, expected 0 to 9.");
            }

            if (next == labels.Length ||
                stream.ReadAtLeast(images.AsSpan(next * Pixels, Pixels), Pixels, throwOnEndOfStream: false) < Pixels)
            {
                throw new InvalidDataException($"{path}: the file changed while it was read.");
            }

            labels[next] = label;
        }

        return next;
    }

    private static FileStream OpenPlain(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        if (file.CanSeek)
        {
            return file;
        }

        file.Dispose();
        throw new InvalidDataException($"{path}: expected a regular file.");
    }
}
