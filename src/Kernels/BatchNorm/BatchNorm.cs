namespace MuxKernels;

/// <summary>
/// Batch normalisation over <c>N, H, W</c> followed by an activation f:
/// <c>y = f(γ_c·(x − μ_c)/√(σ²_c + ε) + β_c)</c>. Training uses the batch's mean and biased variance and updates
/// <c>running ← (1 − m)·running + m·batch</c> with the unbiased variance; evaluation uses the running statistics.
/// </summary>
public static partial class BatchNorm
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A normalisation of the channels of x.</summary>
        public Args(Shape x, ActivationKind activation = ActivationKind.None, float epsilon = 1e-5f,
            float momentum = 0.1f)
        {
            Guard.Positive(x, nameof(BatchNorm));
            Guard.That(epsilon > 0 && float.IsFinite(epsilon), nameof(BatchNorm),
                $"epsilon is {epsilon}, expected a positive number.");
            Guard.That(momentum is >= 0 and <= 1, nameof(BatchNorm), $"momentum is {momentum}, expected 0 … 1.");
            Guard.That(Enum.IsDefined(activation), nameof(BatchNorm), $"unknown activation {(int)activation}.");
            (X, Activation, Epsilon, Momentum) = (x, activation, epsilon, momentum);
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H, W]</c>.</summary>
        public Shape Y => X;

        /// <summary>Scale, shift, mean and variance, <c>[C]</c> each.</summary>
        public Shape Channel => Shape.Vector(X.C);

        /// <summary>Activation applied after the normalisation.</summary>
        public ActivationKind Activation { get; }

        /// <summary>ε, added to the variance.</summary>
        public float Epsilon { get; }

        /// <summary>m, the weight of the batch in the running statistics.</summary>
        public float Momentum { get; }

        /// <summary>Values of one channel, <c>N·H·W</c>.</summary>
        public int Count => X.N * X.Pixels;

        /// <summary>Bytes read and written by the evaluation form.</summary>
        public long BytesMoved => 2 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X}" + (Activation == ActivationKind.None ? "" : $" {Activation}");
    }
}
