namespace MuxKernels.Training;

/// <summary>
/// Both gradients of a 1×1 convolution whose maps are small and weights many. dz and the input of the whole batch are
/// computed once; then some rows of weights' gradients are summed over all pixels and added at once, and columns of the
/// input gradient pack their own weights: no sums but those of one piece of work, each weight and each gradient touched
/// once.
/// </summary>
internal sealed unsafe class PointwiseNarrowBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Most floats of the sums of some rows.</summary>
    private const int SumFloats = 32_768;

    private readonly PointwiseUnit<TSimd, TVector> unit;
    private readonly UnitGradient<TSimd, TVector> gradient;
    private readonly GradientEnd<TSimd, TVector>[] ends;
    private readonly Cuts rows;
    private readonly (int Run, int Block)[] scattered;

    /// <param name="unit">The convolution.</param>
    /// <param name="gradient">The gradient of its result.</param>
    /// <param name="ends">The gradients of the operand's maps.</param>
    public PointwiseNarrowBackward(PointwiseUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector>[] ends)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient, this.ends) = (unit, gradient, ends);
        Array.ForEach(ends, e => (e.Parts, e.Runs) = (1, unit.Runs));
        rows = new Cuts(unit.Z.Blocks, Math.Clamp(SumFloats / (unit.Dense.Channels.Length * TSimd.Lanes), 1, 4));
        scattered = !unit.Dense.Gathers ? [] : [.. Enumerable.Range(0, ends.Length).SelectMany(r =>
            Enumerable.Range(0, ends[r].Map.Map.Blocks).Select(b => (r, b)))];
        MultiplyAdds = 2 * unit.Args.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => Math.Max(
        BlockedPointwiseGradient<TSimd, TVector>.PackedLength(unit.Dense.Channels.Length, rows.Each * TSimd.Lanes),
        BlockedPointwise<TSimd, TVector>.PackedLength(unit.OutChannels.Length,
            BlockedPointwise<TSimd, TVector>.ColumnVectors));

    /// <inheritdoc/>
    public override long SharedLength => (long)Block * (unit.Z.Blocks + (unit.Dense.IsInPlace ? 0 : unit.Dense.Blocks)
        + (unit.Dense.Gathers || Keeps ? unit.Dense.Blocks : 0));

    /// <summary>Whether σ of the operand is kept for the sums behind its gradient.</summary>
    private bool Keeps => unit.X.Activated is not null && ends[0].Keeps;

    private int Block => unit.Z.Pixels * TSimd.Lanes;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, unit.Z.Blocks + (unit.Dense.IsInPlace ? 0 : unit.Dense.Blocks), new FillJob(this, c));
        WorkPool.For(c.Pool, rows.Count + unit.GradientColumns, new ProductJob(this, c));
        WorkPool.For(c.Pool, scattered.Length, new ScatterJob(this, c));
    }

    /// <summary>The operand, behind dz.</summary>
    private float* Input(TrainingContext c) => c.Shared + (long)unit.Z.Blocks * Block;

    /// <summary>Gradients of gathered channels or what was kept, behind the operand.</summary>
    private float* Behind(TrainingContext c) => Input(c) + (long)unit.Dense.Blocks * Block;

    private void AddWeights(int index, float* packed, TrainingContext c)
    {
        int first = rows.First(index) * TSimd.Lanes, inSlots = unit.Dense.Channels.Length;
        int slots = Math.Min(rows.Each * TSimd.Lanes, unit.OutSlots.Length - first);
        BatchMap map = unit.X.Runs[0].Map;
        new Span<float>(packed, BlockedPointwiseGradient<TSimd, TVector>.PackedLength(inSlots, slots)).Clear();
        BlockedPointwiseGradientBand band = new()
        {
            A = unit.Dense.IsInPlace ? map.At(c.Arena, 0) : Input(c),
            ABlock = unit.Dense.IsInPlace ? map.BlockStride : Block,
            Dz = c.Shared + (long)(first / TSimd.Lanes) * Block,
            DzBlock = Block,
            InSlots = inSlots,
            OutSlots = slots,
            Images = 1,
            Rows = 1,
            Columns = unit.Z.Pixels,
            Packed = packed,
        };
        BlockedPointwiseGradient<TSimd, TVector>.Run(band);
        BlockedPointwiseGradient<TSimd, TVector>.Unpack(packed, unit.Dense.Channels,
            unit.OutSlots.AsSpan(first, slots), CpuDevice.Span(unit.Weight.Gradient), unit.Args.X.C);
    }

    private void RunColumn(int column, float* packed, TrainingContext c)
    {
        bool gathers = unit.Dense.Gathers;
        BatchMap dx = unit.X.Runs[0].Gradient.Map;
        int firstBlock = column * BlockedPointwise<TSimd, TVector>.ColumnVectors;
        int stride = gathers ? Block : dx.BlockStride;
        unit.PackTransposed(column, packed);
        int vectors = unit.RunGradient(0, column, c.Shared, packed,
            (gathers ? Behind(c) : dx.At(c.Arena, 0)) + (long)firstBlock * stride, stride, !gathers && ends[0].Adds);
        if (!gathers)
        {
            ends[0].Done(c, 0, 0, unit.Z.Pixels, firstBlock, vectors,
                Keeps ? Behind(c) + (long)firstBlock * Block : null, Block);
        }
    }

    private readonly struct FillJob(PointwiseNarrowBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker)
        {
            int pixels = step.unit.Z.Pixels, block = index - step.unit.Z.Blocks;
            if (block >= 0)
            {
                step.unit.Dense.Fill(c, 0, pixels, block, 1, step.Input(c), step.Keeps ? step.Behind(c) : null);
            }
            else
            {
                step.gradient.Fill(c, 0, 1, pixels, index, 1, c.Shared + (long)index * step.Block, step.Block, 0);
            }
        }
    }

    private readonly struct ProductJob(PointwiseNarrowBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker)
        {
            if (index < step.rows.Count)
            {
                step.AddWeights(index, c.Scratch(worker), c);
            }
            else
            {
                step.RunColumn(index - step.rows.Count, c.Scratch(worker), c);
            }
        }
    }

    private readonly struct ScatterJob(PointwiseNarrowBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker)
        {
            (int run, int block) = step.scattered[index];
            step.unit.Dense.Scatter(c, 0, step.unit.Z.Pixels, run, block, step.ends[run].Adds, step.Behind(c));
            step.ends[run].Done(c, 0, 0, step.unit.Z.Pixels, block, 1);
        }
    }
}
