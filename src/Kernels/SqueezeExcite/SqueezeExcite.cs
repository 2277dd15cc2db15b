using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// Squeeze-excite: <c>m = mean_{H,W} x</c>, <c>h = f(W₁m + b₁)</c>, <c>g = gate(W₂h + b₂)</c>, <c>y = x·g</c>, each
/// image by itself. Saved for the gradient: <c>[N, 2R + 2C]</c> floats, for each image <c>m</c> (C), <c>W₁m + b₁</c>
/// (R), <c>h</c> (R) and <c>W₂h + b₂</c> (C).
/// </summary>
public static unsafe partial class SqueezeExcite
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
            Guard.Positive(ReduceWeight, nameof(SqueezeExcite));
            Guard.That(x.N * (3L * x.C + 2L * reduced) <= Guard.MaxLength, nameof(SqueezeExcite),
                $"{x.N} images of {x.C} channels and {reduced} hidden units, more than {Guard.MaxLength} numbers.");
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
        public Shape Saved => Shape.Matrix(X.N, 2 * Reduced + 2 * X.C);

        /// <summary>Floats of scratch memory of the gradient, for each image <c>3C + R</c>.</summary>
        public int ScratchLength => X.N * (3 * X.C + Reduced);

        /// <summary>Multiply-adds of the two small matrix products (conv+linear rule).</summary>
        public long MultiplyAddsLinear => 2L * X.N * X.C * Reduced;

        /// <summary>Multiply-adds by the paper's rule: products, the gate's multiplication, one for each pooled
        /// channel.
        /// </summary>
        public long MultiplyAdds => MultiplyAddsLinear + X.Length + (long)X.N * X.C;

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 3 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X} R{Reduced} {Activation} {Gate}";
    }

    /// <summary>y ← gated x; the pooled means and the small layers' values are saved.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="w1">W₁.</param>
    /// <param name="b1">b₁.</param>
    /// <param name="w2">W₂.</param>
    /// <param name="b2">b₂.</param>
    /// <param name="y">Output.</param>
    /// <param name="saved">Written.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w1, ReadOnlySpan<float> b1,
        ReadOnlySpan<float> w2, ReadOnlySpan<float> b2, Span<float> y, Span<float> saved, WorkPool? pool = null)
    {
        const string Kernel = "SqueezeExcite.Forward";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(w1, args.ReduceWeight, Kernel);
        Guard.Length(b1, args.ReduceBias, Kernel);
        Guard.Length(w2, args.ExpandWeight, Kernel);
        Guard.Length(b2, args.ExpandBias, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.Length(saved, args.Saved, Kernel);
        Guard.Separate(y, Kernel, x, w1, b1, w2, b2, saved);
        Guard.Separate(saved, Kernel, x, w1, b1, w2, b2);
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, w1, b1, w2, b2, y, saved, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, w1, b1, w2, b2, y, saved, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, w1, b1, w2, b2, y, saved, pool);
        }
    }

    /// <summary>
    /// dx ← gradient of the input; dw1, db1, dw2, db2 += theirs. With <c>δ₂ = gate'(a₂)·Σ_p dy·x</c>,
    /// <c>δ₁ = f'(a₁)·W₂ᵀδ₂</c>: <c>dx = dy·g + W₁ᵀδ₁/(H·W)</c>, <c>dW₂ += Σ_n δ₂hᵀ</c>, <c>dW₁ += Σ_n δ₁mᵀ</c>.
    /// Each of the five may be empty: not needed.
    /// </summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="w1">W₁.</param>
    /// <param name="w2">W₂.</param>
    /// <param name="saved">What the forward pass saved.</param>
    /// <param name="dx">Written.</param>
    /// <param name="dw1">Added to.</param>
    /// <param name="db1">Added to.</param>
    /// <param name="dw2">Added to.</param>
    /// <param name="db2">Added to.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> w1,
        ReadOnlySpan<float> w2, ReadOnlySpan<float> saved, Span<float> dx, Span<float> dw1, Span<float> db1,
        Span<float> dw2, Span<float> db2, Span<float> scratch, WorkPool? pool = null)
    {
        const string Kernel = "SqueezeExcite.Backward";
        CheckBackward<float>(args, dy, x, w1, w2, saved, dx, dw1, db1, dw2, db2, Kernel);
        Guard.Scratch(scratch, args.ScratchLength, Kernel);
        Guard.Separate(scratch, Kernel, dy, x, w1, w2, saved, dx);
        Guard.Separate(scratch, Kernel, dw1, db1, dw2, db2);
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, dy, x, w1, w2, saved, dx, dw1, db1, dw2, db2, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, dy, x, w1, w2, saved, dx, dw1, db1, dw2, db2, scratch, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, dy, x, w1, w2, saved, dx, dw1, db1, dw2, db2, scratch, pool);
        }
    }

    private static void CheckBackward<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, ReadOnlySpan<T> w1,
        ReadOnlySpan<T> w2, ReadOnlySpan<T> saved, Span<T> dx, Span<T> dw1, Span<T> db1, Span<T> dw2, Span<T> db2,
        string kernel)
    {
        Guard.Length(dy, args.Y, kernel);
        Guard.Length(x, args.X, kernel);
        Guard.Length(w1, args.ReduceWeight, kernel);
        Guard.Length(w2, args.ExpandWeight, kernel);
        Guard.Length(saved, args.Saved, kernel);
        Guard.LengthOrEmpty<T>(dx, args.X, kernel, nameof(dx));
        Guard.LengthOrEmpty<T>(dw1, args.ReduceWeight, kernel, nameof(dw1));
        Guard.LengthOrEmpty<T>(db1, args.ReduceBias, kernel, nameof(db1));
        Guard.LengthOrEmpty<T>(dw2, args.ExpandWeight, kernel, nameof(dw2));
        Guard.LengthOrEmpty<T>(db2, args.ExpandBias, kernel, nameof(db2));
        Guard.Separate(dx, kernel, dy, x, w1, w2, saved);
        Guard.Separate(dw1, kernel, dy, x, w1, w2, saved, dx);
        Guard.Separate(db1, kernel, dy, x, w1, w2, saved, dx, dw1);
        Guard.Separate(dw2, kernel, dy, x, w1, w2, saved, dx, dw1);
        Guard.Separate(db2, kernel, dy, x, w1, w2, saved, dx, dw1);
        Guard.Separate(db1, kernel, dw2, db2);
        Guard.Separate<T>(db2, kernel, dw2);
    }
}
