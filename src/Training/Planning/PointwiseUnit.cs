using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>A 1×1 convolution of a batch in both directions: its operand, its packed weights and where its result
/// lies.</summary>
internal sealed unsafe class PointwiseUnit<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of scratch for a run of pixels, about: it should stay in the second cache with the
    /// weights.</summary>
    private const int RunFloats = 120_000;

    /// <summary>Most floats of a map of operand and result of which each thread takes some channels instead of some
    /// pixels: both should stay in the second cache.</summary>
    private const int NarrowFloats = 400_000;

    private readonly int[] terms;

    public PointwiseUnit(string name, PointwiseConv.Args args, Operand<TSimd, TVector> x, Parameter weight, BatchMap z,
        NumberPool pool)
    {
        (Name, Args, X, Weight, Z) = (name, args, x, weight, z);
        Dense = new DenseOperand<TSimd, TVector>(x);
        IsNarrow = (long)z.Pixels * (x.Blocks + z.Blocks) * TSimd.Lanes <= NarrowFloats;
        int each = RunFloats / ((x.Blocks + z.Blocks) * TSimd.Lanes);
        each = Math.Clamp(each / 28 * 28, 28, 1792);
        // Some runs for each thread of a usual machine, for a batch that has the pixels.
        while (each > 56 && (z.Pixels + each - 1) / each < 16)
        {
            each -= 28;
        }

        Runs = new Cuts(z.Pixels, IsNarrow ? z.Pixels : each);
        Inputs = [.. Enumerable.Range(0, args.X.C).OrderBy(c => x.Slots[c])];
        Offsets = pool.Reserve(2L * args.X.C);
        OutSlots = z.Order[..(Array.FindLastIndex(z.Order, c => c >= 0) + 1)];
        OutChannels = [.. Enumerable.Range(0, z.Slots).Where(s => z.Order[s] >= 0)];
        GradientOffsets = pool.Reserve(2L * OutChannels.Length);
        Zeros = pool.Reserve(2L * TSimd.Lanes);
        terms = [.. OutChannels.Select(s => z.Order[s])];
    }

    /// <summary>Path of the module.</summary>
    public string Name { get; }

    /// <summary>Geometry.</summary>
    public PointwiseConv.Args Args { get; }

    /// <summary>What it reads.</summary>
    public Operand<TSimd, TVector> X { get; }

    /// <summary>The same as its gradients see it.</summary>
    public DenseOperand<TSimd, TVector> Dense { get; }

    /// <summary>Whether the maps are so small that threads share out channels, not pixels; then there is one run.
    /// </summary>
    public bool IsNarrow { get; }

    /// <summary>Its weights, [O][I].</summary>
    public Parameter Weight { get; }

    /// <summary>Its result.</summary>
    public BatchMap Z { get; }

    /// <summary>Runs of pixels.</summary>
    public Cuts Runs { get; }

    /// <summary>Input channels in the order of the terms.</summary>
    public int[] Inputs { get; }

    /// <summary>For each slot of the result up to the last one that has a channel that channel, or −1.</summary>
    public int[] OutSlots { get; }

    /// <summary>Slots of the result that have a channel: the terms of the input gradient.</summary>
    public int[] OutChannels { get; }

    /// <summary>Offsets of the terms: of a full run's scratch, then of the last run's.</summary>
    public Numbers Offsets { get; }

    /// <summary>The same for the gradient's terms.</summary>
    public Numbers GradientOffsets { get; }

    /// <summary>What the sums begin with.</summary>
    public Numbers Zeros { get; }

    /// <summary>Whether the input's numbers are read where they lie.</summary>
    public bool ReadsInPlace => X.Activated is null;

    /// <summary>Writes the tables; once, when memory has its place.</summary>
    public void Prepare()
    {
        for (int last = 0; last < 2; last++)
        {
            int pixels = Runs.Length(last == 0 ? 0 : Runs.Count - 1), block = pixels * TSimd.Lanes;
            int* to = (int*)Offsets.Pointer + last * Inputs.Length;
            for (int i = 0; i < Inputs.Length; i++)
            {
                int slot = X.Slots[Inputs[i]];
                to[i] = ReadsInPlace ? PlaceOf(slot) : slot / TSimd.Lanes * block + slot % TSimd.Lanes;
            }

            to = (int*)GradientOffsets.Pointer + last * OutChannels.Length;
            for (int i = 0; i < OutChannels.Length; i++)
            {
                to[i] = OutChannels[i] / TSimd.Lanes * block + OutChannels[i] % TSimd.Lanes;
            }
        }
    }

    /// <summary>Columns of the result.</summary>
    public int Columns => BlockedPointwise<TSimd, TVector>.Columns(Z.Blocks);

    /// <summary>Columns of the input gradient.</summary>
    public int GradientColumns => BlockedPointwise<TSimd, TVector>.Columns(Dense.Blocks);

    /// <summary>Packs a column's weights.</summary>
    public void Pack(int column, float* to)
    {
        (int first, int count) = Slots(column, Z.Blocks);
        BlockedPointwise<TSimd, TVector>.Pack(CpuDevice.Span(Weight.Data), Args.X.C, Inputs,
            Z.Order.AsSpan(first, count), to);
    }

    /// <summary>Packs the weights of a column of the input gradient.</summary>
    public void PackTransposed(int column, float* to)
    {
        (int first, int count) = Slots(column, Dense.Blocks);
        count = Math.Min(count, Dense.Channels.Length - first);
        BlockedPointwise<TSimd, TVector>.PackTransposed(CpuDevice.Span(Weight.Data), Args.X.C,
            Dense.Channels.AsSpan(first, count), terms, to);
    }

    /// <summary>Computes a run of a column of the input gradient.</summary>
    /// <param name="run">Which run.</param>
    /// <param name="column">Which column.</param>
    /// <param name="dz">The run's gradient of the result, block after block.</param>
    /// <param name="packed">The column's packed weights.</param>
    /// <param name="y">Where the column's first block goes.</param>
    /// <param name="stride">Floats from one block to the next there.</param>
    /// <param name="adds">Whether to add to what is there.</param>
    /// <returns>Blocks of the column.</returns>
    public int RunGradient(int run, int column, float* dz, float* packed, float* y, int stride, bool adds)
    {
        int pixels = Runs.Length(run), row = pixels * TSimd.Lanes;
        PointwiseColumn work = new()
        {
            X = dz,
            XRowStride = row,
            Offsets = (int*)GradientOffsets.Pointer + (run + 1 == Runs.Count ? OutChannels.Length : 0),
            Depth = OutChannels.Length,
            W = packed,
            Vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, Dense.Blocks),
            Width = pixels,
            Rows = 1,
            Store = new BlockedStore
            {
                Y = y,
                BlockStride = stride,
                RowStride = row,
                Bias = Zeros.Pointer,
                Residual = adds ? y : null,
                ResidualBlockStride = stride,
                ResidualRowStride = row,
            },
        };
        BlockedPointwise<TSimd, TVector>.Run(work);
        return work.Vectors;
    }

    private static (int First, int Count) Slots(int column, int blocks) =>
        (column * BlockedPointwise<TSimd, TVector>.ColumnVectors * TSimd.Lanes,
        BlockedPointwise<TSimd, TVector>.Vectors(column, blocks) * TSimd.Lanes);

    private int PlaceOf(int slot)
    {
        foreach ((BatchMap map, _, int block) in X.Runs)
        {
            if (slot < (block + map.Blocks) * TSimd.Lanes)
            {
                return map.OffsetOf(slot - block * TSimd.Lanes);
            }
        }

        throw new InvalidOperationException($"{Name}: slot {slot} lies behind all maps.");
    }
}
