namespace MuxKernels;

/// <summary>
/// The end of a split–process–shuffle block in one pass: <c>y = SH_G([f + a; b])</c> where a is the leading channels of
/// the block's input x, b the channels it left out, and f the processed a (<c>f + a</c> only with the residual).
/// Gradients: <c>df</c> is the processed run of the unshuffled dy; <c>dx</c> has the same values in front (with the
/// residual; else zero) and the rest of the unshuffled dy behind.
/// </summary>
public static partial class MuxJoin
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of the join of the processed leading <paramref name="processed"/> channels of x.</summary>
        /// <exception cref="ShapeException">More processed channels than x has, or C no multiple of G.</exception>
        public Args(Shape x, int processed, int groups, bool residual)
        {
            Guard.Positive(x, nameof(MuxJoin));
            Guard.Positive(processed, nameof(MuxJoin));
            Guard.Positive(groups, nameof(MuxJoin));
            Guard.That(processed <= x.C, nameof(MuxJoin), $"{processed} processed channels of x with shape {x}.");
            Guard.That(x.C % groups == 0, nameof(MuxJoin),
                $"x has shape {x}, expected channels that are a multiple of groups = {groups}.");
            (X, Groups, Residual, Processed) = (x, groups, residual, x with { C = processed });
        }

        /// <summary>The block's input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H, W]</c>.</summary>
        public Shape Y => X;

        /// <summary>The processed channels, <c>[N, pC, H, W]</c>.</summary>
        public Shape Processed { get; }

        /// <summary>Number of shuffle groups, G.</summary>
        public int Groups { get; }

        /// <summary>Whether a is added to f.</summary>
        public bool Residual { get; }

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (2 * X.Length + (Residual ? Processed.Length : 0));

        /// <inheritdoc/>
        public override string ToString() => $"{X} p{Processed.C} G{Groups}{(Residual ? " +a" : "")}";
    }
}
