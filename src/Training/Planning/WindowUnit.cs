using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>A convolution with small groups of a batch in both directions.</summary>
internal sealed unsafe class WindowUnit<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of scratch for the rows of a piece, about.</summary>
    private const int BandFloats = 48_000;

    /// <summary>Floats of input and gradient of a piece of a chunk of images, about: both stay in the second
    /// cache.</summary>
    private const int ChunkFloats = 24_000;

    /// <summary>A chunk has a multiple of so many images, which is what tiles take at once.</summary>
    private const int ChunkStep = 16;

    public WindowUnit(string name, BlockedWindow window, BlockedWindow inputGradient,
        BlockedWindowGradient weightGradient, Operand<TSimd, TVector> x, Parameter weight, BatchMap z, long multiplyAdds,
        NumberPool pool)
    {
        (Name, Window, InputGradient, WeightGradient) = (name, window, inputGradient, weightGradient);
        (X, Weight, Z, MultiplyAdds) = (x, weight, z, multiplyAdds);
        MostInBlocks = window.Pieces.Max(p => p.InBlocks);
        MostOutBlocks = window.Pieces.Max(p => p.OutBlocks);
        MostGradientBlocks = inputGradient.Pieces.Max(p => p.InBlocks);
        MostResultBlocks = inputGradient.Pieces.Max(p => p.OutBlocks);
        int width = x.Shape.W + 2 * window.Border, blocks = MostInBlocks;
        int rows = BandFloats / (width * TSimd.Lanes * blocks) / window.Stride;
        rows = Math.Clamp(rows, Math.Min(4, window.OutHeight), window.OutHeight);
        int bands = (window.OutHeight + rows - 1) / rows;
        Bands = bands;
        TakesImages = window.TakesImages && inputGradient.TakesImages;
        int image = blocks * TSimd.Lanes * ((x.Shape.H * x.Shape.W) + z.ImagePixels);
        Chunks = new Cuts(z.Shape.N, Math.Max(1, ChunkFloats / image / ChunkStep) * ChunkStep);
        Packed = pool.Reserve(window.PackedLength);
        Turned = pool.Reserve(inputGradient.PackedLength);
        Zeros = pool.Reserve((long)Math.Max(z.Slots, x.Blocks * TSimd.Lanes));
    }

    /// <summary>Path of the module.</summary>
    public string Name { get; }

    /// <summary>The convolution.</summary>
    public BlockedWindow Window { get; }

    /// <summary>Its input gradient.</summary>
    public BlockedWindow InputGradient { get; }

    /// <summary>Its weight gradient.</summary>
    public BlockedWindowGradient WeightGradient { get; }

    /// <summary>Most input blocks of a piece.</summary>
    public int MostInBlocks { get; }

    /// <summary>Most output blocks of a piece.</summary>
    public int MostOutBlocks { get; }

    /// <summary>Most blocks of the gradient that a piece of the input gradient reads.</summary>
    public int MostGradientBlocks { get; }

    /// <summary>Most blocks that a piece of the input gradient writes.</summary>
    public int MostResultBlocks { get; }

    /// <summary>What it reads.</summary>
    public Operand<TSimd, TVector> X { get; }

    /// <summary>Its weights.</summary>
    public Parameter Weight { get; }

    /// <summary>Its result.</summary>
    public BatchMap Z { get; }

    /// <summary>Multiply-adds of the batch.</summary>
    public long MultiplyAdds { get; }

    /// <summary>Bands of rows of an image.</summary>
    public int Bands { get; }

    /// <summary>Whether the maps are so small that whole images are computed at once, many of them.</summary>
    public bool TakesImages { get; }

    /// <summary>How the batch is cut where whole images are computed.</summary>
    public Cuts Chunks { get; }

    /// <summary>Images times bands.</summary>
    public int Items => Z.Shape.N * Bands;

    /// <summary>Packed weights.</summary>
    public Numbers Packed { get; }

    /// <summary>Packed weights of the input gradient.</summary>
    public Numbers Turned { get; }

    /// <summary>A bias of zeros.</summary>
    public Numbers Zeros { get; }

    /// <summary>Output rows of a band.</summary>
    public (int First, int Count) OutRows(int band) => Share(Window.OutHeight, band);

    /// <summary>Input rows of a band.</summary>
    public (int First, int Count) InRows(int band) => Share(X.Shape.H, band);

    /// <summary>Whether what one piece reads and the other one writes are the same blocks.</summary>
    public static bool Stays(BlockedPiece reads, BlockedPiece writes) =>
        (reads.FirstIn, reads.InBlocks) == (writes.FirstOut, writes.OutBlocks);

    /// <summary>Packs the weights for both directions.</summary>
    public void Pack(bool backward)
    {
        ReadOnlySpan<float> w = CpuDevice.Span(Weight.Data);
        Window.Pack(w, [], Packed.Pointer);
        if (backward)
        {
            InputGradient.Pack(w, [], Turned.Pointer);
        }
    }

    private (int First, int Count) Share(int rows, int band)
    {
        int first = rows * band / Bands, end = rows * (band + 1) / Bands;
        return (first, end - first);
    }
}

/// <summary>Rows of a map between borders of zeros in a worker's scratch.</summary>
internal readonly unsafe struct PaddedRows
{
    /// <param name="memory">Scratch.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="first">First row, in the border if negative.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Pixels of a row of the map.</param>
    /// <param name="border">Columns of zeros on each side.</param>
    /// <param name="lanes">L.</param>
    public PaddedRows(float* memory, int blocks, int first, int rows, int width, int border, int lanes)
    {
        RowStride = (width + 2 * border) * lanes;
        BlockStride = rows * RowStride;
        Length = (long)blocks * BlockStride;
        Origin = memory - (long)first * RowStride + border * lanes;
        this.memory = memory;
        (this.blocks, this.first, this.rows, side) = (blocks, first, rows, border * lanes);
    }

    private readonly float* memory;
    private readonly int blocks;
    private readonly int first;
    private readonly int rows;
    private readonly int side;

    /// <summary>Row 0, column 0 of the whole map.</summary>
    public float* Origin { get; }

    /// <summary>Floats from row to row.</summary>
    public int RowStride { get; }

    /// <summary>Floats from block to block.</summary>
    public int BlockStride { get; }

    /// <summary>Floats in all.</summary>
    public long Length { get; }

    /// <summary>Writes the zeros around the rows of a map of this height; returns the rows inside.</summary>
    public (int First, int Count) Clear(int height)
    {
        int inside = Math.Max(first, 0), end = Math.Max(inside, Math.Min(first + rows, height));
        for (int b = 0; b < blocks; b++)
        {
            float* row = memory + (long)b * BlockStride;
            new Span<float>(row, (inside - first) * RowStride).Clear();
            for (int r = inside - first; r < end - first && side > 0; r++)
            {
                new Span<float>(row + (long)r * RowStride, side).Clear();
                new Span<float>(row + (long)(r + 1) * RowStride - side, side).Clear();
            }

            new Span<float>(row + (long)(end - first) * RowStride, (first + rows - end) * RowStride).Clear();
        }

        return (inside, end - inside);
    }
}
