namespace MuxKernels;

/// <summary>Global average pool, <c>y[n,c] = 1/(H·W)·Σ_p x[n,c,p]</c>.</summary>
public static partial class GlobalAveragePool
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A pool over the maps of x.</summary>
        public Args(Shape x)
        {
            Guard.Positive(x, nameof(GlobalAveragePool));
            X = x;
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C]</c>.</summary>
        public Shape Y => Shape.Matrix(X.N, X.C);

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X}";
    }
}
