using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>The dense convolution that reads the images: forward with moments, and its weight gradient. Images want no
/// gradient.</summary>
internal sealed unsafe class StemUnit<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of the result in a band, about.</summary>
    private const int BandFloats = 60_000;

    private readonly float[] ordered;

    public StemUnit(string name, DenseConv.Args args, Parameter weight, BatchMap z, NumberPool pool)
    {
        (Name, Args, Weight, Z) = (name, args, weight, z);
        Shape one = args.X with { N = 1 };
        Wide = new DenseConv.Args(one, z.Slots, args.Window.Kernel, args.Window.Stride, args.Window.Dilation,
            args.Window.Padding);
        int rows = Math.Clamp(BandFloats / (z.Slots * args.Y.W), 1, args.Y.H);
        Bands = (args.Y.H + rows - 1) / rows;
        Packed = pool.Reserve(BlockedStem<TSimd, TVector>.PackedLength(Wide));
        ordered = new float[Z.Slots * args.X.C * args.Window.Taps];
        Zeros = pool.Reserve(z.Slots);
    }

    /// <summary>Path of the module.</summary>
    public string Name { get; }

    /// <summary>Geometry of the batch.</summary>
    public DenseConv.Args Args { get; }

    /// <summary>Geometry of an image with an output channel for each slot.</summary>
    public DenseConv.Args Wide { get; }

    /// <summary>Weights.</summary>
    public Parameter Weight { get; }

    /// <summary>The result.</summary>
    public BatchMap Z { get; }

    /// <summary>Bands of an image.</summary>
    public int Bands { get; }

    /// <summary>Images times bands.</summary>
    public int Items => Z.Shape.N * Bands;

    /// <summary>Packed weights.</summary>
    public Numbers Packed { get; }

    /// <summary>A bias of zeros.</summary>
    public Numbers Zeros { get; }

    /// <summary>Rows of a band.</summary>
    public (int First, int Count) Rows(int band)
    {
        int first = Args.Y.H * band / Bands;
        return (first, Args.Y.H * (band + 1) / Bands - first);
    }

    /// <summary>Packs the weights.</summary>
    public void Pack()
    {
        ReadOnlySpan<float> w = CpuDevice.Span(Weight.Data);
        int each = Args.X.C * Args.Window.Taps;
        for (int s = 0; s < Z.Slots; s++)
        {
            if (Z.Order[s] >= 0)
            {
                w.Slice(Z.Order[s] * each, each).CopyTo(ordered.AsSpan(s * each));
            }
        }

        BlockedStem<TSimd, TVector>.Pack(Wide, ordered, [], Packed.Pointer);
    }
}

/// <summary>Forward.</summary>
internal sealed unsafe class StemForward<TSimd, TVector>(StemUnit<TSimd, TVector> unit, NormUnit norm)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override long ScratchLength => BlockedStem<TSimd, TVector>.ScratchLength(unit.Wide,
        (unit.Args.Y.H + unit.Bands - 1) / unit.Bands) + 16;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        norm.Aim();
        WorkPool.For(c.Pool, unit.Items, new Job(this, c));
        norm.Forward();
    }

    private void RunOne(int item, float* scratch, TrainingContext c)
    {
        (int image, int band) = (item / unit.Bands, item % unit.Bands);
        (int first, int rows) = unit.Rows(band);
        BatchMap z = unit.Z;
        int width = unit.Args.Y.W, lanes = TSimd.Lanes;
        float* y = z.At(c.Arena, image * z.ImagePixels);
        BlockedStore store = new()
        {
            Y = y, BlockStride = z.BlockStride, RowStride = width * lanes, Bias = unit.Zeros.Pointer,
        };
        BlockedStem<TSimd, TVector>.Run(unit.Wide, c.Images + image * unit.Wide.X.ImageLength, unit.Packed.Pointer,
            store, first, rows, scratch);
        float* sums = norm.SumsOf(item);
        new Span<float>(sums, 2 * z.Slots).Clear();
        BlockedBand done = new()
        {
            Blocks = z.Blocks,
            Rows = 1,
            Columns = rows * width,
            Z = y + (long)first * width * lanes,
            ZBlock = z.BlockStride,
        };
        BlockedNorm<TSimd, TVector>.Moments(&done, norm.About.Pointer, sums);
    }

    private readonly struct Job(StemForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker), c);
    }
}

/// <summary>The stem's weight gradient; groups of bands keep sums of their own.</summary>
internal sealed unsafe class StemBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int MostGroups = 8;

    private readonly StemUnit<TSimd, TVector> unit;
    private readonly UnitGradient<TSimd, TVector> gradient;
    private readonly Cuts groups;
    private readonly int length;
    private readonly Numbers sums;
    private readonly float[] slots;

    public StemBackward(StemUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient, NumberPool pool)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient) = (unit, gradient);
        groups = new Cuts(unit.Items, (unit.Items + MostGroups - 1) / MostGroups);
        length = (BlockedStemGradient<TSimd, TVector>.PackedLength(unit.Wide) + 15) / 16 * 16;
        sums = pool.Reserve((long)length * groups.Count);
        slots = new float[unit.Z.Slots * unit.Wide.Depth];
        MultiplyAdds = unit.Args.MultiplyAdds;
    }

    private int MostRows => (unit.Args.Y.H + unit.Bands - 1) / unit.Bands;

    private long GradientLength => ((long)unit.Z.Slots * MostRows * unit.Args.Y.W + 15) / 16 * 16;

    /// <inheritdoc/>
    public override long ScratchLength => GradientLength
        + BlockedStemGradient<TSimd, TVector>.ScratchLength(unit.Wide, MostRows) + 16;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, groups.Count, new Job(this, c));
        SumReduction.Run(c.Pool, sums.Pointer, length, groups.Count);
        Array.Clear(slots);
        BlockedStemGradient<TSimd, TVector>.Unpack(unit.Wide, sums.Pointer, slots);
        Span<float> dw = CpuDevice.Span(unit.Weight.Gradient);
        int each = unit.Wide.Depth;
        for (int s = 0; s < unit.Z.Slots; s++)
        {
            for (int i = 0; unit.Z.Order[s] >= 0 && i < each; i++)
            {
                dw[unit.Z.Order[s] * each + i] += slots[s * each + i];
            }
        }
    }

    private void RunGroup(int group, float* scratch, TrainingContext c)
    {
        float* packed = sums.Pointer + (long)group * length;
        new Span<float>(packed, length).Clear();
        int width = unit.Args.Y.W, lanes = TSimd.Lanes;
        for (int i = 0; i < groups.Length(group); i++)
        {
            int item = groups.First(group) + i;
            (int image, int band) = (item / unit.Bands, item % unit.Bands);
            (int first, int rows) = unit.Rows(band);
            nint row = (nint)width * lanes, block = rows * row;
            gradient.Fill(c, image * unit.Z.ImagePixels + first * width, 1, rows * width, 0, unit.Z.Blocks, scratch,
                block, 0);
            BlockedStemGradient<TSimd, TVector>.Run(unit.Wide, c.Images + image * unit.Wide.X.ImageLength,
                scratch - first * row, block, row, packed, first, rows, scratch + GradientLength);
        }
    }

    private readonly struct Job(StemBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
    }
}
