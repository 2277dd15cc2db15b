namespace MuxKernels;

public static unsafe partial class BatchNorm
{
    private static void Backward<TSimd, TVector>(in Args args, bool train, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> mean,
        ReadOnlySpan<float> spread, Span<float> dx, Span<float> dgamma, Span<float> dbeta, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* pdy = dy, px = x, pgamma = gamma, pbeta = beta, pmean = mean, pspread = spread)
        fixed (float* pdx = dx, pdgamma = dgamma, pdbeta = dbeta)
        {
            Activation.Choose(args.Activation, new BackwardBody<TSimd, TVector>
            {
                Args = args, Train = train, Dy = pdy, X = px, Gamma = pgamma, Beta = pbeta, Mean = pmean,
                Spread = pspread, Dx = pdx, Dgamma = pdgamma, Dbeta = pdbeta, Epsilon = Decimals.Of(args.Epsilon),
                Channels = ChannelsOfPiece(args), Pool = pool,
            });
        }
    }

    /// <summary>First pass over one band: <c>d = x − mean</c>, <c>dz = dy·f'(a·d + b)</c>, returns <c>Σdz</c> and
    /// <c>Σdz·d</c>, and leaves <c>scale·dz</c> in dx where there is one.</summary>
    private static (float Sum, float Product) Reduce<TSimd, TVector, TFunction>(float* dy, float* x, float* dx,
        int planes, long stride, int length, float mean, float a, float b, float scale)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        TVector vmean = TSimd.Set(mean), va = TSimd.Set(a), vb = TSimd.Set(b), vscale = TSimd.Set(scale);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, q0 = TSimd.Zero, q1 = TSimd.Zero;
        for (long n = 0, at = 0; n < planes; n++, at += stride)
        {
            float* pdy = dy + at, px = x + at, pdx = dx is null ? null : dx + at;
            int p = 0;
            for (; p <= length - 2 * TSimd.Lanes; p += 2 * TSimd.Lanes)
            {
                TVector d0 = TSimd.Sub(TSimd.Load(px + p), vmean);
                TVector d1 = TSimd.Sub(TSimd.Load(px + p + TSimd.Lanes), vmean);
                TVector z0 = TSimd.Mul(TSimd.Load(pdy + p),
                    TFunction.Slope<TSimd, TVector>(TSimd.Fma(d0, va, vb)));
                TVector z1 = TSimd.Mul(TSimd.Load(pdy + p + TSimd.Lanes),
                    TFunction.Slope<TSimd, TVector>(TSimd.Fma(d1, va, vb)));
                s0 = TSimd.Add(s0, z0);
                s1 = TSimd.Add(s1, z1);
                q0 = TSimd.Fma(z0, d0, q0);
                q1 = TSimd.Fma(z1, d1, q1);
                if (pdx is not null)
                {
                    TSimd.Store(TSimd.Mul(z0, vscale), pdx + p);
                    TSimd.Store(TSimd.Mul(z1, vscale), pdx + p + TSimd.Lanes);
                }
            }

            for (; p < length; p += TSimd.Lanes)
            {
                // Lanes that are not there have dy = 0, so they add nothing: a·(0 − mean) + b is finite with finite
                // parameters.
                int count = Math.Min(TSimd.Lanes, length - p);
                TVector d0 = TSimd.Sub(TSimd.LoadPartial(px + p, count), vmean);
                TVector z0 = TSimd.Mul(TSimd.LoadPartial(pdy + p, count),
                    TFunction.Slope<TSimd, TVector>(TSimd.Fma(d0, va, vb)));
                s0 = TSimd.Add(s0, z0);
                q0 = TSimd.Fma(z0, d0, q0);
                if (pdx is not null)
                {
                    TSimd.StorePartial(TSimd.Mul(z0, vscale), pdx + p, count);
                }
            }
        }

        return (TSimd.Sum(TSimd.Add(s0, s1)), TSimd.Sum(TSimd.Add(q0, q1)));
    }

    /// <summary>Second pass: <c>dx ← a·dz − c0 − c1·(x − mean)</c>, with dz in dx.</summary>
    private static void Centre<TSimd, TVector>(float* x, float* dx, int planes, long stride, int pixels, float mean,
        float a, float c0, float c1)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector vmean = TSimd.Set(mean), va = TSimd.Set(a), v0 = TSimd.Set(-c0), v1 = TSimd.Set(-c1);
        for (int n = 0; n < planes; n++, x += stride, dx += stride)
        {
            int p = 0;
            for (; p <= pixels - TSimd.Lanes; p += TSimd.Lanes)
            {
                TVector rest = TSimd.Fma(TSimd.Sub(TSimd.Load(x + p), vmean), v1, v0);
                TSimd.Store(TSimd.Fma(TSimd.Load(dx + p), va, rest), dx + p);
            }

            if (p < pixels)
            {
                int count = pixels - p;
                TVector rest = TSimd.Fma(TSimd.Sub(TSimd.LoadPartial(x + p, count), vmean), v1, v0);
                TSimd.StorePartial(TSimd.Fma(TSimd.LoadPartial(dx + p, count), va, rest), dx + p, count);
            }
        }
    }

    private struct BackwardBody<TSimd, TVector> : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public Args Args;
        public bool Train;
        public float* Dy, X, Gamma, Beta, Mean, Spread, Dx, Dgamma, Dbeta;
        public double Epsilon;
        public int Channels;
        public WorkPool? Pool;

        public readonly void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            WorkPool.For(Pool, Pieces(Args.X.C, Channels), new BackwardWork<TSimd, TVector, TFunction>(this));

        public readonly void Channel<TFunction>(int c)
            where TFunction : struct, IActivationFunction
        {
            int pixels = Args.X.Pixels, images = Args.X.N, planes = Reductions.BandPlanes(pixels);
            long stride = Args.X.ImageLength, at = (long)c * pixels;
            double inverse = Train ? Spread[c] : 1 / Math.Sqrt(Spread[c] + Epsilon), a = Gamma[c] * inverse;
            float mean = Mean[c], scale = Train ? 1f : (float)a;
            double sum = 0, product = 0;
            for (int n = 0; n < images; n += planes)
            {
                for (int p = 0; p < pixels; p += Reductions.Band)
                {
                    long from = at + n * stride + p;
                    (float s, float q) = Reduce<TSimd, TVector, TFunction>(Dy + from, X + from,
                        Dx is null ? null : Dx + from, Math.Min(planes, images - n), stride,
                        Math.Min(Reductions.Band, pixels - p), mean, (float)a, Beta[c], scale);
                    sum += s;
                    product += q;
                }
            }

            if (Train && Dx is not null)
            {
                double count = Args.Count;
                Centre<TSimd, TVector>(X + at, Dx + at, images, stride, pixels, mean, (float)a,
                    (float)(a * sum / count), (float)(a * inverse * inverse * product / count));
            }

            if (Dgamma is not null)
            {
                Dgamma[c] += (float)(product * inverse);
            }

            if (Dbeta is not null)
            {
                Dbeta[c] += (float)sum;
            }
        }
    }

    private readonly struct BackwardWork<TSimd, TVector, TFunction>(BackwardBody<TSimd, TVector> body) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        private readonly BackwardBody<TSimd, TVector> body = body;

        public void Run(int index, int worker)
        {
            int end = Math.Min((index + 1) * body.Channels, body.Args.X.C);
            for (int c = index * body.Channels; c < end; c++)
            {
                body.Channel<TFunction>(c);
            }
        }
    }
}
