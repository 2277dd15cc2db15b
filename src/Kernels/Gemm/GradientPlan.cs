namespace MuxKernels;

/// <summary>
/// How the sum over batch and map of a weight gradient <c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c> is cut, by shape
/// alone: into chunks that a second-level cache holds, contiguous chunks into bands, and o into blocks of rows. Every
/// (band, row block) is one piece of work; with more than one band each has partial sums of its own in scratch memory,
/// which are added in order.
/// </summary>
internal readonly struct GradientPlan
{
    /// <summary>Rows of dw of one piece of work.</summary>
    public const int RowBlock = 8 * GemmTiles.Rows;

    /// <summary>Pixels of a chunk that is read in place.</summary>
    private const int PlaceChunk = 1024;

    /// <summary>Pixels of a chunk that is packed.</summary>
    public const int PackChunk = 512;

    private const int Pieces = 32;

    /// <summary>Cuts the sum over <paramref name="images"/> maps of <paramref name="pixels"/>.</summary>
    /// <param name="images">Batch.</param>
    /// <param name="pixels">Pixels of a map.</param>
    /// <param name="outputs">Rows of dw.</param>
    /// <param name="inputs">Columns of dw.</param>
    /// <param name="inPlace">Whether x can be read where it stands.</param>
    public GradientPlan(int images, int pixels, int outputs, int inputs, bool inPlace)
    {
        (Pixels, Outputs, Inputs) = (pixels, outputs, inputs);
        Total = (long)images * pixels;
        int most = inPlace ? PlaceChunk : PackChunk;
        if (pixels > most)
        {
            // Parts of one map, of a multiple of 16 pixels.
            Form = GradientForm.PartOfMap;
            int parts = (pixels - 1) / most + 1;
            Chunk = ((pixels - 1) / parts + 16) / 16 * 16;
            ChunksOfMap = (pixels - 1) / Chunk + 1;
            Chunks = checked(images * ChunksOfMap);
        }
        else if (inPlace && pixels > 32)
        {
            // Whole maps, one run each.
            Form = GradientForm.WholeMaps;
            int maps = most / pixels;
            Chunk = maps * pixels;
            ChunksOfMap = 1;
            Chunks = (images - 1) / maps + 1;
        }
        else
        {
            // Small maps side by side, packed.
            Form = GradientForm.Packed;
            Chunk = PackChunk;
            ChunksOfMap = 1;
            Chunks = (int)((Total - 1) / Chunk + 1);
        }

        RowBlocks = (outputs - 1) / RowBlock + 1;
        Bands = Math.Clamp(Pieces / RowBlocks, 1, Math.Min(Chunks, 16));
    }

    /// <summary>How the pixels of a chunk stand.</summary>
    public GradientForm Form { get; }

    /// <summary>Pixels of a map.</summary>
    public int Pixels { get; }

    /// <summary>Rows of dw.</summary>
    public int Outputs { get; }

    /// <summary>Columns of dw.</summary>
    public int Inputs { get; }

    /// <summary>Pixels of the batch.</summary>
    public long Total { get; }

    /// <summary>Pixels of a chunk (the last one may have fewer).</summary>
    public int Chunk { get; }

    /// <summary>Chunks of one map.</summary>
    public int ChunksOfMap { get; }

    /// <summary>All chunks.</summary>
    public int Chunks { get; }

    /// <summary>Bands of chunks.</summary>
    public int Bands { get; }

    /// <summary>Blocks of rows of dw.</summary>
    public int RowBlocks { get; }

    /// <summary>Floats of scratch memory.</summary>
    public long ScratchLength => Bands == 1 ? 0 : (long)Bands * Outputs * Inputs;

    /// <summary>Roundings on the longest path of one element: inside a chunk, over the chunks of a band, over the
    /// bands.</summary>
    public long Depth => Math.Min(Chunk, Total) + (Chunks - 1) / Bands + 1 + Bands;

    /// <summary>First column (image·pixels + pixel) and pixels of a chunk.</summary>
    public (int Column, int Length) At(int chunk)
    {
        if (Form == GradientForm.PartOfMap)
        {
            int n = chunk / ChunksOfMap, p = (chunk - n * ChunksOfMap) * Chunk;
            return (n * Pixels + p, Math.Min(Chunk, Pixels - p));
        }

        long column = (long)chunk * Chunk;
        return ((int)column, (int)Math.Min(Chunk, Total - column));
    }
}

/// <summary>How the pixels of a chunk stand in memory.</summary>
internal enum GradientForm
{
    /// <summary>One run inside a map.</summary>
    PartOfMap,

    /// <summary>Several maps, one run each.</summary>
    WholeMaps,

    /// <summary>Columns across maps: packed first.</summary>
    Packed,
}
