namespace MuxKernels;

/// <summary>Channel shuffle, <c>y[n,k·G+q,p] = x[n,q·(C/G)+k,p]</c>. Its gradient is the shuffle with C/G
/// groups.</summary>
public static partial class ChannelShuffle
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of a shuffle with <paramref name="groups"/> groups.</summary>
        /// <exception cref="ShapeException">C is no multiple of G.</exception>
        public Args(Shape x, int groups)
        {
            Guard.Positive(x, nameof(ChannelShuffle));
            Guard.Positive(groups, nameof(ChannelShuffle));
            Guard.That(x.C % groups == 0, nameof(ChannelShuffle),
                $"x has shape {x}, expected channels that are a multiple of groups = {groups}.");
            (X, Groups) = (x, groups);
        }

        /// <summary>Input and output, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H, W]</c>.</summary>
        public Shape Y => X;

        /// <summary>Number of groups, G.</summary>
        public int Groups { get; }

        /// <summary>The shuffle that undoes this one.</summary>
        public Args Inverse => new(X, X.C / Groups);

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 2 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X} G{Groups}";
    }
}
