namespace MuxKernels;

/// <summary>Fully connected layer, <c>y[n,o] = b[o] + Σᵢ w[o,i]·x[n,i]</c>.</summary>
public static partial class Linear
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A product of a batch of vectors with a matrix.</summary>
        public Args(int batch, int inputs, int outputs)
        {
            Guard.Positive(batch, nameof(Linear));
            Guard.Positive(inputs, nameof(Linear));
            Guard.Positive(outputs, nameof(Linear));
            (X, Y, Weight) = (Shape.Matrix(batch, inputs), Shape.Matrix(batch, outputs), Shape.Matrix(outputs, inputs));
            Guard.Positive(X, nameof(Linear));
            Guard.Positive(Y, nameof(Linear));
            Guard.Positive(Weight, nameof(Linear));
        }

        /// <summary>Input, <c>[N, I]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, O]</c>.</summary>
        public Shape Y { get; }

        /// <summary>Weight, <c>[O, I]</c>.</summary>
        public Shape Weight { get; }

        /// <summary>Bias, <c>[O]</c>.</summary>
        public Shape Bias => Shape.Vector(Y.C);

        /// <summary>Multiply-adds of one forward pass.</summary>
        public long MultiplyAdds => (long)X.N * Weight.Length;

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + Weight.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X} → {Y.C}";
    }
}
