namespace MuxKernels;

/// <summary>Takes a run of channels: <c>y[n,c,p] = x[n,first+c,p]</c>. Its gradient is dy in that run of
/// dx, zero elsewhere.</summary>
public static partial class ChannelSlice
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of channels <paramref name="first"/> … <paramref name="first"/> + count − 1.</summary>
        /// <exception cref="ShapeException">Channels that x has not.</exception>
        public Args(Shape x, int first, int count)
        {
            Guard.Positive(x, nameof(ChannelSlice));
            Guard.Positive(count, nameof(ChannelSlice));
            Guard.That(first >= 0 && first <= x.C - count, nameof(ChannelSlice),
                $"channels {first} … {(long)first + count - 1} of x with shape {x}.");
            (X, First, Y) = (x, first, x with { C = count });
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, count, H, W]</c>.</summary>
        public Shape Y { get; }

        /// <summary>First channel taken.</summary>
        public int First { get; }

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 2 * sizeof(float) * Y.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X} [{First}..{First + Y.C})";
    }
}
