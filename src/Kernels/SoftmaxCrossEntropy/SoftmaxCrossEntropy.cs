namespace MuxKernels;

/// <summary>
/// Mean cross-entropy of a softmax with label smoothing s over K classes:
/// <c>L = −1/N·Σ_n Σ_k t_{nk}·log softmax(x_n)_k</c>, <c>t = (1 − s)·onehot + s/K</c>. Labels are class indices stored as
/// floats. Gradient <c>dx = dL/N·(softmax(x) − t)</c>, from the saved softmax.
/// </summary>
public static partial class SoftmaxCrossEntropy
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
}
