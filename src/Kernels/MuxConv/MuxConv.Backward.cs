using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class MuxConv
{
    /// <summary>The gradient of the input, <c>dx ← Fᵀ(dy)</c>, fused like the forward pass: with step 1 the convolution
    /// of dy with the turned kernels, else each phase of the step gathers its own taps.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>; finite, since it meets the padding's zeros.</param>
    /// <param name="dx">Gradient of x, <c>args.X</c>, written.</param>
    /// <param name="scratch">At least <c>args.ScratchLength(threads)</c> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or dx overlaps dy or w.</exception>
    public static void BackwardInput(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardInput<Simd512, Vector512<float>>(args, dy, w, dx, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardInput<Simd256, Vector256<float>>(args, dy, w, dx, scratch, pool);
        }
        else
        {
            BackwardInput<Simd128, Vector128<float>>(args, dy, w, dx, scratch, pool);
        }
    }

    /// <summary>The gradient of the weight, added, fused: <c>dw[o,i,kh,kw] += Σ dy·x</c> over batch and map of the
    /// rearranged planes. One piece of work is one bundle of all images, so the order of the sum is fixed.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="dw">Gradient of w, <c>args.Weight</c>, added to.</param>
    /// <param name="scratch">At least <c>args.ScratchLength(threads)</c> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or dw overlaps dy or x.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeight<Simd512, Vector512<float>>(args, dy, x, dw, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeight<Simd256, Vector256<float>>(args, dy, x, dw, scratch, pool);
        }
        else
        {
            BackwardWeight<Simd128, Vector128<float>>(args, dy, x, dw, scratch, pool);
        }
    }

    internal static void BackwardInput<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w,
        Span<float> dx, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardInput(args, dy, w, dx, "MuxConv.BackwardInput");
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), "MuxConv.BackwardInput");
        Guard.Separate(scratch, "MuxConv.BackwardInput", dy, w, dx);
        fixed (float* pdy = dy, pw = w, pdx = dx, ps = scratch)
        {
            ConvolveJob<TSimd, TVector> job = new(args, Pass.BackwardInput, pdy, pw, pdx, ps);
            WorkPool.For(pool, job.Pieces, job);
        }
    }

    internal static void BackwardWeight<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dw, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardWeight(args, dy, x, dw, "MuxConv.BackwardWeight");
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), "MuxConv.BackwardWeight");
        Guard.Separate(scratch, "MuxConv.BackwardWeight", dy, x, dw);
        fixed (float* pdy = dy, px = x, pdw = dw, ps = scratch)
        {
            WeightJob<TSimd, TVector> job = new(args, pdy, px, pdw, ps);
            WorkPool.For(pool, job.Pieces, job);
        }
    }

    /// <summary>The bundle's weights for the gradient of the input, plane after plane: input and output channels of a
    /// group change places and the kernels are turned.</summary>
    private static void Flip(in Plan a, int q, float* w, float* packed)
    {
        for (int m = 0; m < a.Planes; m++)
        {
            for (int o = 0; o < a.G; o++, packed += a.Taps)
            {
                float* kernel = Kernel(a, q, m, o, w);
                for (int tap = 0; tap < a.Taps; tap++)
                {
                    packed[tap] = kernel[a.Taps - 1 - tap];
                }
            }
        }
    }

    /// <summary>The kernel between input plane m and output channel o of its group.</summary>
    private static float* Kernel(in Plan a, int q, int m, int o, float* w) => w + a.WeightOffset
        + ((nint)a.Channel(q, m / a.G * a.G + o) * a.G + m % a.G) * a.Taps;

    /// <summary>The gradient of the input with a step s: padded pixel <c>m·s + p</c> of phase p gets the taps with
    /// <c>k·d ≡ p (mod s)</c>, from output pixel <c>m − (k·d − p)/s</c>.</summary>
    private static void Gather<TSimd, TVector>(in Plan a, int q, float* planes, float* w, float* weights, int* offsets,
        float* phases, float* results)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int m = 0; m < a.Planes; m++)
        {
            float* group = planes + (nint)(m / a.G * a.G) * a.SourceLength;
            for (int phase = 0; phase < a.S * a.S; phase++)
            {
                (int below, int right, int taps) = (phase / a.S, phase % a.S, 0);
                for (int o = 0; o < a.G; o++)
                {
                    float* kernel = Kernel(a, q, m, o, w);
                    for (int tap = 0; tap < a.Taps; tap++)
                    {
                        (int row, int column) = (tap / a.K * a.D - below, tap % a.K * a.D - right);
                        if (row % a.S == 0 && column % a.S == 0)
                        {
                            weights[taps] = kernel[tap];
                            offsets[taps++] = o * a.SourceLength + (a.Top - row / a.S) * a.Pitch
                                + a.Left - column / a.S;
                        }
                    }
                }

                Flat<TSimd, TVector>(group, offsets, weights, taps, phases + phase * a.FlatLength, a.FlatCount);
            }

            float* result = results + (nint)m * a.TargetLength;
            PhaseRows.Merge<TSimd, TVector>(phases, a.Pitch, a.FlatLength, a.S, result, a.DensePitch,
                a.PadTop + a.TargetHeight, a.PadLeft + a.TargetWidth, 0);
        }
    }

    /// <summary>The weight gradient of one bundle, image after image.</summary>
    private readonly struct WeightJob<TSimd, TVector> : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly Args args;
        private readonly float* dy, x, dw, scratch;
        private readonly int scratchLength;

        public WeightJob(in Args args, float* dy, float* x, float* dw, float* scratch)
        {
            this.args = args;
            this.dy = dy;
            this.x = x;
            this.dw = dw;
            this.scratch = scratch;
            scratchLength = args.WorkerScratch;
            Pieces = BundlesOf(args, Pass.BackwardWeight);
        }

        public int Pieces { get; }

        public void Run(int index, int worker)
        {
            int q = index;
            Plan a = Locate(args, Pass.BackwardWeight, ref q);
            float* own = Aligned(scratch) + (nint)worker * scratchLength;
            int* offsets = (int*)own;
            float* sums = own + (a.G * a.Taps + 15) / 16 * 16;
            float* planes = sums + (a.WeightCount + 15) / 16 * 16;
            float* upstream = planes + (nint)a.Planes * a.SourceLength + a.Slack;
            float* temp = upstream + (nint)a.Planes * a.TargetLength + a.Slack;
            float* filled = a.Steps > 1 ? temp : planes;
            new Span<float>(sums, a.WeightCount).Clear();
            for (int t = 0; t < a.G * a.Taps; t++)
            {
                offsets[t] = a.Offset(t / a.Taps, t % a.Taps / a.K, t % a.K);
            }

            for (int n = 0; n < args.X.N; n++)
            {
                Load<TSimd, TVector>(a, q, x + ((nint)n * args.X.C + a.First) * args.X.Pixels, args.X.H, args.X.W,
                    filled, a.FillLength, a.FillPitch, a.Lead, a.FillLength);
                if (a.Steps > 1)
                {
                    SplitSteps<TSimd, TVector>(a, filled, planes);
                }

                Load<TSimd, TVector>(a, q, dy + ((nint)n * args.Y.C + a.First) * args.Y.Pixels, args.Y.H, args.Y.W,
                    upstream, a.TargetLength, a.TargetWidth, 0, a.TargetLength);
                for (int m = 0; m < a.Planes; m++)
                {
                    Correlate<TSimd, TVector>(a, upstream + (nint)m * a.TargetLength,
                        planes + (nint)(m / a.G * a.G) * a.SourceLength, offsets, sums + m * a.G * a.Taps);
                }
            }

            for (int m = 0; m < a.Planes; m++)
            {
                float* sum = sums + m * a.G * a.Taps;
                float* gradient = dw + a.WeightOffset + (nint)a.Channel(q, m) * a.G * a.Taps;
                for (int t = 0; t < a.G * a.Taps; t++)
                {
                    gradient[t] += sum[t];
                }
            }
        }
    }

    /// <summary><c>sums[t] += Σ dy·x</c> of all taps of one output plane, a few taps at a time.</summary>
    private static void Correlate<TSimd, TVector>(in Plan a, float* dy, float* group, int* offsets, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int rows, int columns) = (a.TargetHeight, a.TargetWidth);
        for (int left = a.G * a.Taps; left > 0;)
        {
            int taps = left % 9 != 0 && left % 8 == 0 ? 8 : left >= 9 ? 9 : left >= 8 ? 8 : left >= 4 ? 4 : 1;
            switch (taps)
            {
                case 9:
                    Taps9<TSimd, TVector>(dy, rows, columns, group, a.Pitch, offsets, sums);
                    break;
                case 8:
                    Taps8<TSimd, TVector>(dy, rows, columns, group, a.Pitch, offsets, sums);
                    break;
                case 4:
                    Taps4<TSimd, TVector>(dy, rows, columns, group, a.Pitch, offsets, sums);
                    break;
                default:
                    Taps1<TSimd, TVector>(dy, rows, columns, group, a.Pitch, offsets, sums);
                    break;
            }

            left -= taps;
            offsets += taps;
            sums += taps;
        }
    }
}
