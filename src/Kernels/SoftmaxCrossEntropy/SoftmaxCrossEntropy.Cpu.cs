namespace MuxKernels;

public static unsafe partial class SoftmaxCrossEntropy
{
    private const int Rows = 256;

    private static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> labels,
        Span<float> y, Span<float> softmax, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        // The losses of 256 rows at a time, added in the order of rows.
        double* losses = stackalloc double[Rows];
        double sum = 0;
        fixed (float* px = x, plabels = labels, psoftmax = softmax)
        {
            for (int first = 0; first < args.X.N; first += Rows)
            {
                int rows = Math.Min(Rows, args.X.N - first);
                WorkPool.For(pool, rows, new RowWork<TSimd, TVector>(args, px, plabels, psoftmax, losses, first));
                for (int n = 0; n < rows; n++)
                {
                    sum += losses[n];
                }
            }
        }

        y[0] = (float)(sum / args.X.N);
    }

    private static void Backward<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> softmax,
        ReadOnlySpan<float> labels, Span<float> dx, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float scale = (float)((double)dy[0] / args.X.N);
        fixed (float* psoftmax = softmax, plabels = labels, pdx = dx)
        {
            WorkPool.For(pool, args.X.N, new BackwardWork<TSimd, TVector>(args, scale, psoftmax, plabels, pdx));
        }
    }

    /// <summary>Largest of a row; NaN if there is one.</summary>
    private static float Largest<TSimd, TVector>(float* x, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* lanes = stackalloc float[16];
        float largest = x[0];
        int k = 0;
        if (length >= TSimd.Lanes)
        {
            TVector m = TSimd.Load(x);
            for (k = TSimd.Lanes; k <= length - TSimd.Lanes; k += TSimd.Lanes)
            {
                m = TSimd.Max(m, TSimd.Load(x + k));
            }

            TSimd.Store(m, lanes);
            for (int i = 0; i < TSimd.Lanes; i++)
            {
                largest = MathF.Max(largest, lanes[i]);
            }
        }

        for (; k < length; k++)
        {
            largest = MathF.Max(largest, x[k]);
        }

        return largest;
    }

    /// <summary><c>y ← e^(x − m)</c>.</summary>
    private static void Exponentials<TSimd, TVector>(float* x, float* y, int length, float largest)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector m = TSimd.Set(largest);
        for (int k = 0; k < length; k += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, length - k);
            TVector e = Exp.Of<TSimd, TVector>(TSimd.Sub(TSimd.LoadPartial(x + k, count), m));
            TSimd.StorePartial(e, y + k, count);
        }
    }

    private static void Scale<TSimd, TVector>(float* y, int length, float factor)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector f = TSimd.Set(factor);
        for (int k = 0; k < length; k += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, length - k);
            TSimd.StorePartial(TSimd.Mul(TSimd.LoadPartial(y + k, count), f), y + k, count);
        }
    }

    private readonly struct RowWork<TSimd, TVector>(Args args, float* x, float* labels, float* softmax, double* losses,
        int first) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* x = x, labels = labels, softmax = softmax;
        private readonly double* losses = losses;

        public void Run(int index, int worker)
        {
            int row = first + index, classes = args.X.C;
            float* px = x + (long)row * classes, py = softmax + (long)row * classes;
            float largest = Largest<TSimd, TVector>(px, classes);
            Exponentials<TSimd, TVector>(px, py, classes, largest);
            double sum = Reductions.PlaneSum<TSimd, TVector>(py, classes);
            Scale<TSimd, TVector>(py, classes, (float)(1 / sum));

            // −Σ t·log p = log Σe − (1 − s)·(x_l − m) − s·(mean x − m)
            double smoothing = Decimals.Of(args.Smoothing), far = (double)px[(int)labels[row]] - largest;
            double mean = smoothing == 0 ? 0 : Reductions.PlaneSum<TSimd, TVector>(px, classes) / classes - largest;
            losses[index] = Math.Log(sum) - (1 - smoothing) * far - smoothing * mean;
        }
    }

    private readonly struct BackwardWork<TSimd, TVector>(Args args, float scale, float* softmax, float* labels,
        float* dx) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* softmax = softmax, labels = labels, dx = dx;

        public void Run(int index, int worker)
        {
            int classes = args.X.C, label = (int)labels[index];
            float* p = softmax + (long)index * classes, d = dx + (long)index * classes;
            double smoothing = Decimals.Of(args.Smoothing), share = smoothing / classes;
            float atLabel = (float)((p[label] - (1 - smoothing + share)) * scale);
            TVector off = TSimd.Set((float)share), factor = TSimd.Set(scale);
            for (int k = 0; k < classes; k += TSimd.Lanes)
            {
                int count = Math.Min(TSimd.Lanes, classes - k);
                TSimd.StorePartial(TSimd.Mul(TSimd.Sub(TSimd.LoadPartial(p + k, count), off), factor), d + k, count);
            }

            d[label] = atLabel;
        }
    }
}
