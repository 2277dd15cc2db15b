namespace MuxKernels;

/// <summary>Concatenates two maps along the channels: <c>y = [a; b]</c>. Longer lists are concatenated
/// pairwise.</summary>
public static partial class ChannelConcat
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of <c>[a; b]</c>.</summary>
        /// <exception cref="ShapeException">Batches or maps that differ.</exception>
        public Args(Shape a, Shape b)
        {
            Guard.Positive(a, nameof(ChannelConcat));
            Guard.Positive(b, nameof(ChannelConcat));
            Guard.That(a.N == b.N && a.H == b.H && a.W == b.W, nameof(ChannelConcat),
                $"a has shape {a}, b {b}; expected equal batches and maps.");
            (A, B, Y) = (a, b, a with { C = checked(a.C + b.C) });
            Guard.Positive(Y, nameof(ChannelConcat));
        }

        /// <summary>First operand, <c>[N, A, H, W]</c>.</summary>
        public Shape A { get; }

        /// <summary>Second operand, <c>[N, B, H, W]</c>.</summary>
        public Shape B { get; }

        /// <summary>Output, <c>[N, A + B, H, W]</c>.</summary>
        public Shape Y { get; }

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 2 * sizeof(float) * Y.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{A} + {B}";
    }
}
