namespace MuxKernels.Training;

/// <summary>
/// What a convolution reads: either a convolution's result that is normalised, activated and gated while it is read, or
/// channels of stored maps.
/// </summary>
internal sealed unsafe class Operand<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public Operand(ActivatedMap activated)
    {
        Activated = activated;
        Runs = [(activated.Z, activated.Gradient, 0)];
        Shape = activated.Z.Shape;
        Blocks = activated.Z.Blocks;
        Slots = SlotsOf(activated.Z.Order, activated.Z.Shape.C, 0);
    }

    public Operand(Shape shape, BatchPlace[] places)
    {
        Shape = shape;
        List<(BatchMap, GradientMap, int)> runs = [];
        int block = 0;
        Dictionary<StoredMap, int> first = new(ReferenceEqualityComparer.Instance);
        foreach (StoredMap map in places.Select(p => p.Map).Distinct())
        {
            runs.Add((map.Map, map.Gradient, block));
            first[map] = block * TSimd.Lanes;
            block += map.Map.Blocks;
        }

        Runs = [.. runs];
        Blocks = block;
        Slots = [.. places.Select(p => first[p.Map] + p.Slot)];
    }

    /// <summary>The value that is activated on reading; null for stored maps.</summary>
    public ActivatedMap? Activated { get; }

    /// <summary>The maps that are read, with their gradients and the operand's block at which each begins.</summary>
    public (BatchMap Map, GradientMap Gradient, int FirstBlock)[] Runs { get; }

    /// <summary>Shape of the value.</summary>
    public Shape Shape { get; }

    /// <summary>For each channel the slot, counted through all runs.</summary>
    public int[] Slots { get; }

    /// <summary>Blocks of all runs.</summary>
    public int Blocks { get; }

    /// <summary>For each slot of all runs the channel, or −1.</summary>
    public int[] Channels
    {
        get
        {
            int[] channels = new int[Blocks * TSimd.Lanes];
            Array.Fill(channels, -1);
            for (int c = 0; c < Slots.Length; c++)
            {
                channels[Slots[c]] = c;
            }

            return channels;
        }
    }

    /// <summary>Writes a run of pixels of all blocks of the activated value, block after block.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="to">Memory of <c>Blocks·pixels·L</c> floats.</param>
    /// <param name="kept">Where σ of the swish goes, in the same order; null for nowhere.</param>
    public void Fill(TrainingContext c, int first, int pixels, float* to, float* kept = null) =>
        FillRows(c, first, 1, pixels, 0, Blocks, to, (nint)pixels * TSimd.Lanes, 0, kept);

    /// <summary>Writes rows of some blocks of the activated value or the only stored map.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch; rows follow one another.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Pixels of a row.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="to">Where the first pixel goes.</param>
    /// <param name="toBlock">Floats from block to block there.</param>
    /// <param name="toRow">Floats from row to row there.</param>
    /// <param name="kept">Where σ of the swish goes, rows and blocks without gaps; null for nowhere.</param>
    /// <param name="next">A map of the same geometry of which the same blocks are written next: their lines are fetched
    /// on the way. Null for none.</param>
    public void FillRows(TrainingContext c, int first, int rows, int columns, int firstBlock, int blocks, float* to,
        nint toBlock, nint toRow, float* kept = null, BatchMap? next = null)
    {
        BatchMap map = Runs[0].Map;
        float* from = map.At(c.Arena, first) + (long)firstBlock * map.BlockStride;
        nint fromRow = (nint)columns * TSimd.Lanes;
        float* ask = next is null || next.BlockStride != map.BlockStride ? null
            : next.At(c.Arena, first) + (long)firstBlock * map.BlockStride;
        if (Activated is not { } activated)
        {
            for (int b = 0; b < blocks; b++)
            {
                for (int r = 0; r < rows; r++)
                {
                    for (nint i = 0; ask is not null && i < fromRow; i += 16)
                    {
                        TSimd.Prefetch(ask + (long)b * map.BlockStride + r * fromRow + i);
                    }

                    new Span<float>(from + (long)b * map.BlockStride + r * fromRow, columns * TSimd.Lanes)
                        .CopyTo(new Span<float>(to + b * toBlock + r * toRow, columns * TSimd.Lanes));
                }
            }

            return;
        }

        NormUnit norm = activated.Norm;
        BlockedBand band = new()
        {
            Blocks = blocks,
            Rows = rows,
            Columns = columns,
            Z = from,
            ZBlock = map.BlockStride,
            ZRow = fromRow,
            To = to,
            ToBlock = toBlock,
            ToRow = toRow,
            Scale = norm.Scale.Pointer + firstBlock * TSimd.Lanes,
            Shift = norm.Shift.Pointer + firstBlock * TSimd.Lanes,
            Kept = kept,
            KeptBlock = rows * fromRow,
            KeptRow = fromRow,
            Next = ask,
        };
        bool reads = false;
        if (norm.Kept is { } keeper)
        {
            // The first reader keeps: squeeze-excite's means, or the only convolution on the way forward.
            reads = c.IsBackward || activated.Excite is not null;
            band.Kept = keeper.At(c.Arena, first) + (long)firstBlock * keeper.BlockStride;
            band.KeptBlock = keeper.BlockStride;
        }

        float* sigmas = band.Kept;
        if (activated.Gate is not { } gate)
        {
            Forward(norm.Activation, &band, reads);
            return;
        }

        // Rows of one image have its gate; a long row of several images is cut between them.
        for (int done = 0, total = rows == 1 ? columns : 1, part; done < total; done += part)
        {
            int image = (first + (rows == 1 ? done : 0)) / map.ImagePixels;
            part = rows == 1 ? Math.Min(total - done, (image + 1) * map.ImagePixels - first - done) : 1;
            band.Gate = gate.Gate.Pointer + (long)image * map.Slots + firstBlock * TSimd.Lanes;
            if (rows == 1)
            {
                band.Columns = part;
                band.Z = from + (nint)done * TSimd.Lanes;
                band.To = to + (nint)done * TSimd.Lanes;
                band.Next = ask is null ? null : ask + (nint)done * TSimd.Lanes;
                band.Kept = sigmas is null ? null : sigmas + (nint)done * TSimd.Lanes;
            }

            Forward(norm.Activation, &band, reads);
        }
    }

    private static void Forward(ActivationKind kind, BlockedBand* band, bool reads)
    {
        if (band->Kept is null)
        {
            BlockedNorm<TSimd, TVector>.Forward(kind, band);
        }
        else if (reads)
        {
            BlockedNorm<TSimd, TVector>.KeptForward(band);
        }
        else
        {
            BlockedNorm<TSimd, TVector>.ForwardKeeping(band);
        }
    }

    private static int[] SlotsOf(int[] order, int channels, int first)
    {
        int[] slots = new int[channels];
        for (int s = 0; s < order.Length; s++)
        {
            if (order[s] >= 0)
            {
                slots[order[s]] = first + s;
            }
        }

        return slots;
    }
}
