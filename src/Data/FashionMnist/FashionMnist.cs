using System.IO.Compression;

namespace MuxKernels.Data;

/// <summary>
/// The embedded part of Fashion-MNIST (Zalando SE, MIT licence): 28×28 grey images of ten kinds of clothing, 1,600 of
/// each class for training and 200 of each for test, the first of each class in the order of the original files.
/// </summary>
public static class FashionMnist
{
    private const string Folder = "MuxKernels.Data.FashionMnist/";

    private static readonly Lazy<ImageDataset> TrainLazy = new(() => Decode("train"));
    private static readonly Lazy<ImageDataset> TestLazy = new(() => Decode("t10k"));

    /// <summary>Names of the ten classes.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
    [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ];

    /// <summary>16,000 training images, decoded at first use.</summary>
    public static ImageDataset Train => TrainLazy.Value;

    /// <summary>2,000 test images, decoded at first use.</summary>
    public static ImageDataset Test => TestLazy.Value;

    private static ImageDataset Decode(string part)
    {
        string images = $"{part}-images-idx3-ubyte.gz", labels = $"{part}-labels-idx1-ubyte.gz";
        using StreamReader licence = new(Open("LICENSE.txt"));
        using GZipStream imageStream = new(Open(images), CompressionMode.Decompress);
        using GZipStream labelStream = new(Open(labels), CompressionMode.Decompress);
        return Idx.Read(imageStream, images, labelStream, labels, ClassNames,
            "Fashion-MNIST, embedded subset (https://github.com/zalandoresearch/fashion-mnist)", licence.ReadToEnd());
    }

    private static Stream Open(string name) =>
        typeof(FashionMnist).Assembly.GetManifestResourceStream(Folder + name)
        ?? throw new FileNotFoundException($"The library lacks its embedded file {Folder}{name}.");
}
