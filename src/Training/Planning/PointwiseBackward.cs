using System.Numerics;

namespace MuxKernels.Training;

/// <summary>
/// Both gradients of a 1×1 convolution, run of pixels by run of pixels: dz goes into scratch, is multiplied with the input
/// for the weights and with the weights for the input. Groups of runs keep sums of their own, added in their order.
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
    private readonly int[] lengths;
    private readonly Numbers[] sums;

    /// <param name="unit">The convolution.</param>
    /// <param name="gradient">The gradient of its result.</param>
    /// <param name="ends">The gradients of the operand's maps.</param>
    /// <param name="pool">Where the sums are reserved.</param>
    public PointwiseBackward(PointwiseUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector>[] ends, NumberPool pool)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient, this.ends) = (unit, gradient, ends);
        Array.ForEach(ends, e => (e.Parts, e.Runs) = (unit.Runs.Count, unit.Runs));
        lengths = [.. unit.X.Runs.Select(r =>
            BlockedPointwiseGradient<TSimd, TVector>.PackedLength(r.Map.Slots, unit.Z.Slots))];
        int most = (int)Math.Clamp(SumFloats / (long)lengths.Sum(), 2, 8);
        groups = new Cuts(unit.Runs.Count, (unit.Runs.Count + most - 1) / most);
        sums = [.. lengths.Select(l => pool.Reserve((long)l * groups.Count))];
        MultiplyAdds = 2 * unit.Args.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => (long)unit.Runs.Each * TSimd.Lanes
        * (unit.Z.Blocks + (unit.ReadsInPlace ? 0 : ends[0].Keeps ? 2 * unit.X.Blocks : unit.X.Blocks));

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, groups.Count, new Job(this, c));
        for (int r = 0; r < sums.Length; r++)
        {
            float* total = sums[r].Pointer;
            SumReduction.Run(c.Pool, total, lengths[r], groups.Count);
            BlockedPointwiseGradient<TSimd, TVector>.Unpack(total, unit.InChannels[r], unit.Z.Order,
                CpuDevice.Span(unit.Weight.Gradient), unit.Args.X.C);
        }
    }

    private void RunGroup(int group, float* scratch, TrainingContext c)
    {
        for (int r = 0; r < sums.Length; r++)
        {
            new Span<float>(sums[r].Pointer + (long)group * lengths[r], lengths[r]).Clear();
        }

        for (int i = 0; i < groups.Length(group); i++)
        {
            RunOne(groups.First(group) + i, group, scratch, c);
        }
    }

    private void RunOne(int run, int group, float* dz, TrainingContext c)
    {
        int first = unit.Runs.First(run), pixels = unit.Runs.Length(run), lanes = TSimd.Lanes;
        nint block = (nint)pixels * lanes;
        gradient.Fill(c, first, 1, pixels, 0, unit.Z.Blocks, dz, block, 0);
        float* a = dz + (long)unit.Z.Blocks * block;
        float* kept = !unit.ReadsInPlace && ends[0].Keeps ? a + (long)unit.X.Blocks * block : null;
        if (!unit.ReadsInPlace)
        {
            unit.X.Fill(c, first, pixels, a, kept);
        }

        int* offsets = (int*)unit.GradientOffsets.Pointer
            + (run + 1 == unit.Runs.Count ? unit.OutChannels.Length : 0);
        for (int r = 0; r < sums.Length; r++)
        {
            (BatchMap map, GradientMap dx, int firstBlock) = unit.X.Runs[r];
            BlockedPointwiseGradientBand band = new()
            {
                A = unit.ReadsInPlace ? map.At(c.Arena, first) : a + firstBlock * block,
                ABlock = unit.ReadsInPlace ? map.BlockStride : block,
                Dz = dz,
                DzBlock = block,
                InSlots = map.Slots,
                OutSlots = unit.Z.Slots,
                Images = 1,
                Rows = 1,
                Columns = pixels,
                Packed = sums[r].Pointer + (long)group * lengths[r],
            };
            BlockedPointwiseGradient<TSimd, TVector>.Run(band);
            for (int first2 = 0, column = 0; first2 < map.Blocks; first2 += 2, column++)
            {
                float* y = dx.Map.At(c.Arena, first) + (long)first2 * dx.Map.BlockStride;
                PointwiseColumn work = new()
                {
                    X = dz,
                    XRowStride = pixels * lanes,
                    Offsets = offsets,
                    Depth = unit.OutChannels.Length,
                    W = unit.Transposed[r].Pointer
                        + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, unit.OutChannels.Length),
                    Vectors = Math.Min(2, map.Blocks - first2),
                    Width = pixels,
                    Rows = 1,
                    Store = new BlockedStore
                    {
                        Y = y,
                        BlockStride = dx.Map.BlockStride,
                        RowStride = pixels * lanes,
                        Bias = unit.Zeros.Pointer,
                        Residual = ends[r].Adds ? y : null,
                        ResidualBlockStride = dx.Map.BlockStride,
                        ResidualRowStride = pixels * lanes,
                    },
                };
                BlockedPointwise<TSimd, TVector>.Run(work);
                ends[r].Done(c, run, first, pixels, first2, work.Vectors, kept is null ? null : kept + first2 * block,
                    block);
            }
        }
    }

    private readonly struct Job(PointwiseBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
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
