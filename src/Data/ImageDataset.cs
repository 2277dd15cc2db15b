namespace MuxKernels.Data;

/// <summary>
/// Labelled images of one size, as bytes <c>[count, channels, height, width]</c>, held in memory.
/// </summary>
public sealed class ImageDataset
{
    private readonly byte[] images;
    private readonly int[] labels;

    /// <summary>Takes over two arrays; the caller does not change them afterwards.</summary>
    /// <param name="images">Pixels, <c>[count, channels, height, width]</c>.</param>
    /// <param name="labels">One class number for each image, <c>0 … classNames.Count − 1</c>.</param>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="classNames">One name for each class.</param>
    /// <param name="source">Where the images come from; error messages name it.</param>
    /// <param name="licence">Licence text, empty if unknown.</param>
    /// <exception cref="ShapeException">A size below 1, or pixels that do not fill the images.</exception>
    /// <exception cref="InvalidDataException">A label without a class.</exception>
    public ImageDataset(byte[] images, int[] labels, int channels, int height, int width,
        IReadOnlyList<string> classNames, string source, string licence = "")
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(licence);
        Guard.Positive(channels, nameof(ImageDataset));
        Guard.Positive(height, nameof(ImageDataset));
        Guard.Positive(width, nameof(ImageDataset));
        Guard.Positive(classNames.Count, nameof(ImageDataset));
        Guard.That((Int128)labels.Length * channels * height * width == images.Length, nameof(ImageDataset),
            $"images has {images.Length} elements, expected {labels.Length} images of {channels}×{height}×{width}.");
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classNames.Count)
            {
                throw new InvalidDataException(
                    $"{source}: label {i} is {labels[i]}, expected 0 to {classNames.Count - 1}.");
            }
        }

        (this.images, this.labels) = (images, labels);
        (Channels, Height, Width) = (channels, height, width);
        (ClassNames, Source, Licence) = (classNames, source, licence);
    }

    /// <summary>Number of images.</summary>
    public int Count => labels.Length;

    /// <summary>Channels of an image.</summary>
    public int Channels { get; }

    /// <summary>Rows of an image.</summary>
    public int Height { get; }

    /// <summary>Columns of an image.</summary>
    public int Width { get; }

    /// <summary>One name for each class.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>Where the images come from.</summary>
    public string Source { get; }

    /// <summary>Licence text, empty if unknown.</summary>
    public string Licence { get; }

    /// <summary>Shape of one image, <c>[1, channels, height, width]</c>.</summary>
    public Shape ImageShape => new(1, Channels, Height, Width);

    /// <summary>Class number of every image.</summary>
    public ReadOnlySpan<int> Labels => labels;

    /// <summary>Pixels of all images, <c>[count, channels, height, width]</c>.</summary>
    public ReadOnlySpan<byte> Images => images;

    /// <summary>Pixels of one image, <c>[channels, height, width]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such image.</exception>
    public ReadOnlySpan<byte> Image(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int length = (int)ImageShape.Length;
        return images.AsSpan(index * length, length);
    }

    /// <summary>The first <paramref name="count"/> images as a data set of their own (a copy).</summary>
    /// <exception cref="ArgumentOutOfRangeException">More images than there are, or a negative number.</exception>
    public ImageDataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        int length = (int)ImageShape.Length;
        return new ImageDataset(images[..(count * length)], labels[..count], Channels, Height, Width, ClassNames,
            Source, Licence);
    }

    /// <summary>Number of images of each class.</summary>
    public int[] ClassCounts()
    {
        int[] counts = new int[Classes];
        foreach (int label in labels)
        {
            counts[label]++;
        }

        return counts;
    }
}
