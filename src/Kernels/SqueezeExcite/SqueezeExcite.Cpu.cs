namespace MuxKernels;

public static unsafe partial class SqueezeExcite
{
    // From 4 images on one piece of work is an image, which stays in the cache between its pool and its gate; below,
    // each step is cut into runs of channels. Both compute every number in the same way.
    private const int WholeImages = 4;
    private const int ChannelsOfPiece = 16;

    private static int Pieces(int channels) => (channels + ChannelsOfPiece - 1) / ChannelsOfPiece;

    private static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w1,
        ReadOnlySpan<float> b1, ReadOnlySpan<float> w2, ReadOnlySpan<float> b2, Span<float> y, Span<float> saved,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, pw1 = w1, pb1 = b1, pw2 = w2, pb2 = b2, py = y, psaved = saved)
        {
            ForwardWork<TSimd, TVector> work = new()
            {
                Args = args, X = px, W1 = pw1, B1 = pb1, W2 = pw2, B2 = pb2, Y = py, Saved = psaved,
            };
            if (args.X.N >= WholeImages)
            {
                WorkPool.For(pool, args.X.N, work);
                return;
            }

            int channelPieces = Pieces(args.X.C), hiddenPieces = Pieces(args.Reduced);
            WorkPool.For(pool, args.X.N * channelPieces, work with { Step = ForwardStep.Mean });
            WorkPool.For(pool, args.X.N * hiddenPieces, work with { Step = ForwardStep.Hidden });
            WorkPool.For(pool, args.X.N * channelPieces, work with { Step = ForwardStep.Gate });
        }
    }

    /// <summary>What a piece of the forward pass does.</summary>
    private enum ForwardStep
    {
        All,
        Mean,
        Hidden,
        Gate,
    }

    private struct ForwardWork<TSimd, TVector> : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public Args Args;
        public ForwardStep Step;
        public float* X, W1, B1, W2, B2, Y, Saved;

        public readonly void Run(int index, int worker)
        {
            int channels = Args.X.C, reduced = Args.Reduced;
            if (Step == ForwardStep.All)
            {
                Mean(index, 0, channels);
                Hidden(index, 0, reduced);
                Gate(index, 0, channels);
                return;
            }

            int length = Step == ForwardStep.Hidden ? reduced : channels, pieces = Pieces(length);
            int image = index / pieces, from = (index - image * pieces) * ChannelsOfPiece;
            int end = Math.Min(from + ChannelsOfPiece, length);
            switch (Step)
            {
                case ForwardStep.Mean:
                    Mean(image, from, end);
                    break;
                case ForwardStep.Hidden:
                    Hidden(image, from, end);
                    break;
                default:
                    Gate(image, from, end);
                    break;
            }
        }

        private readonly float* Save(int image) => Saved + (long)image * Args.Saved.C;

        private readonly void Mean(int image, int from, int end)
        {
            float* mean = Save(image), x = X + image * Args.X.ImageLength;
            int pixels = Args.X.Pixels;
            for (int c = from; c < end; c++)
            {
                mean[c] = (float)(Reductions.PlaneSum<TSimd, TVector>(x + (long)c * pixels, pixels) / pixels);
            }
        }

        private readonly void Hidden(int image, int from, int end)
        {
            int channels = Args.X.C;
            float* mean = Save(image), a1 = mean + channels, h = a1 + Args.Reduced;
            for (int r = from; r < end; r++)
            {
                a1[r] = B1[r] + Reductions.Dot<TSimd, TVector>(W1 + (long)r * channels, mean, channels);
            }

            Activation.Run<TSimd, TVector>(Args.Activation, a1 + from, h + from, end - from);
        }

        private readonly void Gate(int image, int from, int end)
        {
            const int Run = 64;
            float* gates = stackalloc float[Run];
            int channels = Args.X.C, reduced = Args.Reduced, pixels = Args.X.Pixels;
            float* h = Save(image) + channels + reduced, a2 = h + reduced;
            long start = image * Args.X.ImageLength;
            for (int first = from; first < end; first += Run)
            {
                int count = Math.Min(Run, end - first);
                for (int c = first; c < first + count; c++)
                {
                    a2[c] = B2[c] + Reductions.Dot<TSimd, TVector>(W2 + (long)c * reduced, h, reduced);
                }

                Activation.Run<TSimd, TVector>(Args.Gate, a2 + first, gates, count);
                for (int i = 0; i < count; i++)
                {
                    long at = start + (long)(first + i) * pixels;
                    Affine<TSimd, TVector>(X + at, Y + at, pixels, gates[i], 0f);
                }
            }
        }
    }

    /// <summary><c>y ← a·x + b</c>.</summary>
    private static void Affine<TSimd, TVector>(float* x, float* y, int length, float a, float b)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector va = TSimd.Set(a), vb = TSimd.Set(b);
        int p = 0;
        for (; p <= length - TSimd.Lanes; p += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Fma(TSimd.Load(x + p), va, vb), y + p);
        }

        if (p < length)
        {
            TSimd.StorePartial(TSimd.Fma(TSimd.LoadPartial(x + p, length - p), va, vb), y + p, length - p);
        }
    }
}
