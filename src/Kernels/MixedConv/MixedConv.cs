namespace MuxKernels;

/// <summary>
/// Mixed-kernel convolution: the channels are split (<see cref="ChannelParts"/>) over a list of kernel sizes, each part
/// is convolved with its own size and its own padding, the parts are concatenated. Depthwise by default; with
/// <c>channelsPerGroup</c> g, groups of g channels. The weight is one block of memory: the parts' weights
/// <c>[c_k, g, k, k]</c> one after the other.
/// </summary>
public static partial class MixedConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly partial record struct Args
    {
        /// <summary>Geometry of a mixed-kernel convolution.</summary>
        /// <exception cref="ShapeException">Parts that do not fit, or sizes whose outputs differ.</exception>
        public Args(Shape x, IntList kernels, int channelsPerGroup = 1, int stride = 1, int dilation = 1,
            Padding padding = default)
        {
            Guard.Positive(x, nameof(MixedConv));
            Guard.Positive(channelsPerGroup, nameof(MixedConv));
            Guard.That(kernels.Count > 0, nameof(MixedConv), "kernels is empty, expected at least one size.");
            (X, Kernels, ChannelsPerGroup, Stride, Dilation, Padding) =
                (x, kernels, channelsPerGroup, stride, dilation, padding);
            Channels = ChannelParts.Split(x.C, kernels.Count);
            Window first = new(x.H, x.W, kernels[0], stride, dilation, padding, nameof(MixedConv));
            long weights = 0;
            for (int k = 0; k < kernels.Count; k++)
            {
                Window window = new(x.H, x.W, kernels[k], stride, dilation, padding, nameof(MixedConv));
                Guard.That(window.OutHeight == first.OutHeight && window.OutWidth == first.OutWidth, nameof(MixedConv),
                    $"kernel {kernels[k]} gives a {window.OutHeight}×{window.OutWidth} map, kernel {kernels[0]} "
                    + $"{first.OutHeight}×{first.OutWidth}; expected equal maps.");
                Guard.That(Channels[k] % channelsPerGroup == 0, nameof(MixedConv),
                    $"part {k} has {Channels[k]} channels, expected a multiple of {channelsPerGroup} channels a "
                    + "group.");
                weights += (long)Channels[k] * channelsPerGroup * window.Taps;
            }

            Guard.That(weights <= Guard.MaxLength, nameof(MixedConv), $"{weights} weights, at most {Guard.MaxLength}.");
            WeightLength = (int)weights;
            Y = new Shape(x.N, x.C, first.OutHeight, first.OutWidth);
            Guard.Positive(Y, nameof(MixedConv));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H', W']</c>.</summary>
        public Shape Y { get; }

        /// <summary>Kernel size of each part.</summary>
        public IntList Kernels { get; }

        /// <summary>Channels of each part.</summary>
        public IntList Channels { get; }

        /// <summary>Channels that a convolution group mixes, g; 1 is depthwise.</summary>
        public int ChannelsPerGroup { get; }

        /// <summary>Step along each axis.</summary>
        public int Stride { get; }

        /// <summary>Distance of neighbouring taps.</summary>
        public int Dilation { get; }

        /// <summary>Zero padding, each kernel size's own.</summary>
        public Padding Padding { get; }

        /// <summary>Elements of all parts' weights.</summary>
        public int WeightLength { get; }

        /// <summary>All parts' weights one after the other.</summary>
        public Shape Weight => Shape.Vector(WeightLength);

        /// <summary>Multiply-adds of one forward pass.</summary>
        public long MultiplyAdds => (long)WeightLength * X.N * Y.Pixels;

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + WeightLength);

        /// <summary>Weight of part k, <c>[c_k, g, k, k]</c>.</summary>
        public Shape PartWeight(int part) => new(Channels[part], ChannelsPerGroup, Kernels[part], Kernels[part]);

        /// <summary>Window of part k.</summary>
        public Window PartWindow(int part) =>
            new(X.H, X.W, Kernels[part], Stride, Dilation, Padding, nameof(MixedConv));

        /// <inheritdoc/>
        public override string ToString() => $"{X} k{Kernels} s{Stride}"
            + (ChannelsPerGroup == 1 ? "" : $" g{ChannelsPerGroup}") + (Dilation == 1 ? "" : $" d{Dilation}")
            + (Padding == default ? "" : $" pad {Padding}");
    }
}
