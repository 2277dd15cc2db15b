using System.Numerics;

namespace MuxKernels;

public static unsafe partial class SqueezeExcite
{
    /// <summary>The reference of the forward pass: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w1, ReadOnlySpan<T> b1,
        ReadOnlySpan<T> w2, ReadOnlySpan<T> b2, Span<T> y, Span<T> saved)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "SqueezeExcite.ForwardReference";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(w1, args.ReduceWeight, Kernel);
        Guard.Length(b1, args.ReduceBias, Kernel);
        Guard.Length(w2, args.ExpandWeight, Kernel);
        Guard.Length(b2, args.ExpandBias, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.Length(saved, args.Saved, Kernel);
        int channels = args.X.C, reduced = args.Reduced, pixels = args.X.Pixels, kept = args.Saved.C;
        double[] mean = new double[channels], hidden = new double[reduced];
        for (int n = 0; n < args.X.N; n++)
        {
            Span<T> save = saved.Slice(n * kept, kept);
            for (int c = 0; c < channels; c++)
            {
                double sum = 0;
                for (int p = 0; p < pixels; p++)
                {
                    sum += double.CreateTruncating(x[(n * channels + c) * pixels + p]);
                }

                mean[c] = sum / pixels;
                save[c] = T.CreateTruncating(mean[c]);
            }

            for (int r = 0; r < reduced; r++)
            {
                double sum = double.CreateTruncating(b1[r]);
                for (int c = 0; c < channels; c++)
                {
                    sum += double.CreateTruncating(w1[r * channels + c]) * mean[c];
                }

                hidden[r] = Activation.Value(args.Activation, sum);
                save[channels + r] = T.CreateTruncating(sum);
                save[channels + reduced + r] = T.CreateTruncating(hidden[r]);
            }

            for (int c = 0; c < channels; c++)
            {
                double sum = double.CreateTruncating(b2[c]);
                for (int r = 0; r < reduced; r++)
                {
                    sum += double.CreateTruncating(w2[c * reduced + r]) * hidden[r];
                }

                save[channels + 2 * reduced + c] = T.CreateTruncating(sum);
                double gate = Activation.Value(args.Gate, sum);
                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    y[at] = T.CreateTruncating(double.CreateTruncating(x[at]) * gate);
                }
            }
        }
    }

    /// <summary>The reference of the gradient: plain loops in double. Each of the five results may be empty.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, ReadOnlySpan<T> w1,
        ReadOnlySpan<T> w2, ReadOnlySpan<T> saved, Span<T> dx, Span<T> dw1, Span<T> db1, Span<T> dw2, Span<T> db2)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackward(args, dy, x, w1, w2, saved, dx, dw1, db1, dw2, db2, "SqueezeExcite.BackwardReference");
        int channels = args.X.C, reduced = args.Reduced, pixels = args.X.Pixels, kept = args.Saved.C;
        double[] delta1 = new double[reduced], delta2 = new double[channels];
        for (int n = 0; n < args.X.N; n++)
        {
            ReadOnlySpan<T> mean = saved.Slice(n * kept, channels), a1 = saved.Slice(n * kept + channels, reduced);
            ReadOnlySpan<T> hidden = saved.Slice(n * kept + channels + reduced, reduced);
            ReadOnlySpan<T> a2 = saved.Slice(n * kept + channels + 2 * reduced, channels);
            for (int c = 0; c < channels; c++)
            {
                double sum = 0;
                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    sum += double.CreateTruncating(dy[at]) * double.CreateTruncating(x[at]);
                }

                delta2[c] = sum * Activation.Slope(args.Gate, double.CreateTruncating(a2[c]));
            }

            for (int r = 0; r < reduced; r++)
            {
                double sum = 0;
                for (int c = 0; c < channels; c++)
                {
                    sum += double.CreateTruncating(w2[c * reduced + r]) * delta2[c];
                }

                delta1[r] = sum * Activation.Slope(args.Activation, double.CreateTruncating(a1[r]));
            }

            for (int c = 0; c < channels && !dx.IsEmpty; c++)
            {
                double sum = 0, gate = Activation.Value(args.Gate, double.CreateTruncating(a2[c]));
                for (int r = 0; r < reduced; r++)
                {
                    sum += double.CreateTruncating(w1[r * channels + c]) * delta1[r];
                }

                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    dx[at] = T.CreateTruncating(double.CreateTruncating(dy[at]) * gate + sum / pixels);
                }
            }

            AddOuter(delta1, mean, dw1, db1);
            AddOuter(delta2, hidden, dw2, db2);
        }
    }

    /// <summary><c>dw += δ·aᵀ</c>, <c>db += δ</c>; either may be empty.</summary>
    private static void AddOuter<T>(double[] delta, ReadOnlySpan<T> a, Span<T> dw, Span<T> db)
        where T : struct, IFloatingPointIeee754<T>
    {
        for (int o = 0; o < delta.Length; o++)
        {
            for (int i = 0; i < a.Length && !dw.IsEmpty; i++)
            {
                int at = o * a.Length + i;
                dw[at] = T.CreateTruncating(
                    double.CreateTruncating(dw[at]) + delta[o] * double.CreateTruncating(a[i]));
            }

            if (!db.IsEmpty)
            {
                db[o] = T.CreateTruncating(double.CreateTruncating(db[o]) + delta[o]);
            }
        }
    }
}
