using System.Numerics;

namespace MuxKernels.Training;

/// <summary>
/// Both gradients of a 1×1 convolution, run of pixels by run of pixels: dz goes into scratch, is multiplied with the
/// input for the weights and with the weights for the input. Groups of runs keep sums of their own, added in their
/// order.
/// </summary>
internal sealed unsafe class PointwiseBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Most floats of all groups' sums.</summary>
    private const int SumFloats = 2_000_000;

    private readonly PointwiseUnit<TSimd, TVector> unit;
    private readonly UnitGradient<TSimd, TVector> gradient;
    private readonly GradientEnd<TSimd, TVector>[] ends;
    private readonly Cuts groups;
    private readonly int length;
    private readonly int packedLength;

    /// <param name="unit">The convolution.</param>
    /// <param name="gradient">The gradient of its result.</param>
    /// <param name="ends">The gradients of the operand's maps.</param>
    public PointwiseBackward(PointwiseUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector>[] ends)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient, this.ends) = (unit, gradient, ends);
        Array.ForEach(ends, e => (e.Parts, e.Runs) = (unit.Runs.Count, unit.Runs));
        length = BlockedPointwiseGradient<TSimd, TVector>.PackedLength(unit.Dense.Channels.Length, unit.OutSlots.Length);
        packedLength = BlockedPointwise<TSimd, TVector>.PackedLength(unit.OutChannels.Length, unit.Dense.Blocks);
        int most = Math.Clamp(SumFloats / length, 2, 8);
        groups = new Cuts(unit.Runs.Count, (unit.Runs.Count + most - 1) / most);
        MultiplyAdds = 2 * unit.Args.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => (long)unit.Runs.Each * TSimd.Lanes
        * (unit.Z.Blocks + (unit.Dense.IsInPlace ? 0 : Keeps ? 2 * unit.Dense.Blocks : unit.Dense.Blocks));

    /// <inheritdoc/>
    public override long SharedLength => packedLength + (long)length * groups.Count;

    /// <summary>Whether σ of the operand is kept for the sums behind its gradient.</summary>
    private bool Keeps => unit.X.Activated is not null && ends[0].Keeps;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, unit.GradientColumns, new PackJob(this, c));
        WorkPool.For(c.Pool, groups.Count, new Job(this, c));
        float* total = c.Shared + packedLength;
        SumReduction.Run(c.Pool, total, length, groups.Count);
        BlockedPointwiseGradient<TSimd, TVector>.Unpack(total, unit.Dense.Channels, unit.OutSlots,
            CpuDevice.Span(unit.Weight.Gradient), unit.Args.X.C);
    }

    private void RunGroup(int group, float* scratch, TrainingContext c)
    {
        float* sums = c.Shared + packedLength + (long)group * length;
        new Span<float>(sums, length).Clear();
        for (int i = 0; i < groups.Length(group); i++)
        {
            RunOne(groups.First(group) + i, sums, scratch, c);
        }
    }

    private void RunOne(int run, float* sums, float* dz, TrainingContext c)
    {
        int first = unit.Runs.First(run), pixels = unit.Runs.Length(run);
        int block = pixels * TSimd.Lanes;
        gradient.Fill(c, first, 1, pixels, 0, unit.Z.Blocks, dz, block, 0);
        float* own = dz + (long)unit.Z.Blocks * block;
        float* kept = Keeps ? own + (long)unit.Dense.Blocks * block : null;
        unit.Dense.Fill(c, first, pixels, 0, unit.Dense.Blocks, own, kept);
        BatchMap map = unit.X.Runs[0].Map, dx = unit.X.Runs[0].Gradient.Map;
        bool isInPlace = unit.Dense.IsInPlace, gathers = unit.Dense.Gathers;
        BlockedPointwiseGradientBand band = new()
        {
            A = isInPlace ? map.At(c.Arena, first) : own,
            ABlock = isInPlace ? map.BlockStride : block,
            Dz = dz,
            DzBlock = block,
            InSlots = unit.Dense.Channels.Length,
            OutSlots = unit.OutSlots.Length,
            Images = 1,
            Rows = 1,
            Columns = pixels,
            Packed = sums,
        };
        BlockedPointwiseGradient<TSimd, TVector>.Run(band);

        // The gradient of gathered channels takes their place: nobody reads them any more.
        for (int column = 0; column < unit.GradientColumns; column++)
        {
            int firstBlock = column * BlockedPointwise<TSimd, TVector>.ColumnVectors;
            int stride = gathers ? block : dx.BlockStride;
            float* y = (gathers ? own : dx.At(c.Arena, first)) + (long)firstBlock * stride;
            int vectors = unit.RunGradient(run, column, dz,
                c.Shared + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, unit.OutChannels.Length), y, stride,
                !gathers && ends[0].Adds);
            if (!gathers)
            {
                ends[0].Done(c, run, first, pixels, firstBlock, vectors,
                    kept is null ? null : kept + (long)firstBlock * block, block);
            }
        }

        for (int r = 0; gathers && r < ends.Length; r++)
        {
            for (int b = 0; b < ends[r].Map.Map.Blocks; b++)
            {
                unit.Dense.Scatter(c, first, pixels, r, b, ends[r].Adds, own);
                ends[r].Done(c, run, first, pixels, b, 1);
            }
        }
    }

    private readonly struct Job(PointwiseBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
    }

    private readonly struct PackJob(PointwiseBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.unit.PackTransposed(index, c.Shared
            + BlockedPointwise<TSimd, TVector>.ColumnOffset(index, step.unit.OutChannels.Length));
    }
}

/// <summary>Adds the sums of groups to those of the first one, in their order.</summary>
internal static unsafe class SumReduction
{
    private const int Piece = 4096;

    /// <summary>Adds.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="sums">Sums of the first group; the others follow.</param>
    /// <param name="length">Floats of a group.</param>
    /// <param name="groups">Groups.</param>
    public static void Run(WorkPool? pool, float* sums, int length, int groups)
    {
        if (groups > 1)
        {
            WorkPool.For(pool, (length + Piece - 1) / Piece, new Job(sums, length, groups));
        }
    }

    private readonly struct Job(float* sums, int length, int groups) : IWork
    {
        private readonly float* sums = sums;

        public void Run(int index, int worker)
        {
            int count = Math.Min(Piece, length - index * Piece);
            float* to = sums + (long)index * Piece;
            for (int g = 1; g < groups; g++)
            {
                float* from = to + (long)g * length;
                int i = 0;
                for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
                {
                    Vector.Store(Vector.Load(to + i) + Vector.Load(from + i), to + i);
                }

                for (; i < count; i++)
                {
                    to[i] += from[i];
                }
            }
        }
    }
}
