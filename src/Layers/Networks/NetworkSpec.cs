namespace MuxKernels.Layers;

/// <summary>
/// A whole network as data: what <see cref="BlockGrammar"/> and <see cref="NetworkJson"/> read and write.
/// </summary>
public sealed record NetworkSpec
{
    /// <summary>Most blocks that a network may have.</summary>
    public const int MaxBlocks = 4096;

    /// <summary>Name, for messages and files.</summary>
    public required string Name { get; init; }

    /// <summary>Rows of blocks.</summary>
    public required IReadOnlyList<BlockSpec> Blocks { get; init; }

    /// <summary>Width of the stem convolution.</summary>
    public required int StemChannels { get; init; }

    /// <summary>Stride of the stem convolution.</summary>
    public int StemStride { get; init; } = 2;

    /// <summary>Width of the head convolution.</summary>
    public required int HeadChannels { get; init; }

    /// <summary>Channels of the image.</summary>
    public int ImageChannels { get; init; } = 3;

    /// <summary>Number of classes.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Activation of stem and head.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Swish;

    /// <summary>Dropout before the classifier, in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Drop-connect of the last block; grows linearly from 0.</summary>
    public double DropConnect { get; init; }

    /// <summary>Batch-norm numbers.</summary>
    public NormNumbers Norm { get; init; } = new();

    /// <summary>Whether the architecture was derived by this project and is not the paper authors' network.</summary>
    public bool IsDerived { get; init; }

    /// <summary>Usual side length of the image.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>The network with widths and depths multiplied: widths are rounded to multiples of 8 (never down by more
    /// than 10 %), repeats are rounded up.</summary>
    public NetworkSpec Scaled(double width, double depth)
    {
        if (!(width > 0 && depth > 0))
        {
            throw new ArgumentException($"Multipliers are {width} and {depth}, expected positive numbers.");
        }

        return this with
        {
            StemChannels = RoundWidth(StemChannels * width),
            HeadChannels = Math.Max(HeadChannels, RoundWidth(HeadChannels * width)),
            Blocks = [.. Blocks.Select(b => b with
            {
                Channels = RoundWidth(b.Channels * width),
                Repeats = (int)Math.Ceiling(b.Repeats * depth),
            })],
        };
    }

    private static int RoundWidth(double width)
    {
        int rounded = Math.Max(8, (int)(width + 4) / 8 * 8);
        return rounded < 0.9 * width ? rounded + 8 : rounded;
    }
}
