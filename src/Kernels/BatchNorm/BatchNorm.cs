using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// Batch normalisation over <c>N, H, W</c> followed by an activation f:
/// <c>y = f(γ_c·(x − μ_c)/√(σ²_c + ε) + β_c)</c>. Training uses the batch's mean and biased variance and updates
/// <c>running ← (1 − m)·running + m·batch</c> with the unbiased variance; evaluation uses the running statistics.
/// The gradient is computed from the input: <c>x̂ = (x − μ)·inv</c>, <c>z = γx̂ + β</c>, <c>dz = dy·f'(z)</c>,
/// <c>dβ += Σdz</c>, <c>dγ += Σdz·x̂</c>, <c>dx = γ·inv·(dz − Σdz/n − x̂·Σ(dz·x̂)/n)</c>; with fixed statistics
/// <c>dx = γ·inv·dz</c>.
/// </summary>
public static unsafe partial class BatchNorm
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

    /// <summary>y ← normalised x by the batch's statistics, which are saved and folded into the running ones.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="y">Output.</param>
    /// <param name="mean">The batch's mean μ, written.</param>
    /// <param name="inverseDeviation"><c>1/√(σ² + ε)</c>, written.</param>
    /// <param name="runningMean">Running mean, updated.</param>
    /// <param name="runningVariance">Running variance, updated with <c>σ²·n/(n − 1)</c> (n = 1: σ²).</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void ForwardTrain(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta, Span<float> y, Span<float> mean, Span<float> inverseDeviation,
        Span<float> runningMean, Span<float> runningVariance, WorkPool? pool = null)
    {
        const string Kernel = "BatchNorm.ForwardTrain";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(gamma, args.Channel, Kernel);
        Guard.Length(beta, args.Channel, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.Length(mean, args.Channel, Kernel);
        Guard.Length(inverseDeviation, args.Channel, Kernel);
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        Guard.Separate(y, Kernel, x, gamma, beta, mean, inverseDeviation, runningMean, runningVariance);
        Guard.Separate(mean, Kernel, x, gamma, beta, inverseDeviation, runningMean, runningVariance);
        Guard.Separate(inverseDeviation, Kernel, x, gamma, beta, runningMean, runningVariance);
        Guard.Separate(runningMean, Kernel, x, gamma, beta, runningVariance);
        Guard.Separate(runningVariance, Kernel, x, gamma, beta);
        if (Simd512.IsSupported)
        {
            ForwardTrain<Simd512, Vector512<float>>(args, x, gamma, beta, y, mean, inverseDeviation, runningMean,
                runningVariance, pool);
        }
        else if (Simd256.IsSupported)
        {
            ForwardTrain<Simd256, Vector256<float>>(args, x, gamma, beta, y, mean, inverseDeviation, runningMean,
                runningVariance, pool);
        }
        else
        {
            ForwardTrain<Simd128, Vector128<float>>(args, x, gamma, beta, y, mean, inverseDeviation, runningMean,
                runningVariance, pool);
        }
    }

    /// <summary>y ← normalised x by the running statistics.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="runningMean">Mean.</param>
    /// <param name="runningVariance">Variance.</param>
    /// <param name="y">Output.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void ForwardEval(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta, ReadOnlySpan<float> runningMean, ReadOnlySpan<float> runningVariance, Span<float> y,
        WorkPool? pool = null)
    {
        const string Kernel = "BatchNorm.ForwardEval";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(gamma, args.Channel, Kernel);
        Guard.Length(beta, args.Channel, Kernel);
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.Separate(y, Kernel, x, gamma, beta, runningMean, runningVariance);
        if (Simd512.IsSupported)
        {
            ForwardEval<Simd512, Vector512<float>>(args, x, gamma, beta, runningMean, runningVariance, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            ForwardEval<Simd256, Vector256<float>>(args, x, gamma, beta, runningMean, runningVariance, y, pool);
        }
        else
        {
            ForwardEval<Simd128, Vector128<float>>(args, x, gamma, beta, runningMean, runningVariance, y, pool);
        }
    }

    /// <summary>dx ← gradient of the input; dgamma, dbeta += theirs. Each of the three may be empty: not needed.
    /// </summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="mean">Saved mean.</param>
    /// <param name="inverseDeviation">Saved inverse deviation.</param>
    /// <param name="dx">Written.</param>
    /// <param name="dgamma">Added to.</param>
    /// <param name="dbeta">Added to.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void BackwardTrain(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> inverseDeviation, Span<float> dx, Span<float> dgamma, Span<float> dbeta,
        WorkPool? pool = null)
    {
        const string Kernel = "BatchNorm.BackwardTrain";
        Guard.Length(mean, args.Channel, Kernel);
        Guard.Length(inverseDeviation, args.Channel, Kernel);
        CheckBackward(args, dy, x, gamma, beta, mean, inverseDeviation, dx, dgamma, dbeta, Kernel);
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, train: true, dy, x, gamma, beta, mean, inverseDeviation,
                dx, dgamma, dbeta, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, train: true, dy, x, gamma, beta, mean, inverseDeviation,
                dx, dgamma, dbeta, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, train: true, dy, x, gamma, beta, mean, inverseDeviation,
                dx, dgamma, dbeta, pool);
        }
    }

    /// <summary>dx ← gradient of the input with fixed statistics; dgamma, dbeta += theirs. Each of the three may be
    /// empty: not needed.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="runningMean">Mean.</param>
    /// <param name="runningVariance">Variance.</param>
    /// <param name="dx">Written.</param>
    /// <param name="dgamma">Added to.</param>
    /// <param name="dbeta">Added to.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void BackwardEval(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVariance, Span<float> dx, Span<float> dgamma, Span<float> dbeta,
        WorkPool? pool = null)
    {
        const string Kernel = "BatchNorm.BackwardEval";
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        CheckBackward(args, dy, x, gamma, beta, runningMean, runningVariance, dx, dgamma, dbeta, Kernel);
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, train: false, dy, x, gamma, beta, runningMean, runningVariance,
                dx, dgamma, dbeta, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, train: false, dy, x, gamma, beta, runningMean, runningVariance,
                dx, dgamma, dbeta, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, train: false, dy, x, gamma, beta, runningMean, runningVariance,
                dx, dgamma, dbeta, pool);
        }
    }

    private static void CheckBackward<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, ReadOnlySpan<T> gamma,
        ReadOnlySpan<T> beta, ReadOnlySpan<T> mean, ReadOnlySpan<T> spread, Span<T> dx, Span<T> dgamma,
        Span<T> dbeta, string kernel)
    {
        Guard.Length(dy, args.Y, kernel);
        Guard.Length(x, args.X, kernel);
        Guard.Length(gamma, args.Channel, kernel);
        Guard.Length(beta, args.Channel, kernel);
        Guard.LengthOrEmpty<T>(dx, args.X, kernel, nameof(dx));
        Guard.LengthOrEmpty<T>(dgamma, args.Channel, kernel, nameof(dgamma));
        Guard.LengthOrEmpty<T>(dbeta, args.Channel, kernel, nameof(dbeta));
        Guard.Separate(dx, kernel, dy, x, gamma, beta, mean, spread);
        Guard.Separate(dgamma, kernel, dy, x, gamma, beta, mean, spread, dx);
        Guard.Separate(dbeta, kernel, dy, x, gamma, beta, mean, spread, dx);
        Guard.Separate<T>(dbeta, kernel, dgamma);
    }
}
