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

    private readonly int[][] inChannels;
    private readonly int[] terms;

    public PointwiseUnit(string name, PointwiseConv.Args args, Operand<TSimd, TVector> x, Parameter weight, BatchMap z,
        NumberPool pool)
    {
        (Name, Args, X, Weight, Z) = (name, args, x, weight, z);
        int each = RunFloats / ((x.Blocks + z.Blocks) * TSimd.Lanes);
        each = Math.Clamp(each / 28 * 28, 28, 1792);
        // Some runs for each thread of a usual machine, for a batch that has the pixels.
        while (each > 56 && (z.Pixels + each - 1) / each < 16)
        {
            each -= 28;
        }

        Runs = new Cuts(z.Pixels, each);
        Inputs = [.. Enumerable.Range(0, args.X.C).OrderBy(c => x.Slots[c])];
        Offsets = pool.Reserve(2L * args.X.C);
        Packed = pool.Reserve(BlockedPointwise<TSimd, TVector>.PackedLength(args.X.C, z.Blocks));
        OutChannels = [.. Enumerable.Range(0, z.Slots).Where(s => z.Order[s] >= 0)];
        GradientOffsets = pool.Reserve(2L * OutChannels.Length);
        Transposed = [.. x.Runs.Select(r => pool.Reserve(
            BlockedPointwise<TSimd, TVector>.PackedLength(OutChannels.Length, r.Map.Blocks)))];
        Zeros = pool.Reserve(2L * TSimd.Lanes);
        int[] channels = x.Channels;
        inChannels = [.. x.Runs.Select(r =>
            channels[(r.FirstBlock * TSimd.Lanes)..(r.FirstBlock * TSimd.Lanes + r.Map.Slots)])];
        terms = [.. OutChannels.Select(s => z.Order[s])];
    }

    /// <summary>Path of the module.</summary>
    public string Name { get; }

    /// <summary>Geometry.</summary>
    public PointwiseConv.Args Args { get; }

    /// <summary>What it reads.</summary>
    public Operand<TSimd, TVector> X { get; }

    /// <summary>Its weights, [O][I].</summary>
    public Parameter Weight { get; }

    /// <summary>Its result.</summary>
    public BatchMap Z { get; }

    /// <summary>Runs of pixels.</summary>
    public Cuts Runs { get; }

    /// <summary>Input channels in the order of the terms.</summary>
    public int[] Inputs { get; }

    /// <summary>Slots of the result that have a channel: the terms of the input gradient.</summary>
    public int[] OutChannels { get; }

    /// <summary>Offsets of the terms: of a full run's scratch, then of the last run's.</summary>
    public Numbers Offsets { get; }

    /// <summary>The same for the gradient's terms.</summary>
    public Numbers GradientOffsets { get; }

    /// <summary>Packed weights.</summary>
    public Numbers Packed { get; }

    /// <summary>Packed weights of the input gradient, for each map of the operand.</summary>
    public Numbers[] Transposed { get; }

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

    /// <summary>For each map of the operand the channel of each of its slots, or −1.</summary>
    public IReadOnlyList<int[]> InChannels => inChannels;

    /// <summary>Packs the weights for both directions.</summary>
    public void Pack(bool backward)
    {
        ReadOnlySpan<float> w = CpuDevice.Span(Weight.Data);
        BlockedPointwise<TSimd, TVector>.Pack(w, Args.X.C, Inputs, Z.Order, Packed.Pointer);
        for (int r = 0; backward && r < X.Runs.Length; r++)
        {
            BlockedPointwise<TSimd, TVector>.PackTransposed(w, Args.X.C, inChannels[r], terms, Transposed[r].Pointer);
        }
    }

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
