using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class MuxConv
{
    /// <summary>Scratch elements of the three-step form with this number of threads: three whole intermediate tensors
    /// and what the convolution needs.</summary>
    /// <exception cref="ShapeException">More than one span can have.</exception>
    public static int ThreeStepScratchLength(in Args args, int threads)
    {
        long convolution = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            convolution = Math.Max(convolution,
                WindowWork.ScratchLength([Groups(args.Part(part))], args.X.N, threads, "MuxConv.ThreeStep"));
        }

        long length = 3 * TensorLength(args) + convolution;
        Guard.That(length <= Guard.MaxLength, nameof(MuxConv),
            $"{length} scratch elements, at most {Guard.MaxLength}.");
        return (int)length;
    }

    /// <summary>The definition step by step, the peer that the fused form is measured against: each part is cut out,
    /// rearranged, convolved by the fast group-wise kernel, rearranged back and put in its place, with whole tensors in
    /// between.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>; finite.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="scratch">At least <see cref="ThreeStepScratchLength"/> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or y overlaps x or w.</exception>
    public static void ForwardThreeStep(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            ForwardThreeStep<Simd512, Vector512<float>>(args, x, w, y, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            ForwardThreeStep<Simd256, Vector256<float>>(args, x, w, y, scratch, pool);
        }
        else
        {
            ForwardThreeStep<Simd128, Vector128<float>>(args, x, w, y, scratch, pool);
        }
    }

    /// <summary>The gradient of the input step by step.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>; finite.</param>
    /// <param name="dx">Gradient of x, <c>args.X</c>, written.</param>
    /// <param name="scratch">At least <see cref="ThreeStepScratchLength"/> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or dx overlaps dy or w.</exception>
    public static void BackwardInputThreeStep(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w,
        Span<float> dx, Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardInputThreeStep<Simd512, Vector512<float>>(args, dy, w, dx, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardInputThreeStep<Simd256, Vector256<float>>(args, dy, w, dx, scratch, pool);
        }
        else
        {
            BackwardInputThreeStep<Simd128, Vector128<float>>(args, dy, w, dx, scratch, pool);
        }
    }

    /// <summary>The gradient of the weight step by step, added.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="dw">Gradient of w, <c>args.Weight</c>, added to.</param>
    /// <param name="scratch">At least <see cref="ThreeStepScratchLength"/> elements.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, short scratch, or dw overlaps dy or x.</exception>
    public static void BackwardWeightThreeStep(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dw, Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeightThreeStep<Simd512, Vector512<float>>(args, dy, x, dw, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeightThreeStep<Simd256, Vector256<float>>(args, dy, x, dw, scratch, pool);
        }
        else
        {
            BackwardWeightThreeStep<Simd128, Vector128<float>>(args, dy, x, dw, scratch, pool);
        }
    }

    internal static void ForwardThreeStep<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w,
        Span<float> y, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        const string Name = "MuxConv.ForwardThreeStep";
        CheckForward(args, x, w, y, Name);
        Guard.Scratch(scratch, ThreeStepScratchLength(args, WorkPool.Threads(pool)), Name);
        Guard.Separate(scratch, Name, x, w, y);
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            Steps<TSimd, TVector> steps = new(args, p, scratch, pool);
            steps.Bring(args.X, x, p.InputMap, steps.Input);
            WindowWork.Forward<TSimd, TVector>([Groups(p)], Batch(args, p.InputMap), Batch(args, p.OutputMap),
                steps.Input, p.WeightOf(w), [], steps.Output, steps.Own, pool);
            steps.Return(steps.Output, p.OutputMap, args.Y, y);
        }
    }

    internal static void BackwardInputThreeStep<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> w, Span<float> dx, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        const string Name = "MuxConv.BackwardInputThreeStep";
        CheckBackwardInput(args, dy, w, dx, Name);
        Guard.Scratch(scratch, ThreeStepScratchLength(args, WorkPool.Threads(pool)), Name);
        Guard.Separate(scratch, Name, dy, w, dx);
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            Steps<TSimd, TVector> steps = new(args, p, scratch, pool);
            steps.Bring(args.Y, dy, p.OutputMap, steps.Output);
            WindowWork.BackwardInput<TSimd, TVector>([Groups(p)], Batch(args, p.InputMap), Batch(args, p.OutputMap),
                steps.Output, p.WeightOf(w), steps.Input, steps.Own, pool);
            steps.Return(steps.Input, p.InputMap, args.X, dx);
        }
    }

    internal static void BackwardWeightThreeStep<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> x, Span<float> dw, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        const string Name = "MuxConv.BackwardWeightThreeStep";
        CheckBackwardWeight(args, dy, x, dw, Name);
        Guard.Scratch(scratch, ThreeStepScratchLength(args, WorkPool.Threads(pool)), Name);
        Guard.Separate(scratch, Name, dy, x, dw);
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            Steps<TSimd, TVector> steps = new(args, p, scratch, pool);
            steps.Bring(args.X, x, p.InputMap, steps.Input);
            steps.Bring(args.Y, dy, p.OutputMap, steps.Output);
            WindowWork.BackwardWeight<TSimd, TVector>([Groups(p)], Batch(args, p.InputMap), Batch(args, p.OutputMap),
                steps.Output, steps.Input, dw.Slice(p.WeightOffset, (int)p.Weight.Length), steps.Own, pool);
        }
    }

    private static WindowPart Groups(in MuxPart p) =>
        new(p.Window, p.Transformed.C / p.ChannelsPerGroup, p.ChannelsPerGroup, p.ChannelsPerGroup);

    private static Shape Batch(in Args args, Shape map) => map with { N = args.X.N };

    private static long TensorLength(in Args args)
    {
        long longest = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            longest = Math.Max(longest, args.X.N * Math.Max(p.InputMap.Length, p.OutputMap.Length));
        }

        return longest;
    }

    /// <summary>The whole intermediate tensors of one part.</summary>
    private readonly ref struct Steps<TSimd, TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly MuxPart part;
        private readonly WorkPool? pool;
        private readonly int factor;
        private readonly Span<float> image;

        public Steps(in Args args, in MuxPart part, Span<float> scratch, WorkPool? pool)
        {
            int tensor = (int)TensorLength(args);
            (this.part, this.pool, factor) = (part, pool, args.Factor);
            image = scratch[..tensor];
            Input = scratch.Slice(tensor, (int)Batch(args, part.InputMap).Length);
            Output = scratch.Slice(2 * tensor, (int)Batch(args, part.OutputMap).Length);
            Own = scratch[(3 * tensor)..];
        }

        /// <summary>The rearranged map that the convolution reads.</summary>
        public Span<float> Input { get; }

        /// <summary>The rearranged map that the convolution writes.</summary>
        public Span<float> Output { get; }

        /// <summary>The convolution's own scratch memory.</summary>
        public Span<float> Own { get; }

        /// <summary>Cuts the part out of a tensor and rearranges it.</summary>
        public void Bring(Shape tensor, ReadOnlySpan<float> from, Shape shape, Span<float> map)
        {
            Shape whole = Whole(shape with { N = tensor.N });
            Span<float> cut = part.Scale == 0 ? map : image[..map.Length];
            Copy(from, tensor, part.FirstChannel, cut, whole, 0);
            if (part.Scale < 0)
            {
                SpaceToChannel.Forward<TSimd, TVector>(new SpaceToChannel.Args(whole, factor), cut, map, pool);
            }
            else if (part.Scale > 0)
            {
                ChannelToSpace.Forward<TSimd, TVector>(new ChannelToSpace.Args(whole, factor), cut, map, pool);
            }
        }

        /// <summary>Rearranges a map back and puts it in its place.</summary>
        public void Return(Span<float> map, Shape shape, Shape tensor, Span<float> to)
        {
            Shape whole = Whole(shape with { N = tensor.N });
            Span<float> cut = part.Scale == 0 ? map : image[..map.Length];
            if (part.Scale < 0)
            {
                ChannelToSpace.Forward<TSimd, TVector>(new SpaceToChannel.Args(whole, factor).Inverse, map, cut, pool);
            }
            else if (part.Scale > 0)
            {
                SpaceToChannel.Forward<TSimd, TVector>(new ChannelToSpace.Args(whole, factor).Inverse, map, cut, pool);
            }

            Copy(cut, whole, 0, to, tensor, part.FirstChannel);
        }

        /// <summary>The part before its rearrangement, padded to a multiple of r where asked for.</summary>
        private Shape Whole(Shape map)
        {
            int r = factor;
            return part.Scale switch
            {
                < 0 => new Shape(map.N, part.Channels, map.H * r, map.W * r),
                0 => map,
                _ => new Shape(map.N, part.Channels, map.H / r, map.W / r),
            };
        }

        private void Copy(ReadOnlySpan<float> from, Shape source, int first, Span<float> to, Shape target, int place)
        {
            fixed (float* pf = from, pt = to)
            {
                WorkPool.For(pool, source.N * part.Channels,
                    new PlaneCopy(part.Channels, pf, source, first, pt, target, place));
            }
        }
    }

    /// <summary>One plane: copied, with zeros where the source has no pixel and without what the target has
    /// not.</summary>
    private readonly struct PlaneCopy(int channels, float* from, Shape source, int first, float* to, Shape target,
        int place) : IWork
    {
        public void Run(int index, int worker)
        {
            (int n, int c) = Math.DivRem(index, channels);
            ReadOnlySpan<float> f = new(from + ((nint)n * source.C + first + c) * source.Pixels, source.Pixels);
            Span<float> t = new(to + ((nint)n * target.C + place + c) * target.Pixels, target.Pixels);
            if (source.W == target.W && source.H == target.H)
            {
                f.CopyTo(t);
                return;
            }

            int columns = Math.Min(source.W, target.W);
            for (int h = 0; h < target.H; h++)
            {
                Span<float> row = t.Slice(h * target.W, target.W);
                if (h >= source.H)
                {
                    row.Clear();
                    continue;
                }

                f.Slice(h * source.W, columns).CopyTo(row);
                row[columns..].Clear();
            }
        }
    }
}
