using System.Numerics;

namespace MuxKernels;

public static unsafe partial class SoftmaxCrossEntropy
{
    /// <summary>The reference of the loss: plain loops in double; s means its decimal text.</summary>
    /// <exception cref="ShapeException">A wrong length or a label that is no class.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> labels, Span<T> y,
        Span<T> softmax)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "SoftmaxCrossEntropy.ForwardReference";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(y, Args.Y, Kernel);
        Guard.Length(softmax, args.Saved, Kernel);
        CheckLabels(args, labels, Kernel);
        int classes = args.X.C;
        double loss = 0, smoothing = Decimals.Of(args.Smoothing);
        for (int n = 0; n < args.X.N; n++)
        {
            ReadOnlySpan<T> row = x.Slice(n * classes, classes);
            double largest = double.NegativeInfinity, sum = 0;
            foreach (T value in row)
            {
                largest = Math.Max(largest, double.CreateTruncating(value));
            }

            foreach (T value in row)
            {
                sum += Math.Exp(double.CreateTruncating(value) - largest);
            }

            int label = int.CreateTruncating(labels[n]);
            for (int k = 0; k < classes; k++)
            {
                double d = double.CreateTruncating(row[k]) - largest;
                double t = (k == label ? 1 - smoothing : 0) + smoothing / classes;
                softmax[n * classes + k] = T.CreateTruncating(Math.Exp(d) / sum);
                loss += t == 0 ? 0 : t * (Math.Log(sum) - d);
            }
        }

        y[0] = T.CreateTruncating(loss / args.X.N);
    }

    /// <summary>The reference of the gradient: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a label that is no class.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> softmax,
        ReadOnlySpan<T> labels, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "SoftmaxCrossEntropy.BackwardReference";
        Guard.Length(dy, Args.Y, Kernel);
        Guard.Length(softmax, args.Saved, Kernel);
        Guard.Length(dx, args.X, Kernel);
        CheckLabels(args, labels, Kernel);
        int classes = args.X.C;
        double smoothing = Decimals.Of(args.Smoothing), scale = double.CreateTruncating(dy[0]) / args.X.N;
        for (int i = 0; i < dx.Length; i++)
        {
            int n = i / classes, label = int.CreateTruncating(labels[n]);
            double t = (i - n * classes == label ? 1 - smoothing : 0) + smoothing / classes;
            dx[i] = T.CreateTruncating(scale * (double.CreateTruncating(softmax[i]) - t));
        }
    }
}
