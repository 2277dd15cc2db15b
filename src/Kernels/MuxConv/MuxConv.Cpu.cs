using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class MuxConv
{
    public readonly partial record struct Args
    {
        /// <summary>Scratch elements that the fused kernels need with this number of threads.</summary>
        /// <exception cref="ShapeException">More than one span can have.</exception>
        public int ScratchLength(int threads)
        {
            Guard.Positive(threads, nameof(MuxConv));
            try
            {
                return checked(threads * WorkerScratch + Plan.Align);
            }
            catch (OverflowException e)
            {
                throw new ShapeException(
                    $"MuxConv: {threads} threads need more than {Guard.MaxLength} floats of scratch.", e);
            }
        }

        internal int WorkerScratch
        {
            get
            {
                int most = 0;
                for (int part = 0; part < Scales.Count; part++)
                {
                    MuxPart p = Part(part);
                    most = Math.Max(most, new Plan(this, p, Pass.Forward).ScratchLength);
                    most = Math.Max(most, new Plan(this, p, Pass.BackwardInput).ScratchLength);
                    most = Math.Max(most, new Plan(this, p, Pass.BackwardWeight).ScratchLength);
                }

                return most;
            }
        }
    }

    /// <summary>Spatial multiplexing convolution of x, fused: each bundle of planes is rearranged on its way into
    /// scratch memory of a thread, convolved there and rearranged back on its way out.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>; finite, since it meets the padding's zeros.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="scratch">At least <c>args.ScratchLength(threads)</c> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or y overlaps x or w.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, w, y, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, w, y, scratch, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, w, y, scratch, pool);
        }
    }

    internal static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w,
        Span<float> y, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckForward(args, x, w, y, "MuxConv.Forward");
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), "MuxConv.Forward");
        Guard.Separate(scratch, "MuxConv.Forward", x, w, y);
        fixed (float* px = x, pw = w, py = y, ps = scratch)
        {
            ConvolveJob<TSimd, TVector> job = new(args, Pass.Forward, px, pw, py, ps);
            WorkPool.For(pool, job.Pieces, job);
        }
    }

    /// <summary>One bundle of one image: planes in, convolution, planes out. Serves the forward pass (x to y) and the
    /// gradient of the input (dy to dx).</summary>
    private readonly struct ConvolveJob<TSimd, TVector> : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly Args args;
        private readonly Pass pass;
        private readonly Shape source, target;
        private readonly float* from, w, to, scratch;
        private readonly int bundles, scratchLength;

        public ConvolveJob(in Args args, Pass pass, float* from, float* w, float* to, float* scratch)
        {
            this.args = args;
            this.pass = pass;
            this.from = from;
            this.w = w;
            this.to = to;
            this.scratch = scratch;
            scratchLength = args.WorkerScratch;
            (source, target) = pass == Pass.Forward ? (args.X, args.Y) : (args.Y, args.X);
            bundles = BundlesOf(args, pass);
        }

        public int Pieces => bundles * args.X.N;

        public void Run(int index, int worker)
        {
            (int n, int q) = Math.DivRem(index, bundles);
            Plan a = Locate(args, pass, ref q);
            float* own = Aligned(scratch) + (nint)worker * scratchLength;
            int* offsets = (int*)own;
            float* weights = own + (a.G * a.Taps + 15) / 16 * 16;
            float* planes = weights + (a.WeightCount + 15) / 16 * 16;
            float* results = planes + (nint)a.Planes * a.SourceLength + a.Slack;
            float* temp = results + (nint)a.Planes * a.TargetLength + a.Slack;

            float* image = from + ((nint)n * source.C + a.First) * source.Pixels;
            float* filled = a.Steps > 1 ? temp : planes;
            Load<TSimd, TVector>(a, q, image, source.H, source.W, filled, a.FillLength, a.FillPitch, a.Lead,
                a.FillLength);
            if (a.Steps > 1)
            {
                SplitSteps<TSimd, TVector>(a, filled, planes);
            }

            image = to + ((nint)n * target.C + a.First) * target.Pixels;
            if (pass == Pass.BackwardInput && a.S > 1)
            {
                Gather<TSimd, TVector>(a, q, planes, w, weights, offsets, temp, results);
                Store<TSimd, TVector>(a, q, results + (nint)a.PadTop * a.DensePitch + a.PadLeft, a.TargetLength,
                    a.DensePitch, image, target.H, target.W, 0, a.TargetHeight);
                return;
            }

            if (pass == Pass.BackwardInput)
            {
                Flip(a, q, w, weights);
            }
            else
            {
                Pack(a, q, w, weights);
            }

            for (int i = 0, t = 0; i < a.G && !a.ByRows; i++)
            {
                for (int tap = 0; tap < a.Taps; tap++, t++)
                {
                    offsets[t] = a.Offset(i, tap / a.K, tap % a.K);
                }
            }

            if (a.ByRows)
            {
                ByRows<TSimd, TVector>(a, q, planes + a.Origin, weights, results, image, target);
                return;
            }

            for (int m = 0; m < a.Planes; m++)
            {
                Flat<TSimd, TVector>(planes + (nint)(m / a.G * a.G) * a.SourceLength, offsets,
                    weights + m * a.G * a.Taps, a.G * a.Taps, results + (nint)m * a.TargetLength, a.FlatCount);
            }

            Store<TSimd, TVector>(a, q, results, a.TargetLength, a.Pitch, image, target.H, target.W, 0,
                a.TargetHeight);
        }
    }

    private static float* Aligned(float* scratch) => (float*)(((nuint)scratch + 63) / 64 * 64);

    private static int BundlesOf(in Args args, Pass pass)
    {
        int bundles = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            bundles += new Plan(args, args.Part(part), pass).Bundles;
        }

        return bundles;
    }

    /// <summary>The part that bundle q of the whole belongs to; q becomes the bundle of that part.</summary>
    private static Plan Locate(in Args args, Pass pass, ref int q)
    {
        for (int part = 0; ; part++)
        {
            Plan a = new(args, args.Part(part), pass);
            if (q < a.Bundles)
            {
                return a;
            }

            q -= a.Bundles;
        }
    }

    /// <summary>The bundle's weights, plane after plane.</summary>
    private static void Pack(in Plan a, int q, float* w, float* packed)
    {
        int each = a.G * a.Taps;
        for (int m = 0; m < a.Planes; m++, packed += each)
        {
            new ReadOnlySpan<float>(w + a.WeightOffset + (nint)a.Channel(q, m) * each, each)
                .CopyTo(new Span<float>(packed, each));
        }
    }

    /// <summary>Bands of eight rows of all planes, each rearranged on its way out while it is in the first cache. Bands
    /// begin at multiples of r; the last one overlaps the one before, both write the same sums.</summary>
    private static void ByRows<TSimd, TVector>(in Plan a, int q, float* planes, float* w, float* band, float* image,
        Shape target)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        const int Rows = Plan.RowsOfTile;
        int last = (Math.Max(a.TargetHeight - Rows, 0) + a.R - 1) / a.R * a.R;
        for (int tile = 0; tile < a.TargetHeight; tile += Rows / a.R * a.R)
        {
            int h = Math.Min(tile, last);
            for (int m = 0; m < a.Planes; m++)
            {
                float* from = planes + (nint)(m / a.G * a.G) * a.SourceLength + (nint)h * a.Pitch;
                float* to = band + (nint)m * a.TargetLength, taps = w + m * a.G * a.Taps;
                for (int v = 0; v < a.TargetWidth; v += TSimd.Lanes)
                {
                    if (a.K == 3)
                    {
                        Rows3<TSimd, TVector>(from + v, a.Pitch, taps, to + v, a.RowPitch, a.G, a.SourceLength);
                    }
                    else
                    {
                        Rows5<TSimd, TVector>(from + v, a.Pitch, taps, to + v, a.RowPitch, a.G, a.SourceLength);
                    }
                }
            }

            Store<TSimd, TVector>(a, q, band, a.TargetLength, a.RowPitch, image, target.H, target.W, h,
                Math.Min(Rows, a.TargetHeight - h));
        }
    }

    private static void Flat<TSimd, TVector>(float* x, int* offsets, float* w, int taps, float* y, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int half = 4 * TSimd.Lanes, f = 0;
        for (; count - f > half; f += 2 * half)
        {
            Flat8<TSimd, TVector>(x + f, offsets, w, taps, y + f);
        }

        if (f < count)
        {
            Flat4<TSimd, TVector>(x + f, offsets, w, taps, y + f);
        }
    }
}
