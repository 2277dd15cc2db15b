using MuxKernels.Data;

namespace MuxKernels.Cli;

/// <summary>Images for training and evaluation: the embedded ones, or a folder of IDX or CIFAR-10 files.</summary>
internal static class DataSets
{
    /// <summary>What <c>--data</c> says in a command's help.</summary>
    public const string Help = "Folder of IDX files (train-images-idx3-ubyte …, plain or gzip) or of CIFAR-10's binary "
        + "files; without it the embedded part of Fashion-MNIST.";

    /// <summary>One half of the data.</summary>
    /// <exception cref="IOException">A folder without such files.</exception>
    /// <exception cref="InvalidDataException">A file that can't be read; the message names it.</exception>
    public static ImageDataset Open(string? folder, bool train)
    {
        if (folder is null)
        {
            return train ? FashionMnist.Train : FashionMnist.Test;
        }

        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder}: there is no such folder, expected IDX or CIFAR-10 files.");
        }

        return Directory.EnumerateFiles(folder, "*.bin").Any()
            ? Cifar10.ReadFolder(folder, train)
            : Idx.ReadFolder(folder, train);
    }

    /// <summary>An IDX file of images, with its labels under the same name beside it.</summary>
    /// <exception cref="IOException">One of the two files can't be read.</exception>
    public static ImageDataset OpenPair(string images) => Idx.Read(images, Path.Combine(
        Path.GetDirectoryName(images) ?? "", Path.GetFileName(images).Replace("images", "labels",
            StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal)));

    /// <summary>The first images, all of them where <paramref name="limit"/> is 0.</summary>
    public static ImageDataset Limit(ImageDataset data, int limit, string option)
    {
        if (limit < 0)
        {
            throw new UsageException($"{option} is {limit}, expected at least 1 (or 0 for all images).");
        }

        return limit == 0 || limit >= data.Count ? data : data.Take(limit);
    }
}
