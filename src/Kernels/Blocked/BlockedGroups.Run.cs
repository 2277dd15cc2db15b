using System.Runtime.CompilerServices;

namespace MuxKernels;

internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>Pixels that stay in the first cache between a tile and its epilogue.</summary>
    private const int HotPixels = 112;

    /// <summary>Rows up to this width are computed in pairs.</summary>
    private const int NarrowWidth = 7;

    /// <inheritdoc/>
    public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* packed,
        in BlockedStore store, int firstRow, int rows)
    {
        Piece own = pieces[piece];
        BlockedWindowTile tile = new()
        {
            X = phases == 1 ? x - Pad(own) * (xRowStride + (nint)TSimd.Lanes) : x,
            BlockStep = xBlockStride,
            OutRowStep = (nint)stride * xRowStride,
            PixelStep = (nint)stride * TSimd.Lanes,
            RowStep = (nint)dilation * xRowStride,
            TapStep = (nint)dilation * TSimd.Lanes,
            W = packed + own.Weights,
            WeightStep = (nint)own.VectorsPerTap(g) * TSimd.Lanes,
            WeightRowStep = (nint)own.Kernel * own.VectorsPerTap(g) * TSimd.Lanes,
            WeightBlockStep = (nint)g * TSimd.Lanes,
            Bias = store.Bias,
            Y = store.Y,
            YBlockStep = store.BlockStride,
            YRowStep = store.RowStride,
            Blocks = own.Blocks,
            Taps = own.Kernel,
        };
        if (store.Sums is not null)
        {
            new Span<float>(store.Sums, own.Blocks * TSimd.Lanes).Clear();
        }

        if (store.SumsOnly)
        {
            RunToScratch(own, tile, store, firstRow, rows);
            return;
        }

        bool relu = store.Activation == ActivationKind.Relu && store.Residual is null && store.Sums is null
            && phases == 1;
        bool done = relu || BlockedEpilogue.IsEmpty(store);
        int step = phases == 1 ? Math.Max(1, HotPixels / outWidth) : PhaseBand(done);
        for (int row = firstRow; row < firstRow + rows; row += step)
        {
            int count = Math.Min(step, firstRow + rows - row);
            tile.Y = store.Y + (nint)row * store.RowStride;
            if (relu)
            {
                Sums<Activation.Relu>(own, &tile, row, count, 0, outWidth);
            }
            else
            {
                Sums<Activation.Identity>(own, &tile, row, count, 0, outWidth);
            }

            if (!done)
            {
                BlockedPatch patch = new()
                {
                    From = tile.Y, FromRowStride = tile.YRowStep, To = tile.Y, ToRowStride = tile.YRowStep,
                };
                Finish(own, tile.YBlockStep, tile.YBlockStep, &patch, store, row, count, 0, outWidth);
            }
        }
    }

    /// <summary>Only the sums of y are wanted: y stands nowhere but in the first cache.</summary>
    [SkipLocalsInit]
    private void RunToScratch(Piece own, BlockedWindowTile tile, in BlockedStore store, int firstRow, int rows)
    {
        int columns = Math.Min(outWidth, HotPixels), step = Math.Max(1, HotPixels / outWidth);
        int block = Math.Min(step, rows) * columns * TSimd.Lanes;
        float* scratch = stackalloc float[own.Blocks * block + TSimd.Lanes];
        scratch = (float*)(((nuint)scratch + (nuint)TSimd.Lanes * sizeof(float) - 1)
            & ~((nuint)TSimd.Lanes * sizeof(float) - 1));
        tile.Y = scratch;
        tile.YBlockStep = block;
        tile.YRowStep = (nint)columns * TSimd.Lanes;
        for (int row = firstRow; row < firstRow + rows; row += step)
        {
            int count = Math.Min(step, firstRow + rows - row);
            for (int column = 0; column < outWidth; column += columns)
            {
                int width = Math.Min(columns, outWidth - column);
                Sums<Activation.Identity>(own, &tile, row, count, column, width);
                BlockedPatch patch = new() { From = scratch, FromRowStride = tile.YRowStep };
                Finish(own, block, 0, &patch, store, row, count, column, width);
            }
        }
    }

    /// <summary>The epilogue of a rectangle of all output blocks. The patch is not copied: a copy right behind the
    /// stores that fill it waits until the tile's results have left the store buffer.</summary>
    private static void Finish(Piece own, nint fromBlock, nint toBlock, BlockedPatch* patch, in BlockedStore store,
        int row, int rows, int column, int columns)
    {
        (patch->Rows, patch->Columns, patch->ResidualRowStride) = (rows, columns, store.ResidualRowStride);
        for (int block = 0; block < own.Blocks; block++)
        {
            patch->Residual = store.Residual is null ? null : store.Residual + (nint)block * store.ResidualBlockStride
                + (nint)row * store.ResidualRowStride + (nint)column * TSimd.Lanes;
            patch->Sums = store.Sums is null ? null : store.Sums + (nint)block * TSimd.Lanes;
            BlockedEpilogue.Run<TSimd, TVector>(store.Activation, patch);
            patch->From += fromBlock;
            patch->To = patch->To is null ? null : patch->To + toBlock;
        }
    }

    /// <summary>Sums of a rectangle of all output blocks, stored at the tile's Y.</summary>
    private void Sums<TFunction>(Piece own, BlockedWindowTile* tile, int firstRow, int rows, int column, int columns)
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y, w = tile->W;
        tile->X += phases == 1 ? column * tile->PixelStep : 0;
        switch (stride)
        {
            case 1 when phases > 1:
                PhaseRows(own, tile, firstRow, rows, column, columns);
                break;
            case 1:
                Rows<One, TFunction>(own, tile, firstRow, rows, columns);
                break;
            case 2:
                Rows<Two, TFunction>(own, tile, firstRow, rows, columns);
                break;
            default:
                Rows<BlockedWindowTiles.AnyStep, TFunction>(own, tile, firstRow, rows, columns);
                break;
        }

        tile->X = x;
        tile->Y = y;
        tile->W = w;
    }

    private void Rows<TStep, TFunction>(Piece own, BlockedWindowTile* tile, int firstRow, int rows, int columns)
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y, w = tile->W;
        for (int row = firstRow, count; row < firstRow + rows; row += count)
        {
            (int first, int last) = KernelRows(own, row);
            int set = PairRows(own, row, firstRow + rows);
            for (count = set; row + count < firstRow + rows; count += set)
            {
                if (PairRows(own, row + count, firstRow + rows) != set || KernelRows(own, row + count) != (first, last))
                {
                    break;
                }
            }

            tile->X = x + row * tile->OutRowStep + first * tile->RowStep;
            tile->W = w + first * tile->WeightRowStep;
            tile->Y = y + (row - firstRow) * tile->YRowStep;
            (tile->Rows, tile->OutRows) = (last - first, count);
            if (own.Grouping == BlockedGrouping.Neighbours)
            {
                if (TStep.Value != 1 || dilation != 1
                    || !BlockedWindowTiles.SwapRow<TSimd, TVector, TFunction>(tile, columns))
                {
                    BlockedWindowTiles.Swap<TSimd, TVector, TStep, TFunction>(tile, columns);
                }
            }
            else if (g == 2)
            {
                if (TStep.Value != 1 || dilation != 1
                    || !BlockedWindowTiles.PairRow<TSimd, TVector, TFunction>(tile, columns))
                {
                    BlockedWindowTiles.Pair<TSimd, TVector, TStep, TFunction>(tile, columns);
                }
            }
            else
            {
                Apart<TStep, TFunction>(tile, set, columns);
            }
        }
    }

    /// <summary>Whether rows are computed in pairs: short ones, and those of 8 where there is a tile for two of them.
    /// Both blocks of a group of two channels give sums enough.</summary>
    private bool IsNarrow(Piece own) => g != 2 && (outWidth <= NarrowWidth
        || (outWidth == 8 && g * stride * dilation == 1 && own.Kernel is 3 or 5 && TSimd.Lanes >= 16));

    /// <summary>Rows that are computed at once: two of a narrow map, where the call has both of a pair.</summary>
    private int PairRows(Piece own, int row, int end) => IsNarrow(own) && row % 2 == 0 && row + 1 < end ? 2 : 1;

    /// <summary>The kernel rows that an output row needs; the others are in the border. Both rows of a pair of a narrow
    /// map need the same, wherever a call begins: so each output has one order of sums.</summary>
    private (int First, int Last) KernelRows(Piece own, int row)
    {
        bool narrow = IsNarrow(own);
        int pad = Pad(own), even = narrow ? row & ~1 : row, odd = narrow ? Math.Min(even + 1, outHeight - 1) : row;
        int above = Math.Max(pad - odd * stride, 0), below = Math.Max(height - 1 + pad - even * stride + dilation, 0);
        if (dilation > 1)
        {
            (above, below) = ((above + dilation - 1) / dilation, below / dilation);
        }

        int first = Math.Min(above, own.Kernel);
        return (first, Math.Clamp(below, first, own.Kernel));
    }

    /// <summary>Any number of channels a group: one output block after the other.</summary>
    private void Apart<TStep, TFunction>(BlockedWindowTile* tile, int rows, int columns)
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* w = tile->W, bias = tile->Bias;
        for (int block = 0; block < tile->Blocks; block++)
        {
            // With 16 registers only the weights of a 3×3's row have room beside the sums.
            bool slides = dilation == 1 && TStep.Value != 0
                && (TSimd.Lanes >= 16 || (TStep.Value == 1 && tile->Taps == 3 && rows == 1));
            if (TStep.Value == 1 && slides && tile->Blocks == 1
                && BlockedWindowTiles.Row<TSimd, TVector, TFunction>(tile, rows, columns))
            {
                return;
            }

            if (rows == 2 && slides)
            {
                BlockedWindowTiles.SlideTwo<TSimd, TVector, TStep, TFunction>(tile, columns);
            }
            else if (rows == 2)
            {
                BlockedWindowTiles.DirectTwo<TSimd, TVector, TStep, TFunction>(tile, columns);
            }
            else if (slides)
            {
                BlockedWindowTiles.Slide<TSimd, TVector, TStep, TFunction>(tile, columns);
            }
            else
            {
                BlockedWindowTiles.Direct<TSimd, TVector, TStep, TFunction>(tile, columns);
            }

            tile->W += TSimd.Lanes;
            tile->Bias += TSimd.Lanes;
            tile->Y += tile->YBlockStep;
        }

        tile->W = w;
        tile->Bias = bias;
    }

    /// <summary>Zeros that a piece reads above and left of the map; below zero so many pixels are not read.</summary>
    private int Pad(Piece own) => pad - (pieces[0].Kernel - own.Kernel) / 2 * dilation;
}
