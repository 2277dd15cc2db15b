using System.Buffers.Binary;

namespace MuxKernels.Data;

/// <summary>
/// Reader of IDX files (MNIST, Fashion-MNIST and their kin): big-endian magic number <c>0x0000TTDD</c> (type and number
/// of axes), one 32-bit length for each axis, then the elements. Images are unsigned bytes with three axes
/// <c>[count, height, width]</c> or four, <c>[count, channels, height, width]</c>; labels have one. Plain or gzip.
/// </summary>
public static class Idx
{
    private const uint Labels = 0x0801, Gray = 0x0803, Colour = 0x0804;

    /// <summary>Reads a pair of files.</summary>
    /// <param name="imagesPath">Images, plain or gzip.</param>
    /// <param name="labelsPath">Labels, plain or gzip.</param>
    /// <param name="classNames">Class names; null for the numbers 0 to the largest label.</param>
    /// <param name="licence">Licence text, empty if unknown.</param>
    /// <exception cref="InvalidDataException">A file that is not IDX, is cut off or too long, has no images, a label
    /// without a class, or another number of labels than images.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static ImageDataset Read(string imagesPath, string labelsPath, IReadOnlyList<string>? classNames = null,
        string licence = "")
    {
        ArgumentNullException.ThrowIfNull(imagesPath);
        ArgumentNullException.ThrowIfNull(labelsPath);
        using Stream images = CheckedStream.OpenFile(imagesPath), labels = CheckedStream.OpenFile(labelsPath);
        return Read(images, imagesPath, labels, labelsPath, classNames, imagesPath, licence);
    }

    /// <summary>
    /// Reads one half of a folder in MNIST's naming: <c>train-images-idx3-ubyte</c> and <c>train-labels-idx1-ubyte</c>,
    /// or <c>t10k-…</c>; with or without <c>.gz</c>, also with a dot before <c>idx</c>.
    /// </summary>
    /// <param name="folder">Folder of the four files.</param>
    /// <param name="train">Training images, or the test images.</param>
    /// <param name="classNames">Class names; null for numbers.</param>
    /// <exception cref="FileNotFoundException">The folder lacks a file.</exception>
    /// <exception cref="InvalidDataException">See <see cref="Read(string, string, IReadOnlyList{string}?, string)"/>.
    /// </exception>
    public static ImageDataset ReadFolder(string folder, bool train, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string part = train ? "train" : "t10k";
        return Read(Find(folder, $"{part}-images", "idx3-ubyte"), Find(folder, $"{part}-labels", "idx1-ubyte"),
            classNames);
    }

    /// <summary>Reads a pair of streams of plain IDX data.</summary>
    internal static ImageDataset Read(Stream images, string imagesName, Stream labels, string labelsName,
        IReadOnlyList<string>? classNames, string source, string licence)
    {
        CheckedStream checkedImages = new(images, imagesName), checkedLabels = new(labels, labelsName);
        (byte[] pixels, Shape shape) = ReadImages(checkedImages);
        int[] classes = ReadLabels(checkedLabels, shape.N, imagesName);
        int largest = classes.Max();
        if (classNames is not null && largest >= classNames.Count)
        {
            int at = Array.FindIndex(classes, label => label >= classNames.Count);
            checkedLabels.Fail($"label {at} is {classes[at]}, expected 0 to {classNames.Count - 1}");
        }

        classNames ??= [.. Enumerable.Range(0, largest + 1).Select(i => $"{i}")];
        return new ImageDataset(pixels, classes, shape.C, shape.H, shape.W, classNames, source, licence);
    }

    private static (byte[] Pixels, Shape Shape) ReadImages(CheckedStream file)
    {
        uint magic = ReadUInt32(file, "magic number");
        if (magic is not (Gray or Colour))
        {
            file.Fail($"magic number is 0x{magic:X8}, expected 0x{Gray:X8} or 0x{Colour:X8} (IDX images of bytes)");
        }

        uint n = ReadUInt32(file, "number of images");
        uint c = magic == Colour ? ReadUInt32(file, "number of channels") : 1;
        uint h = ReadUInt32(file, "image height"), w = ReadUInt32(file, "image width");
        UInt128 length = (UInt128)n * c * h * w;
        if (length == 0 || length > (UInt128)Array.MaxLength)
        {
            file.Fail($"the header says {n} images of {c}×{h}×{w}, expected 1 to {Array.MaxLength} bytes in all");
        }

        byte[] pixels = file.ReadExactly((long)length, $"{n} images of {c}×{h}×{w}");
        file.ExpectEnd($"{n} images of {c}×{h}×{w}");
        return (pixels, new Shape((int)n, (int)c, (int)h, (int)w));
    }

    private static int[] ReadLabels(CheckedStream file, int images, string imagesName)
    {
        uint magic = ReadUInt32(file, "magic number");
        if (magic != Labels)
        {
            file.Fail($"magic number is 0x{magic:X8}, expected 0x{Labels:X8} (IDX labels of bytes)");
        }

        uint count = ReadUInt32(file, "number of labels");
        if (count != images)
        {
            file.Fail($"{count} labels, expected {images}, the number of images in {imagesName}");
        }

        byte[] labels = file.ReadExactly(count, $"{count} labels");
        file.ExpectEnd($"{count} labels");
        return Array.ConvertAll(labels, label => (int)label);
    }

    private static uint ReadUInt32(CheckedStream file, string what) =>
        BinaryPrimitives.ReadUInt32BigEndian(file.ReadExactly(4, what));

    private static string Find(string folder, string stem, string suffix)
    {
        string[] candidates = [$"{stem}-{suffix}.gz", $"{stem}-{suffix}", $"{stem}.{suffix}.gz", $"{stem}.{suffix}"];
        string? name = Array.Find(candidates, candidate => File.Exists(Path.Combine(folder, candidate)));
        return name is null
            ? throw new FileNotFoundException($"{folder}: expected a file {string.Join(" or ", candidates)}.")
            : Path.Combine(folder, name);
    }
}
