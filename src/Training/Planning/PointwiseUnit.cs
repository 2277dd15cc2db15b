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

    /// <summary>Packs the weights for both directions.</summary>
    public void Pack(bool backward)
    {
        ReadOnlySpan<float> w = CpuDevice.Span(Weight.Data);
        int depth = Args.X.C;
        float* to = Packed.Pointer;
        for (int first = 0; first < Z.Slots; first += 2 * TSimd.Lanes)
        {
            int lanes = Math.Min(2 * TSimd.Lanes, Z.Slots - first);
            for (int lane = 0; lane < lanes; lane++)
            {
                int o = Z.Order[first + lane];
                for (int i = 0; i < depth; i++)
                {
                    to[i * lanes + lane] = o < 0 ? 0f : w[o * depth + Inputs[i]];
                }
            }

            to += depth * lanes;
        }

        int[] channels = backward ? X.Channels : [];
        for (int r = 0; backward && r < X.Runs.Length; r++)
        {
            to = Transposed[r].Pointer;
            int start = X.Runs[r].FirstBlock * TSimd.Lanes, slots = X.Runs[r].Map.Slots;
            for (int first = 0; first < slots; first += 2 * TSimd.Lanes)
            {
                int lanes = Math.Min(2 * TSimd.Lanes, slots - first);
                for (int i = 0; i < OutChannels.Length; i++)
                {
                    int row = Z.Order[OutChannels[i]] * depth;
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        int c = channels[start + first + lane];
                        *to++ = c < 0 ? 0f : w[row + c];
                    }
                }
            }
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
