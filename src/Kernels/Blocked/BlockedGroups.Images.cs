namespace MuxKernels;

/// <content>Whole small maps of many images at once, without borders.</content>
internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>Pixels of the largest map that is computed this way.</summary>
    private const int MostPixels = 64;

    /// <inheritdoc/>
    public override bool TakesImages => height * width <= MostPixels && outHeight * outWidth <= MostPixels;

    /// <inheritdoc/>
    public override void RunImages(int piece, float* x, int xBlockStride, float* packed, float* bias, float* y,
        int yBlockStride, int images)
    {
        Piece own = pieces[piece];
        int lanes = TSimd.Lanes, vectors = own.VectorsPerTap(g);
        int tapStep = phases == 1 ? 1 : kernelStep, step = phases == 1 ? dilation : -dilation * kernelStep / phases;
        fixed (BlockedImagePixel* table = own.Pixels)
        {
            BlockedImageTile tile = default;
            tile.X = x;
            tile.ImageStep = (nint)height * width * lanes;
            tile.BlockStep = xBlockStride;
            tile.RowStep = (nint)step * width * lanes;
            tile.TapStep = (nint)step * lanes;
            tile.W = packed + own.Weights;
            tile.WeightStep = (nint)tapStep * vectors * lanes;
            tile.WeightRowStep = own.Kernel * tile.WeightStep;
            tile.WeightBlockStep = (nint)g * lanes;
            tile.Bias = bias;
            tile.Y = y;
            tile.YImageStep = (nint)outHeight * outWidth * lanes;
            tile.YBlockStep = yBlockStride;
            tile.Table = table;
            tile.Pixels = own.Pixels.Length;
            tile.Blocks = own.Blocks;
            if (own.Grouping == BlockedGrouping.Neighbours)
            {
                BlockedImageTiles.Both<TSimd, TVector, BlockedImageTiles.Neighbours>(&tile, images);
                return;
            }

            if (g == 2)
            {
                BlockedImageTiles.Both<TSimd, TVector, BlockedImageTiles.Apart>(&tile, images);
                return;
            }

            for (int block = 0; block < own.Blocks; block++)
            {
                BlockedImageTiles.One<TSimd, TVector>(&tile, images);
                tile.W += lanes;
                tile.Bias += lanes;
                tile.Y += yBlockStride;
            }
        }
    }

    /// <summary>What each output pixel of a piece reads; nothing for larger maps.</summary>
    private BlockedImagePixel[] PixelsOf(int ownKernel, int vectors)
    {
        int above = pad - (kernel - ownKernel) / 2 * dilation, lanes = TSimd.Lanes;
        BlockedImagePixel[] pixels = new BlockedImagePixel[TakesImages ? outHeight * outWidth : 0];
        for (int n = 0; n < pixels.Length; n++)
        {
            (int row, int kernelRow, int rows) = TapsOf(n / outWidth, above, height, ownKernel);
            (int column, int tap, int taps) = TapsOf(n % outWidth, above, width, ownKernel);
            rows = taps == 0 ? 0 : rows;
            pixels[n] = new BlockedImagePixel((row * width + column) * lanes,
                (kernelRow * ownKernel + tap) * vectors * lanes, n * lanes, rows, taps);
        }

        return pixels;
    }

    /// <summary>Along an axis: what the first tap of an output that reads inside the map reads, that tap, and how many
    /// do.</summary>
    private (int From, int Tap, int Count) TapsOf(int output, int above, int size, int ownKernel)
    {
        (int from, int first, int count) = (0, 0, 0);
        for (int tap = 0; tap < ownKernel; tap++)
        {
            int at = phases == 1 ? output * stride + tap * dilation - above : output + above - tap * dilation;
            if (at >= 0 && at % phases == 0 && at / phases < size)
            {
                (from, first) = count == 0 ? (at / phases, tap) : (from, first);
                count++;
            }
        }

        return (from, first, count);
    }
}
