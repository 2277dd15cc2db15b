namespace MuxKernels;

/// <summary>
/// Squeeze-excite: <c>m = mean_{H,W} x</c>, <c>h = f(W₁m + b₁)</c>, <c>g = gate(W₂h + b₂)</c>, <c>y = x·g</c>, each image
/// by itself. Saved for the gradient: <c>[N, 2R + 2C]</c> floats, for each image <c>m</c> (C), <c>W₁m + b₁</c> (R),
/// <c>h</c> (R) and <c>W₂h + b₂</c> (C).
/// </summary>
public static partial class SqueezeExcite
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A squeeze-excite gate with <paramref name="reduced"/> hidden units.</summary>
        public Args(Shape x, int reduced, ActivationKind activation, ActivationKind gate = ActivationKind.Sigmoid)
        {
            Guard.Positive(x, nameof(SqueezeExcite));
            Guard.Positive(reduced, nameof(SqueezeExcite));
            Guard.That(Enum.IsDefined(activation), nameof(SqueezeExcite), $"unknown activation {(int)activation}.");
            Guard.That(gate is ActivationKind.Sigmoid or ActivationKind.HardSigmoid, nameof(SqueezeExcite),
                $"gate is {gate}, expected Sigmoid or HardSigmoid.");
            (X, Reduced, Activation, Gate) = (x, reduced, activation, gate);
            Guard.Positive(Saved, nameof(SqueezeExcite));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H, W]</c>.</summary>
        public Shape Y => X;

        /// <summary>Hidden units, R.</summary>
        public int Reduced { get; }

        /// <summary>The inner activation, f.</summary>
        public ActivationKind Activation { get; }

        /// <summary>The gate function.</summary>
        public ActivationKind Gate { get; }

        /// <summary>W₁, <c>[R, C, 1, 1]</c>.</summary>
        public Shape ReduceWeight => new(Reduced, X.C, 1, 1);

        /// <summary>b₁, <c>[R]</c>.</summary>
        public Shape ReduceBias => Shape.Vector(Reduced);

        /// <summary>W₂, <c>[C, R, 1, 1]</c>.</summary>
        public Shape ExpandWeight => new(X.C, Reduced, 1, 1);

        /// <summary>b₂, <c>[C]</c>.</summary>
        public Shape ExpandBias => Shape.Vector(X.C);

        /// <summary>What the forward pass saves, <c>[N, 2R + 2C]</c>.</summary>
        public Shape Saved => Shape.Matrix(X.N, checked(2 * Reduced + 2 * X.C));

        /// <summary>Multiply-adds of the two small matrix products (conv+linear rule).</summary>
        public long MultiplyAddsLinear => 2L * X.N * X.C * Reduced;

        /// <summary>Multiply-adds by the paper's rule: products, the gate's multiplication, one for each pooled channel.</summary>
        public long MultiplyAdds => MultiplyAddsLinear + X.Length + (long)X.N * X.C;

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 3 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X} R{Reduced} {Activation} {Gate}";
    }
}
