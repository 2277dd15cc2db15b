namespace MuxKernels.Training;

/// <summary>
/// What a 1×1 convolution reads as its gradients see it: blocks without slots that nobody reads. An activated value is
/// computed, a stored map of which every block is read stands where it is, and channels of several maps, or of a part
/// of one, are gathered into blocks of their own; their gradient is computed there and brought back.
/// </summary>
internal sealed unsafe class DenseOperand<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Operand<TSimd, TVector> x;
    private readonly Piece[] pieces;

    public DenseOperand(Operand<TSimd, TVector> x)
    {
        this.x = x;
        int blocks = (x.Shape.C + TSimd.Lanes - 1) / TSimd.Lanes;
        Gathers = x.Activated is null && (x.Runs.Length > 1 || x.Blocks > blocks);
        int[] channels = x.Channels;
        if (!Gathers)
        {
            (Blocks, Channels, pieces) = (x.Blocks, channels[..(Array.FindLastIndex(channels, c => c >= 0) + 1)], []);
            return;
        }

        Blocks = blocks;
        Channels = new int[x.Shape.C];
        List<Piece> found = [];
        int to = 0;
        for (int r = 0; r < x.Runs.Length; r++)
        {
            int first = x.Runs[r].FirstBlock * TSimd.Lanes;
            for (int s = 0; s < x.Runs[r].Map.Slots; s++)
            {
                if (channels[first + s] >= 0)
                {
                    Add(found, r, s, to);
                    Channels[to++] = channels[first + s];
                }
            }
        }

        pieces = [.. found];
    }

    /// <summary>Blocks.</summary>
    public int Blocks { get; }

    /// <summary>For each slot up to the last one that has a channel that channel, or −1.</summary>
    public int[] Channels { get; }

    /// <summary>Whether channels are gathered, and their gradient is brought back by <see cref="Scatter"/>.</summary>
    public bool Gathers { get; }

    /// <summary>Whether the numbers are read where they lie.</summary>
    public bool IsInPlace => x.Activated is null && !Gathers;

    /// <summary>Writes a run of pixels of some blocks; nothing where <see cref="IsInPlace"/>.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="to">Where block 0 goes, pixels without a gap.</param>
    /// <param name="kept">Where σ of an activated value's block 0 goes; null where nobody wants it.</param>
    public void Fill(TrainingContext c, int first, int pixels, int firstBlock, int blocks, float* to, float* kept)
    {
        nint block = (nint)pixels * TSimd.Lanes;
        if (x.Activated is not null)
        {
            x.FillRows(c, first, 1, pixels, firstBlock, blocks, to + firstBlock * block, block, 0,
                kept is null ? null : kept + firstBlock * block);
        }

        if (!Gathers)
        {
            return;
        }

        int end = firstBlock + blocks;
        if (end == Blocks && Channels.Length % TSimd.Lanes != 0)
        {
            new Span<float>(to + (Blocks - 1) * block, (int)block).Clear();
        }

        foreach (Piece p in pieces)
        {
            if (p.Block >= firstBlock && p.Block < end)
            {
                float* from = At(c, x.Runs[p.Run].Map, p, first);
                float* y = to + p.Block * block + p.Lane;
                for (nint i = 0; i < block; i += TSimd.Lanes)
                {
                    TSimd.StorePartial(TSimd.LoadPartial(from + i, p.Count), y + i, p.Count);
                }
            }
        }
    }

    /// <summary>Brings the gradient of gathered channels to one block of one of their maps, all of which it writes
    /// unless it adds.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="run">Which map.</param>
    /// <param name="mapBlock">Which of its blocks.</param>
    /// <param name="adds">Whether the map's gradient has been written before.</param>
    /// <param name="from">Block 0 of the gradient, pixels without a gap.</param>
    public void Scatter(TrainingContext c, int first, int pixels, int run, int mapBlock, bool adds, float* from)
    {
        nint block = (nint)pixels * TSimd.Lanes;
        BatchMap map = x.Runs[run].Gradient.Map;
        if (!adds)
        {
            new Span<float>(map.At(c.Arena, first) + (long)mapBlock * map.BlockStride, (int)block).Clear();
        }

        foreach (Piece p in pieces)
        {
            if (p.Run == run && p.MapBlock == mapBlock)
            {
                float* y = At(c, map, p, first), dx = from + p.Block * block + p.Lane;
                for (nint i = 0; i < block; i += TSimd.Lanes)
                {
                    TVector sum = TSimd.Add(TSimd.LoadPartial(y + i, p.Count), TSimd.LoadPartial(dx + i, p.Count));
                    TSimd.StorePartial(sum, y + i, p.Count);
                }
            }
        }
    }

    private static float* At(TrainingContext c, BatchMap map, in Piece p, int first) =>
        map.At(c.Arena, first) + (long)p.MapBlock * map.BlockStride + p.MapLane;

    /// <summary>Adds a slot to the last piece, or as a piece of its own.</summary>
    private static void Add(List<Piece> pieces, int run, int slot, int to)
    {
        (int mapBlock, int mapLane) = (slot / TSimd.Lanes, slot % TSimd.Lanes);
        (int block, int lane) = (to / TSimd.Lanes, to % TSimd.Lanes);
        if (pieces.Count > 0 && pieces[^1] is var last && last.Run == run && last.MapBlock == mapBlock
            && last.Block == block && last.MapLane + last.Count == mapLane)
        {
            pieces[^1] = last with { Count = last.Count + 1 };
            return;
        }

        pieces.Add(new Piece(run, mapBlock, mapLane, block, lane, 1));
    }

    /// <summary>Slots that follow one another in a block of a map and in a block here.</summary>
    private readonly record struct Piece(int Run, int MapBlock, int MapLane, int Block, int Lane, int Count);
}
