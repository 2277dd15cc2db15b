namespace MuxKernels;

/// <summary>Channel to space by r (DCR order, ONNX DepthToSpace mode DCR), with <c>C' = C/r²</c>:
/// <c>y[n,c,h·r+i,w·r+j] = x[n,(i·r+j)·C'+c,h,w]</c>. Its gradient is <see cref="SpaceToChannel"/> and back.</summary>
public static partial class ChannelToSpace
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of a rearrangement of <paramref name="x"/> by <paramref name="factor"/>.</summary>
        /// <exception cref="ShapeException">C is no multiple of r².</exception>
        public Args(Shape x, int factor = 2)
        {
            Guard.Positive(x, nameof(ChannelToSpace));
            Guard.Positive(factor, nameof(ChannelToSpace));
            Guard.That(x.C % ((long)factor * factor) == 0, nameof(ChannelToSpace),
                $"x has shape {x}, expected channels that are a multiple of {(long)factor * factor}.");
            (X, Factor, Y) = (x, factor,
                new Shape(x.N, x.C / (factor * factor), checked(x.H * factor), checked(x.W * factor)));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C/r², rH, rW]</c>.</summary>
        public Shape Y { get; }

        /// <summary>The factor, r.</summary>
        public int Factor { get; }

        /// <summary>The rearrangement that undoes this one.</summary>
        public SpaceToChannel.Args Inverse => new(Y, Factor);

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X} r{Factor}";
    }
}
