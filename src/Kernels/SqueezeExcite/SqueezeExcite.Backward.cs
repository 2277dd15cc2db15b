namespace MuxKernels;

public static unsafe partial class SqueezeExcite
{
    private static void Backward<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        ReadOnlySpan<float> w1, ReadOnlySpan<float> w2, ReadOnlySpan<float> saved, Span<float> dx, Span<float> dw1,
        Span<float> db1, Span<float> dw2, Span<float> db2, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int channels = args.X.C, reduced = args.Reduced, kept = args.Saved.C;
        fixed (float* pdy = dy, px = x, pw1 = w1, pw2 = w2, psaved = saved, pdx = dx, pdw1 = dw1)
        fixed (float* pdb1 = db1, pdw2 = dw2, pdb2 = db2, pscratch = scratch)
        {
            BackwardWork<TSimd, TVector> work = new()
            {
                Args = args, Dy = pdy, X = px, W1 = pw1, W2 = pw2, Saved = psaved, Dx = pdx, Scratch = pscratch,
            };
            if (args.X.N >= WholeImages)
            {
                WorkPool.For(pool, args.X.N, work);
            }
            else
            {
                int pieces = Pieces(channels);
                WorkPool.For(pool, args.X.N * pieces, work with { Step = BackwardStep.Delta });
                WorkPool.For(pool, args.X.N, work with { Step = BackwardStep.Small });
                WorkPool.For(pool, args.X.N * pieces, work with { Step = BackwardStep.Input });
            }

            int row = 3 * channels + reduced;
            WorkPool.For(pool, Pieces(reduced), new OuterWork<TSimd, TVector>(args.X.N, reduced, channels,
                pscratch + 3 * channels, row, psaved, kept, pdw1, pdb1));
            WorkPool.For(pool, Pieces(channels), new OuterWork<TSimd, TVector>(args.X.N, channels, reduced,
                pscratch, row, psaved + channels + reduced, kept, pdw2, pdb2));
        }
    }

    /// <summary>What a piece of the gradient does.</summary>
    private enum BackwardStep
    {
        All,
        Delta,
        Small,
        Input,
    }

    /// <summary>Scratch of one image: δ₂ (C), the gates (C), <c>W₁ᵀδ₁</c> (C), δ₁ (R).</summary>
    private struct BackwardWork<TSimd, TVector> : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public Args Args;
        public BackwardStep Step;
        public float* Dy, X, W1, W2, Saved, Dx, Scratch;

        public readonly void Run(int index, int worker)
        {
            int channels = Args.X.C, pieces = Pieces(channels);
            int image = index / pieces, from = (index - image * pieces) * ChannelsOfPiece;
            int end = Math.Min(from + ChannelsOfPiece, channels);
            switch (Step)
            {
                case BackwardStep.Delta:
                    Delta(image, from, end);
                    break;
                case BackwardStep.Small:
                    Small(index);
                    break;
                case BackwardStep.Input:
                    Input(image, from, end);
                    break;
                default:
                    Delta(index, 0, channels);
                    Small(index);
                    Input(index, 0, channels);
                    break;
            }
        }

        private readonly float* Row(int image) => Scratch + (long)image * (3 * Args.X.C + Args.Reduced);

        private readonly float* A1(int image) => Saved + (long)image * Args.Saved.C + Args.X.C;

        /// <summary><c>δ₂ = gate'(a₂)·Σ_p dy·x</c> and the gates.</summary>
        private readonly void Delta(int image, int from, int end)
        {
            int channels = Args.X.C, pixels = Args.X.Pixels;
            float* delta = Row(image), gates = delta + channels, a2 = A1(image) + 2 * Args.Reduced;
            for (int c = from; c < end; c++)
            {
                long at = image * Args.X.ImageLength + (long)c * pixels;
                delta[c] = (float)Reductions.PlaneDot<TSimd, TVector>(Dy + at, X + at, pixels);
            }

            Activation.RunBackward<TSimd, TVector>(Args.Gate, delta + from, a2 + from, delta + from, end - from);
            Activation.Run<TSimd, TVector>(Args.Gate, a2 + from, gates + from, end - from);
        }

        /// <summary><c>δ₁ = f'(a₁)·W₂ᵀδ₂</c>, then <c>W₁ᵀδ₁</c>: rows added in their order.</summary>
        private readonly void Small(int image)
        {
            int channels = Args.X.C, reduced = Args.Reduced;
            float* delta2 = Row(image), back = delta2 + 2 * channels, delta1 = back + channels;
            Transposed<TSimd, TVector>(W2, delta2, delta1, channels, reduced);
            Activation.RunBackward<TSimd, TVector>(Args.Activation, delta1, A1(image), delta1, reduced);
            Transposed<TSimd, TVector>(W1, delta1, back, reduced, channels);
        }

        /// <summary><c>dx = dy·g + W₁ᵀδ₁/(H·W)</c>.</summary>
        private readonly void Input(int image, int from, int end)
        {
            int channels = Args.X.C, pixels = Args.X.Pixels;
            float* gates = Row(image) + channels, back = gates + channels;
            for (int c = from; c < end && Dx is not null; c++)
            {
                long at = image * Args.X.ImageLength + (long)c * pixels;
                Affine<TSimd, TVector>(Dy + at, Dx + at, pixels, gates[c], back[c] / pixels);
            }
        }
    }

    /// <summary><c>y_i ← Σ_o w[o,i]·x_o</c>, o in order.</summary>
    internal static void Transposed<TSimd, TVector>(float* w, float* x, float* y, int rows, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int i = 0;
        for (; i <= columns - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
        {
            TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
            float* p = w + i;
            for (int o = 0; o < rows; o++, p += columns)
            {
                TVector a = TSimd.Splat(x + o);
                y0 = TSimd.Fma(a, TSimd.Load(p), y0);
                y1 = TSimd.Fma(a, TSimd.Load(p + TSimd.Lanes), y1);
                y2 = TSimd.Fma(a, TSimd.Load(p + 2 * TSimd.Lanes), y2);
                y3 = TSimd.Fma(a, TSimd.Load(p + 3 * TSimd.Lanes), y3);
            }

            TSimd.Store(y0, y + i);
            TSimd.Store(y1, y + i + TSimd.Lanes);
            TSimd.Store(y2, y + i + 2 * TSimd.Lanes);
            TSimd.Store(y3, y + i + 3 * TSimd.Lanes);
        }

        for (; i < columns; i += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, columns - i);
            TVector sum = TSimd.Zero;
            float* p = w + i;
            for (int o = 0; o < rows; o++, p += columns)
            {
                sum = TSimd.Fma(TSimd.Splat(x + o), TSimd.LoadPartial(p, count), sum);
            }

            TSimd.StorePartial(sum, y + i, count);
        }
    }

    /// <summary><c>dw[o,i] += Σ_n δ[n,o]·a[n,i]</c>, <c>db[o] += Σ_n δ[n,o]</c>, images in order; one piece is 16 rows
    /// of dw.</summary>
    private readonly struct OuterWork<TSimd, TVector>(int images, int rows, int columns, float* delta, int deltaRow,
        float* a, int row, float* dw, float* db) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* delta = delta, a = a, dw = dw, db = db;

        public void Run(int index, int worker)
        {
            int end = Math.Min((index + 1) * ChannelsOfPiece, rows);
            for (int o = index * ChannelsOfPiece; o < end; o++)
            {
                if (db is not null)
                {
                    float sum = 0;
                    for (int n = 0; n < images; n++)
                    {
                        sum += delta[(long)n * deltaRow + o];
                    }

                    db[o] += sum;
                }

                float* to = dw + (long)o * columns;
                for (int i = 0; i < columns && dw is not null; i += TSimd.Lanes)
                {
                    int count = Math.Min(TSimd.Lanes, columns - i);
                    TVector sum = TSimd.Zero;
                    for (int n = 0; n < images; n++)
                    {
                        sum = TSimd.Fma(TSimd.Splat(delta + (long)n * deltaRow + o),
                            TSimd.LoadPartial(a + (long)n * row + i, count), sum);
                    }

                    TSimd.StorePartial(TSimd.Add(TSimd.LoadPartial(to + i, count), sum), to + i, count);
                }
            }
        }
    }
}
