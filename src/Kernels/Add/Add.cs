namespace MuxKernels;

/// <summary>Elementwise sum of two maps of one shape, <c>y = a + b</c> (residual connections).</summary>
public static partial class Add
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A sum of two tensors.</summary>
        /// <exception cref="ShapeException">Shapes that differ.</exception>
        public Args(Shape a, Shape b)
        {
            Guard.Positive(a, nameof(Add));
            Guard.That(a == b, nameof(Add), $"a has shape {a}, b {b}; expected equal shapes.");
            X = a;
        }

        /// <summary>Both operands.</summary>
        public Shape X { get; }

        /// <summary>Output.</summary>
        public Shape Y => X;

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 3 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X}";
    }
}
