namespace MuxKernels.Training;

/// <summary>
/// 1×1 convolution of a batch with the moments of its result: run of pixels by run of pixels with weights that were
/// packed before, or, where maps are small and weights many, column by column, each of which packs its own.
/// </summary>
internal sealed unsafe class PointwiseForward<TSimd, TVector>(PointwiseUnit<TSimd, TVector> unit, NormUnit norm)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private PointwiseUnit<TSimd, TVector> Unit => unit;

    /// <inheritdoc/>
    public override long ScratchLength => unit.IsNarrow ? ColumnLength
        : unit.ReadsInPlace ? 0 : (long)unit.X.Blocks * TSimd.Lanes * unit.Runs.Each;

    /// <inheritdoc/>
    public override long SharedLength => !unit.IsNarrow
        ? BlockedPointwise<TSimd, TVector>.PackedLength(unit.Inputs.Length, unit.Z.Blocks)
        : unit.ReadsInPlace ? 0 : (long)unit.X.Blocks * TSimd.Lanes * unit.Z.Pixels;

    private int ColumnLength => BlockedPointwise<TSimd, TVector>.PackedLength(unit.Inputs.Length,
        BlockedPointwise<TSimd, TVector>.ColumnVectors);

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        norm.Aim();
        if (unit.IsNarrow)
        {
            if (!unit.ReadsInPlace)
            {
                WorkPool.For(c.Pool, unit.X.Blocks, new FillJob(this, c));
            }

            new Span<float>(norm.SumsOf(0), 2 * unit.Z.Slots).Clear();
            WorkPool.For(c.Pool, unit.Columns, new ColumnJob(this, c));
        }
        else
        {
            WorkPool.For(c.Pool, unit.Columns, new PackJob(this, c));
            WorkPool.For(c.Pool, unit.Runs.Count, new RunJob(this, c));
        }

        norm.Forward();
    }

    private void RunOne(int run, float* scratch, TrainingContext c)
    {
        int first = unit.Runs.First(run), pixels = unit.Runs.Length(run);
        new Span<float>(norm.SumsOf(run), 2 * unit.Z.Slots).Clear();
        float* x = c.Arena + (long)first * TSimd.Lanes;
        if (!unit.ReadsInPlace)
        {
            unit.X.Fill(c, first, pixels, scratch);
            x = scratch;
        }

        for (int column = 0; column < unit.Columns; column++)
        {
            RunColumn(run, column, x,
                c.Shared + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, unit.Inputs.Length), c);
        }
    }

    private void RunColumn(int run, int column, float* x, float* packed, TrainingContext c)
    {
        int first = unit.Runs.First(run), pixels = unit.Runs.Length(run), lanes = TSimd.Lanes;
        int block = column * BlockedPointwise<TSimd, TVector>.ColumnVectors;
        float* y = unit.Z.At(c.Arena, first) + (long)block * unit.Z.BlockStride;
        PointwiseColumn work = new()
        {
            X = x,
            XRowStride = pixels * lanes,
            Offsets = (int*)unit.Offsets.Pointer + (run + 1 == unit.Runs.Count ? unit.Inputs.Length : 0),
            Depth = unit.Inputs.Length,
            W = packed,
            Vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, unit.Z.Blocks),
            Width = pixels,
            Rows = 1,
            Store = new BlockedStore
            {
                Y = y,
                BlockStride = unit.Z.BlockStride,
                RowStride = pixels * lanes,
                Bias = unit.Zeros.Pointer,
            },
        };
        BlockedPointwise<TSimd, TVector>.Run(work);
        BlockedBand band = new()
        {
            Blocks = work.Vectors,
            Rows = 1,
            Columns = pixels,
            Z = y,
            ZBlock = unit.Z.BlockStride,
        };
        Moments(&band, norm.About.Pointer + block * lanes, norm.SumsOf(run) + block * lanes, unit.Z.Slots);
    }

    /// <summary>Moments of some blocks into the sums of all of them.</summary>
    internal static void Moments(BlockedBand* band, float* about, float* sums, int slots)
    {
        int own = band->Blocks * TSimd.Lanes;
        float* both = stackalloc float[4 * TSimd.Lanes];
        new Span<float>(both, 2 * own).Clear();
        BlockedNorm<TSimd, TVector>.Moments(band, about, both);
        for (int s = 0; s < own; s++)
        {
            sums[s] += both[s];
            sums[slots + s] += both[own + s];
        }
    }

    private readonly struct RunJob(PointwiseForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker), c);
    }

    private readonly struct PackJob(PointwiseForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.Unit.Pack(index, c.Shared
            + BlockedPointwise<TSimd, TVector>.ColumnOffset(index, step.Unit.Inputs.Length));
    }

    private readonly struct FillJob(PointwiseForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker)
        {
            nint block = (nint)step.Unit.Z.Pixels * TSimd.Lanes;
            step.Unit.X.FillRows(c, 0, 1, step.Unit.Z.Pixels, index, 1, c.Shared + index * block, block, 0);
        }
    }

    private readonly struct ColumnJob(PointwiseForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker)
        {
            float* packed = c.Scratch(worker);
            step.Unit.Pack(index, packed);
            step.RunColumn(0, index, step.Unit.ReadsInPlace ? c.Arena : c.Shared, packed, c);
        }
    }
}
