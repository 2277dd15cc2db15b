namespace MuxKernels;

/// <summary>What a MuxConv does with a part that needs even rows and columns on a map that has not.</summary>
public enum OddMaps
{
    /// <summary>It is an error (the released code fails there).</summary>
    Error,

    /// <summary>The map is padded with zeros at the end to a multiple of r, the result is cropped back.</summary>
    Pad,

    /// <summary>That part is convolved without rearrangement.</summary>
    Plain,
}

/// <summary>
/// Spatial multiplexing (MUXConv, CVPR 2020): the channels are split into parts, part k with scale s_k is
/// convolved after space-to-channel (s &lt; 0, sub-pixel), as it is (s = 0) or after channel-to-space (s &gt; 0,
/// super-pixel) and rearranged back; the parts are concatenated in their order. Only the sign of a scale counts.
/// Padding is symmetric in the transformed domain. The weight is one block of memory: the parts' weights
/// <c>[t_k, g, k, k]</c> one after the other, with <c>t = r²c</c>, <c>c</c> or <c>c/r²</c> transformed channels.
/// </summary>
public static partial class MuxConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly partial record struct Args
    {
        private readonly PartTable parts;

        /// <summary>Geometry of a spatial multiplexing convolution.</summary>
        /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
        /// <param name="scales">One signed scale for each part.</param>
        /// <param name="kernels">One kernel size for all parts, or one for each.</param>
        /// <param name="channelsPerGroup">Channels that a convolution group mixes in the transformed domain, g;
        /// 1 (depthwise) is the released code's choice.</param>
        /// <param name="stride">Step along each axis of the transformed map.</param>
        /// <param name="dilation">Distance of neighbouring taps on the transformed map.</param>
        /// <param name="oddMaps">What to do where H or W is not a multiple of r.</param>
        /// <param name="factor">The spatial factor, r; 2 in the released code.</param>
        /// <param name="splitMultiple">Part widths are multiples of this; 1 is the released code's rule, r² lets every
        /// width have super-pixel parts (an extension).</param>
        /// <exception cref="ShapeException">A part that can't be rearranged or grouped; the message says
        /// which.</exception>
        public Args(Shape x, IntList scales, IntList kernels, int channelsPerGroup = 1, int stride = 1,
            int dilation = 1, OddMaps oddMaps = OddMaps.Error, int factor = 2, int splitMultiple = 1)
        {
            const string Name = nameof(MuxConv);
            Guard.Positive(x, Name);
            Guard.That(scales.Count > 0, Name, "scales is empty, expected one scale for each part.");
            Guard.That(kernels.Count == 1 || kernels.Count == scales.Count, Name,
                $"{kernels.Count} kernel sizes for {scales.Count} scales, expected 1 or {scales.Count}.");
            Guard.Positive(channelsPerGroup, Name);
            Guard.That(factor is >= 1 and <= 16, Name, $"factor is {factor}, expected 1 … 16.");
            (X, Scales, Kernels, ChannelsPerGroup, Stride, Dilation, OddMaps, Factor) =
                (x, scales, kernels, channelsPerGroup, stride, dilation, oddMaps, factor);
            Channels = ChannelParts.Split(x.C, scales.Count, splitMultiple);
            MuxPart[] built = new MuxPart[scales.Count];
            (int first, long weights) = (0, 0);
            for (int part = 0; part < built.Length; part++)
            {
                Guard.That(weights <= Guard.MaxLength, Name, $"{weights} weights, at most {Guard.MaxLength}.");
                MuxPart p = built[part] = Describe(part, first, (int)weights);
                Guard.That(p.Transformed.C % channelsPerGroup == 0, Name,
                    $"part {part} has {p.Transformed.C} transformed channels, expected a multiple of "
                    + $"{channelsPerGroup} channels a group.");
                Guard.That(p.Y.H == built[0].Y.H && p.Y.W == built[0].Y.W, Name,
                    $"part {part} gives a {p.Y.H}×{p.Y.W} map, part 0 {built[0].Y.H}×{built[0].Y.W}; "
                    + "expected equal maps.");
                first += p.Channels;
                weights += p.Weight.Length;
            }

            Guard.That(weights <= Guard.MaxLength, Name, $"{weights} weights, at most {Guard.MaxLength}.");
            parts = new PartTable(built);
            WeightLength = (int)weights;
            Y = new Shape(x.N, x.C, built[0].Y.H, built[0].Y.W);
            Guard.Positive(Y, Name);
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H', W']</c>.</summary>
        public Shape Y { get; }

        /// <summary>Signed scale of each part.</summary>
        public IntList Scales { get; }

        /// <summary>One kernel size, or one for each part.</summary>
        public IntList Kernels { get; }

        /// <summary>Channels of each part.</summary>
        public IntList Channels { get; }

        /// <summary>Channels that a convolution group mixes in the transformed domain, g.</summary>
        public int ChannelsPerGroup { get; }

        /// <summary>Step along each axis of the transformed map.</summary>
        public int Stride { get; }

        /// <summary>Distance of neighbouring taps on the transformed map.</summary>
        public int Dilation { get; }

        /// <summary>What to do where H or W is not a multiple of r.</summary>
        public OddMaps OddMaps { get; }

        /// <summary>The spatial factor, r.</summary>
        public int Factor { get; }

        /// <summary>Elements of all parts' weights.</summary>
        public int WeightLength { get; }

        /// <summary>All parts' weights one after the other.</summary>
        public Shape Weight => Shape.Vector(WeightLength);

        /// <summary>Multiply-adds of one forward pass.</summary>
        public long MultiplyAdds
        {
            get
            {
                long sum = 0;
                for (int part = 0; part < Scales.Count; part++)
                {
                    MuxPart p = Part(part);
                    sum += p.Weight.Length * p.Window.OutHeight * p.Window.OutWidth * X.N;
                }

                return sum;
            }
        }

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + WeightLength);

        /// <summary>Geometry of one part.</summary>
        public MuxPart Part(int part) => parts.Items[part];

        /// <inheritdoc/>
        public override string ToString() => $"{X} scales {Scales} k{Kernels} s{Stride}"
            + (ChannelsPerGroup == 1 ? "" : $" g{ChannelsPerGroup}") + (Dilation == 1 ? "" : $" d{Dilation}")
            + (OddMaps == OddMaps.Error ? "" : $" {OddMaps}") + (Factor == 2 ? "" : $" r{Factor}");

        private MuxPart Describe(int part, int first, int weight)
        {
            const string Name = nameof(MuxConv);
            int r = Factor, scale = Math.Sign(Scales[part]);
            int channels = Channels[part];
            bool odd = X.H % r != 0 || X.W % r != 0;
            int padH = 0, padW = 0;
            if (scale < 0 && odd)
            {
                Guard.That(OddMaps != OddMaps.Error, Name,
                    $"part {part} is sub-pixel and needs rows and columns that are multiples of {r}, got "
                    + $"{X.H}×{X.W}; choose OddMaps.Pad or OddMaps.Plain to allow this map.");
                if (OddMaps == OddMaps.Plain)
                {
                    scale = 0;
                }
                else
                {
                    (padH, padW) = ((r - X.H % r) % r, (r - X.W % r) % r);
                }
            }

            Guard.That(scale <= 0 || channels % (r * r) == 0, Name,
                $"part {part} is super-pixel and has {channels} channels, expected a multiple of {r * r}.");
            Shape t = scale switch
            {
                < 0 => new Shape(X.N, channels * r * r, (X.H + padH) / r, (X.W + padW) / r),
                0 => new Shape(X.N, channels, X.H, X.W),
                _ => new Shape(X.N, channels / (r * r), checked(X.H * r), checked(X.W * r)),
            };
            int kernel = Kernels.Count == 1 ? Kernels[0] : Kernels[part];
            Window window = new(t.H, t.W, kernel, Stride, Dilation, default, Name);
            (int h, int w) = (window.OutHeight, window.OutWidth);
            Guard.That(scale <= 0 || (h % r == 0 && w % r == 0), Name,
                $"part {part} is super-pixel and its convolution gives a {h}×{w} map, expected multiples of {r}.");
            Shape y = scale switch
            {
                < 0 when padH + padW > 0 => Cropped(channels, kernel, h * r, w * r),
                < 0 => new Shape(X.N, channels, h * r, w * r),
                0 => new Shape(X.N, channels, h, w),
                _ => new Shape(X.N, channels, h / r, w / r),
            };
            return new MuxPart(part, scale, first, channels, weight, t, window, y, ChannelsPerGroup);
        }

        /// <summary>A padded part is cropped to the map that the plain convolution gives.</summary>
        private Shape Cropped(int channels, int kernel, int height, int width)
        {
            Window plain = new(X.H, X.W, kernel, Stride, Dilation, default, nameof(MuxConv));
            return new Shape(X.N, channels, Math.Min(height, plain.OutHeight), Math.Min(width, plain.OutWidth));
        }

        /// <summary>All parts, computed once. They follow from the other values, so they never make a
        /// difference.</summary>
        private readonly struct PartTable(MuxPart[] items) : IEquatable<PartTable>
        {
            public MuxPart[] Items { get; } = items;

            public bool Equals(PartTable other) => true;

            public override bool Equals(object? obj) => obj is PartTable;

            public override int GetHashCode() => 0;
        }
    }

    /// <summary>One part of a MuxConv.</summary>
    /// <param name="Index">Its place among the parts.</param>
    /// <param name="Scale">−1 sub-pixel, 0 plain, +1 super-pixel (after <see cref="OddMaps"/>).</param>
    /// <param name="FirstChannel">Its first channel in x and y.</param>
    /// <param name="Channels">Its channels in x and y.</param>
    /// <param name="WeightOffset">Where its weight starts.</param>
    /// <param name="Transformed">Shape of the rearranged input (padded to a multiple of r where asked for).</param>
    /// <param name="Window">The convolution's window on the rearranged map.</param>
    /// <param name="Y">Shape of its output.</param>
    /// <param name="ChannelsPerGroup">Channels of a convolution group.</param>
    public readonly record struct MuxPart(int Index, int Scale, int FirstChannel, int Channels, int WeightOffset,
        Shape Transformed, Window Window, Shape Y, int ChannelsPerGroup)
    {
        /// <summary>Weight, <c>[t, g, k, k]</c>.</summary>
        public Shape Weight => new(Transformed.C, ChannelsPerGroup, Window.Kernel, Window.Kernel);

        /// <summary>The map that the convolution reads, of one image.</summary>
        internal Shape InputMap => Transformed with { N = 1 };

        /// <summary>The map that the convolution writes, of one image.</summary>
        internal Shape OutputMap => new(1, Transformed.C, Window.OutHeight, Window.OutWidth);

        internal ReadOnlySpan<float> WeightOf(ReadOnlySpan<float> w) => w.Slice(WeightOffset, (int)Weight.Length);
    }
}
