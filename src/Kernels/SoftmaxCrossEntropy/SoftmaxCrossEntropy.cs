using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// Mean cross-entropy of a softmax with label smoothing s over K classes:
/// <c>L = −1/N·Σ_n Σ_k t_{nk}·log softmax(x_n)_k</c>, <c>t = (1 − s)·onehot + s/K</c>. Labels are class indices stored
/// as floats. Gradient <c>dx = dL/N·(softmax(x) − t)</c>, from the saved softmax.
/// </summary>
public static unsafe partial class SoftmaxCrossEntropy
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A loss over a batch of logits.</summary>
        public Args(int batch, int classes, float smoothing = 0f)
        {
            Guard.Positive(batch, nameof(SoftmaxCrossEntropy));
            Guard.Positive(classes, nameof(SoftmaxCrossEntropy));
            Guard.That(smoothing is >= 0 and < 1, nameof(SoftmaxCrossEntropy),
                $"smoothing is {smoothing}, expected 0 … 1 (1 excluded).");
            (X, Smoothing) = (Shape.Matrix(batch, classes), smoothing);
            Guard.Positive(X, nameof(SoftmaxCrossEntropy));
        }

        /// <summary>Logits, <c>[N, K]</c>.</summary>
        public Shape X { get; }

        /// <summary>Class indices as floats, <c>[N]</c>.</summary>
        public Shape Labels => Shape.Vector(X.N);

        /// <summary>The loss, <c>[1]</c>.</summary>
        public static Shape Y => Shape.Vector(1);

        /// <summary>Saved softmax, <c>[N, K]</c>.</summary>
        public Shape Saved => X;

        /// <summary>Label smoothing, s.</summary>
        public float Smoothing { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{X}" + (Smoothing == 0 ? "" : $" s{Smoothing}");
    }

    /// <summary>y ← the mean loss; the softmax is saved.</summary>
    /// <param name="args">Geometry and smoothing.</param>
    /// <param name="x">Logits.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="y">The loss.</param>
    /// <param name="softmax">Written.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a label that is no class, or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> labels, Span<float> y,
        Span<float> softmax, WorkPool? pool = null)
    {
        const string Kernel = "SoftmaxCrossEntropy.Forward";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(y, Args.Y, Kernel);
        Guard.Length(softmax, args.Saved, Kernel);
        CheckLabels(args, labels, Kernel);
        Guard.Separate(softmax, Kernel, x, labels, y);
        Guard.Separate(y, Kernel, x, labels);
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, labels, y, softmax, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, labels, y, softmax, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, labels, y, softmax, pool);
        }
    }

    /// <summary><c>dx ← dL/N·(softmax − t)</c>.</summary>
    /// <param name="args">Geometry and smoothing.</param>
    /// <param name="dy">Gradient of the loss, one number.</param>
    /// <param name="softmax">The saved softmax.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="dx">Gradient of the logits, written.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a label that is no class, or overlapping memory.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> softmax,
        ReadOnlySpan<float> labels, Span<float> dx, WorkPool? pool = null)
    {
        const string Kernel = "SoftmaxCrossEntropy.Backward";
        Guard.Length(dy, Args.Y, Kernel);
        Guard.Length(softmax, args.Saved, Kernel);
        Guard.Length(dx, args.X, Kernel);
        CheckLabels(args, labels, Kernel);
        Guard.SameOrSeparate(softmax, dx, Kernel);
        Guard.Separate(dx, Kernel, dy, labels);
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, dy, softmax, labels, dx, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, dy, softmax, labels, dx, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, dy, softmax, labels, dx, pool);
        }
    }

    /// <summary>Demands one class index 0 … K − 1 for each row.</summary>
    private static void CheckLabels<T>(in Args args, ReadOnlySpan<T> labels, string kernel)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(labels, args.Labels, kernel);
        for (int n = 0; n < labels.Length; n++)
        {
            double label = double.CreateTruncating(labels[n]);
            if (!(label >= 0 && label < args.X.C && label == Math.Floor(label)))
            {
                Guard.Fail($"{kernel}: labels[{n}] is {label}, expected a class index 0 … {args.X.C - 1}.");
            }
        }
    }
}
