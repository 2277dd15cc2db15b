using System.Runtime.CompilerServices;

namespace MuxKernels;

public static unsafe partial class BatchNorm
{
    // One piece of work is a run of channels, so that small maps are read in whole cache lines and pages; what a
    // channel's result is does not depend on the piece it lies in.
    private const int PieceLength = 4096;

    private static int ChannelsOfPiece(in Args args) => Math.Clamp(PieceLength / args.X.Pixels, 1, 16);

    private static int Pieces(int channels, int channelsOfPiece) => (channels + channelsOfPiece - 1) / channelsOfPiece;

    private static void ForwardTrain<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta, Span<float> y, Span<float> mean, Span<float> inverseDeviation,
        Span<float> runningMean, Span<float> runningVariance, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, pgamma = gamma, pbeta = beta, py = y, pmean = mean, pinverse = inverseDeviation)
        fixed (float* prm = runningMean, prv = runningVariance)
        {
            Activation.Choose(args.Activation, new TrainBody<TSimd, TVector>
            {
                Args = args, X = px, Gamma = pgamma, Beta = pbeta, Y = py, Mean = pmean, Inverse = pinverse,
                RunningMean = prm, RunningVariance = prv, Epsilon = Decimals.Of(args.Epsilon),
                Momentum = Decimals.Of(args.Momentum), Channels = ChannelsOfPiece(args), Pool = pool,
            });
        }
    }

    private static void ForwardEval<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta, ReadOnlySpan<float> runningMean, ReadOnlySpan<float> runningVariance, Span<float> y,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, pgamma = gamma, pbeta = beta, prm = runningMean, prv = runningVariance, py = y)
        {
            Activation.Choose(args.Activation, new EvalBody<TSimd, TVector>
            {
                Args = args, X = px, Gamma = pgamma, Beta = pbeta, Mean = prm, Variance = prv, Y = py,
                Epsilon = Decimals.Of(args.Epsilon), Channels = ChannelsOfPiece(args), Pool = pool,
            });
        }
    }

    /// <summary>The moments of one channel: its mean in a first pass, then <c>Σ(x − K)</c> and <c>Σ(x − K)²</c> with K
    /// the mean's float, so that nothing cancels. Float sums over bands, bands added in double.</summary>
    private static (double Mean, double Variance) Moments<TSimd, TVector>(float* x, int images, long stride, int pixels)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int planes = Reductions.BandPlanes(pixels);
        double count = (double)images * pixels, sum = 0;
        for (int n = 0; n < images; n += planes)
        {
            for (int p = 0; p < pixels; p += Reductions.Band)
            {
                sum += Reductions.Sum<TSimd, TVector>(x + n * stride + p, Math.Min(planes, images - n), stride,
                    Math.Min(Reductions.Band, pixels - p));
            }
        }

        float shift = (float)(sum / count);
        double first = 0, second = 0;
        for (int n = 0; n < images; n += planes)
        {
            for (int p = 0; p < pixels; p += Reductions.Band)
            {
                (float s, float q) = ShiftedMoments<TSimd, TVector>(x + n * stride + p, Math.Min(planes, images - n),
                    stride, Math.Min(Reductions.Band, pixels - p), shift);
                first += s;
                second += q;
            }
        }

        double rest = first / count;
        return (shift + rest, Math.Max(second / count - rest * rest, 0));
    }

    private static (float First, float Second) ShiftedMoments<TSimd, TVector>(float* x, int planes, long stride,
        int length, float shift)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* shifts = stackalloc float[16];
        TVector k = TSimd.Set(shift);
        TSimd.Store(k, shifts);
        int tail = length % TSimd.Lanes;
        TVector kTail = tail == 0 ? k : TSimd.LoadPartial(shifts, tail);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        TVector q0 = TSimd.Zero, q1 = TSimd.Zero, q2 = TSimd.Zero, q3 = TSimd.Zero;
        for (int n = 0; n < planes; n++, x += stride)
        {
            int p = 0;
            for (; p <= length - 4 * TSimd.Lanes; p += 4 * TSimd.Lanes)
            {
                TVector d0 = TSimd.Sub(TSimd.Load(x + p), k);
                TVector d1 = TSimd.Sub(TSimd.Load(x + p + TSimd.Lanes), k);
                TVector d2 = TSimd.Sub(TSimd.Load(x + p + 2 * TSimd.Lanes), k);
                TVector d3 = TSimd.Sub(TSimd.Load(x + p + 3 * TSimd.Lanes), k);
                s0 = TSimd.Add(s0, d0);
                s1 = TSimd.Add(s1, d1);
                s2 = TSimd.Add(s2, d2);
                s3 = TSimd.Add(s3, d3);
                q0 = TSimd.Fma(d0, d0, q0);
                q1 = TSimd.Fma(d1, d1, q1);
                q2 = TSimd.Fma(d2, d2, q2);
                q3 = TSimd.Fma(d3, d3, q3);
            }

            for (; p <= length - TSimd.Lanes; p += TSimd.Lanes)
            {
                TVector d = TSimd.Sub(TSimd.Load(x + p), k);
                s0 = TSimd.Add(s0, d);
                q0 = TSimd.Fma(d, d, q0);
            }

            if (tail != 0)
            {
                TVector d = TSimd.Sub(TSimd.LoadPartial(x + p, tail), kTail);
                s1 = TSimd.Add(s1, d);
                q1 = TSimd.Fma(d, d, q1);
            }
        }

        return (TSimd.Sum(TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3))),
            TSimd.Sum(TSimd.Add(TSimd.Add(q0, q1), TSimd.Add(q2, q3))));
    }

    /// <summary><c>y ← f((x − high − low)·a + b)</c> over planes that lie <paramref name="stride"/> apart; the mean is
    /// high + low, so that its last places do not fall off where it is far from zero.</summary>
    private static void Normalise<TSimd, TVector, TFunction>(float* x, float* y, int planes, long stride, int pixels,
        float high, float low, float a, float b)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        TVector vhigh = TSimd.Set(high), vlow = TSimd.Set(low), va = TSimd.Set(a), vb = TSimd.Set(b);
        for (int n = 0; n < planes; n++, x += stride, y += stride)
        {
            int p = 0;
            for (; p <= pixels - TSimd.Lanes; p += TSimd.Lanes)
            {
                TVector d = TSimd.Sub(TSimd.Sub(TSimd.Load(x + p), vhigh), vlow);
                TSimd.Store(TFunction.Value<TSimd, TVector>(TSimd.Fma(d, va, vb)), y + p);
            }

            if (p < pixels)
            {
                TVector d = TSimd.Sub(TSimd.Sub(TSimd.LoadPartial(x + p, pixels - p), vhigh), vlow);
                TSimd.StorePartial(TFunction.Value<TSimd, TVector>(TSimd.Fma(d, va, vb)), y + p, pixels - p);
            }
        }
    }

    private struct TrainBody<TSimd, TVector> : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public Args Args;
        public float* X, Gamma, Beta, Y, Mean, Inverse, RunningMean, RunningVariance;
        public double Epsilon, Momentum;
        public int Channels;
        public WorkPool? Pool;

        public readonly void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            WorkPool.For(Pool, Pieces(Args.X.C, Channels), new TrainWork<TSimd, TVector, TFunction>(this));

        public readonly void Channel<TFunction>(int c)
            where TFunction : struct, IActivationFunction
        {
            int pixels = Args.X.Pixels, images = Args.X.N;
            long stride = Args.X.ImageLength, at = (long)c * pixels;
            (double mean, double variance) = Moments<TSimd, TVector>(X + at, images, stride, pixels);
            double count = Args.Count, inverse = 1 / Math.Sqrt(variance + Epsilon), a = Gamma[c] * inverse;
            float high = (float)mean;
            Normalise<TSimd, TVector, TFunction>(X + at, Y + at, images, stride, pixels, high, (float)(mean - high),
                (float)a, Beta[c]);
            Mean[c] = high;
            Inverse[c] = (float)inverse;
            double unbiased = count > 1 ? variance * count / (count - 1) : variance;
            RunningMean[c] = (float)((1 - Momentum) * RunningMean[c] + Momentum * mean);
            RunningVariance[c] = (float)((1 - Momentum) * RunningVariance[c] + Momentum * unbiased);
        }
    }

    private readonly struct TrainWork<TSimd, TVector, TFunction>(TrainBody<TSimd, TVector> body) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        private readonly TrainBody<TSimd, TVector> body = body;

        public void Run(int index, int worker)
        {
            int end = Math.Min((index + 1) * body.Channels, body.Args.X.C);
            for (int c = index * body.Channels; c < end; c++)
            {
                body.Channel<TFunction>(c);
            }
        }
    }

    private struct EvalBody<TSimd, TVector> : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public Args Args;
        public float* X, Gamma, Beta, Mean, Variance, Y;
        public double Epsilon;
        public int Channels;
        public WorkPool? Pool;

        public readonly void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            WorkPool.For(Pool, Args.X.N * Pieces(Args.X.C, Channels), new EvalWork<TSimd, TVector, TFunction>(this));
    }

    private readonly struct EvalWork<TSimd, TVector, TFunction>(EvalBody<TSimd, TVector> body) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        private readonly EvalBody<TSimd, TVector> body = body;

        public void Run(int index, int worker)
        {
            int pieces = Pieces(body.Args.X.C, body.Channels), image = index / pieces, piece = index - image * pieces;
            int pixels = body.Args.X.Pixels, end = Math.Min((piece + 1) * body.Channels, body.Args.X.C);
            for (int c = piece * body.Channels; c < end; c++)
            {
                long at = image * body.Args.X.ImageLength + (long)c * pixels;
                float a = (float)(body.Gamma[c] / Math.Sqrt(body.Variance[c] + body.Epsilon));
                Normalise<TSimd, TVector, TFunction>(body.X + at, body.Y + at, 1, 0, pixels, body.Mean[c], 0f, a,
                    body.Beta[c]);
            }
        }
    }
}
