namespace MuxKernels.Training;

/// <summary>1×1 convolution of a batch, run of pixels by run of pixels, with the moments of its result.</summary>
internal sealed unsafe class PointwiseForward<TSimd, TVector>(PointwiseUnit<TSimd, TVector> unit, NormUnit norm)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override long ScratchLength => unit.ReadsInPlace ? 0
        : (long)unit.X.Blocks * TSimd.Lanes * unit.Runs.Each;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        norm.Aim();
        WorkPool.For(c.Pool, unit.Runs.Count, new Job(this, c));
        norm.Forward();
    }

    private void RunOne(int run, float* scratch, TrainingContext c)
    {
        int first = unit.Runs.First(run), pixels = unit.Runs.Length(run), lanes = TSimd.Lanes;
        float* sums = norm.SumsOf(run);
        new Span<float>(sums, 2 * unit.Z.Slots).Clear();
        int* offsets = (int*)unit.Offsets.Pointer + (run + 1 == unit.Runs.Count ? unit.Inputs.Length : 0);
        float* x = c.Arena + (long)first * lanes;
        if (!unit.ReadsInPlace)
        {
            unit.X.Fill(c, first, pixels, scratch);
            x = scratch;
        }

        float* z = unit.Z.At(c.Arena, first);
        for (int block = 0, column = 0; block < unit.Z.Blocks; block += 2, column++)
        {
            int vectors = Math.Min(2, unit.Z.Blocks - block);
            float* y = z + (long)block * unit.Z.BlockStride;
            PointwiseColumn work = new()
            {
                X = x,
                XRowStride = pixels * lanes,
                Offsets = offsets,
                Depth = unit.Inputs.Length,
                W = unit.Packed.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, unit.Inputs.Length),
                Vectors = vectors,
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
                Blocks = vectors,
                Rows = 1,
                Columns = pixels,
                Z = y,
                ZBlock = unit.Z.BlockStride,
            };
            Moments(&band, norm.About.Pointer + block * lanes, sums + block * lanes, unit.Z.Slots);
        }
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

    private readonly struct Job(PointwiseForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker), c);
    }
}
