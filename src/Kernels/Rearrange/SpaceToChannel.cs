namespace MuxKernels;

/// <summary>Space to channel by r (DCR order, ONNX SpaceToDepth):
/// <c>y[n,(i·r+j)·C+c,h,w] = x[n,c,h·r+i,w·r+j]</c>. Its gradient is <see cref="ChannelToSpace"/> and back.</summary>
public static partial class SpaceToChannel
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of a rearrangement of <paramref name="x"/> by <paramref name="factor"/>.</summary>
        /// <exception cref="ShapeException">H or W is no multiple of r.</exception>
        public Args(Shape x, int factor = 2)
        {
            Guard.Positive(x, nameof(SpaceToChannel));
            Guard.Positive(factor, nameof(SpaceToChannel));
            Guard.That(x.H % factor == 0 && x.W % factor == 0, nameof(SpaceToChannel),
                $"x has shape {x}, expected rows and columns that are multiples of {factor}.");
            (X, Factor, Y) = (x, factor, new Shape(x.N, checked(x.C * factor * factor), x.H / factor, x.W / factor));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, r²C, H/r, W/r]</c>.</summary>
        public Shape Y { get; }

        /// <summary>The factor, r.</summary>
        public int Factor { get; }

        /// <summary>The rearrangement that undoes this one.</summary>
        public ChannelToSpace.Args Inverse => new(Y, Factor);

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X} r{Factor}";
    }
}
