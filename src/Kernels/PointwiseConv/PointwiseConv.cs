namespace MuxKernels;

/// <summary>1×1 convolution, <c>y[n,o,p] = b[o] + Σᵢ w[o,i]·x[n,i,p]</c>, NCHW.</summary>
public static partial class PointwiseConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of a 1×1 convolution of <paramref name="x"/> to <paramref name="outChannels"/>.</summary>
        /// <exception cref="ShapeException">An axis below 1, or too many elements.</exception>
        public Args(Shape x, int outChannels)
        {
            Guard.Positive(x, nameof(PointwiseConv));
            Guard.Positive(outChannels, nameof(PointwiseConv));
            (X, Y) = (x, x with { C = outChannels });
            Guard.Positive(Y, nameof(PointwiseConv));
            Guard.Positive(Weight, nameof(PointwiseConv));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, O, H, W]</c>.</summary>
        public Shape Y { get; }

        /// <summary>Weight, <c>[O, C, 1, 1]</c>.</summary>
        public Shape Weight => new(Y.C, X.C, 1, 1);

        /// <summary>Bias, <c>[O]</c>.</summary>
        public Shape Bias => Shape.Vector(Y.C);

        /// <summary>Floats of scratch memory that <c>BackwardWeight</c> needs (partial sums); the other
        /// kernels need none.</summary>
        /// <exception cref="ShapeException">More than a span can have.</exception>
        public int ScratchLength
        {
            get
            {
                long length = X.Pixels == 1 ? 0 : Plan.ScratchLength;
                Guard.That(length <= Guard.MaxLength, nameof(PointwiseConv),
                    $"{length} floats of scratch, at most {Guard.MaxLength}.");
                return (int)length;
            }
        }

        /// <summary>Multiply-adds of one forward pass.</summary>
        public long MultiplyAdds => Y.Length * X.C;

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + Weight.Length);

        internal GradientPlan Plan => new(X.N, X.Pixels, Y.C, X.C, inPlace: true);

        /// <inheritdoc/>
        public override string ToString() => $"{X} → {Y.C}";
    }
}
