using System.Runtime.CompilerServices;

namespace MuxKernels;

internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>Pixels that stay in the first cache between a tile and its epilogue.</summary>
    private const int HotPixels = 112;

    /// <summary>Rows up to this width are computed in pairs.</summary>
    private const int NarrowWidth = 7;

    private bool IsNarrow => outWidth <= NarrowWidth;

    /// <inheritdoc/>
    public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* packed,
        in BlockedStore store, int firstRow, int rows)
    {
        Piece own = pieces[piece];
        BlockedWindowTile tile = new()
        {
            X = x - (nint)border * xRowStride - (nint)border * TSimd.Lanes
                + (nint)((border - Pad(own)) * (xRowStride + (nint)TSimd.Lanes)),
            BlockStep = xBlockStride,
            OutRowStep = (nint)stride * xRowStride,
            PixelStep = (nint)stride * TSimd.Lanes,
            RowStep = (nint)dilation * xRowStride,
            TapStep = (nint)dilation * TSimd.Lanes,
            W = packed + own.Weights,
            WeightStep = (nint)own.VectorsPerTap(g) * TSimd.Lanes,
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

        bool done = BlockedEpilogue.IsEmpty(store);
        int step = done ? rows : Math.Max(1, HotPixels / outWidth);
        for (int row = firstRow; row < firstRow + rows; row += step)
        {
            int count = Math.Min(step, firstRow + rows - row);
            tile.Y = store.Y + (nint)row * store.RowStride;
            Sums(own, tile, row, count, 0, outWidth);
            if (!done)
            {
                BlockedPatch patch = new()
                {
                    From = tile.Y, FromRowStride = tile.YRowStep, To = tile.Y, ToRowStride = tile.YRowStep,
                };
                Finish(own, tile.YBlockStep, tile.YBlockStep, patch, store, row, count, 0, outWidth);
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
                Sums(own, tile, row, count, column, width);
                BlockedPatch patch = new() { From = scratch, FromRowStride = tile.YRowStep };
                Finish(own, block, 0, patch, store, row, count, column, width);
            }
        }
    }

    /// <summary>The epilogue of a rectangle of all output blocks.</summary>
    private static void Finish(Piece own, nint fromBlock, nint toBlock, BlockedPatch patch, in BlockedStore store,
        int row, int rows, int column, int columns)
    {
        (patch.Rows, patch.Columns, patch.ResidualRowStride) = (rows, columns, store.ResidualRowStride);
        for (int block = 0; block < own.Blocks; block++)
        {
            patch.Residual = store.Residual is null ? null : store.Residual + (nint)block * store.ResidualBlockStride
                + (nint)row * store.ResidualRowStride + (nint)column * TSimd.Lanes;
            patch.Sums = store.Sums is null ? null : store.Sums + (nint)block * TSimd.Lanes;
            BlockedEpilogue.Run<TSimd, TVector>(store.Activation, &patch);
            patch.From += fromBlock;
            patch.To = patch.To is null ? null : patch.To + toBlock;
        }
    }

    /// <summary>Sums of a rectangle of all output blocks, stored at the tile's Y.</summary>
    private void Sums(Piece own, BlockedWindowTile tile, int firstRow, int rows, int column, int columns)
    {
        tile.X += column * tile.PixelStep;
        switch (stride)
        {
            case 1:
                Rows<One>(own, tile, firstRow, rows, columns);
                break;
            case 2:
                Rows<Two>(own, tile, firstRow, rows, columns);
                break;
            default:
                Rows<BlockedWindowTiles.AnyStep>(own, tile, firstRow, rows, columns);
                break;
        }
    }

    private void Rows<TStep>(Piece own, BlockedWindowTile tile, int firstRow, int rows, int columns)
        where TStep : struct, ICount
    {
        float* y = tile.Y;
        int pad = Pad(own);
        for (int row = firstRow, count; row < firstRow + rows; row += count)
        {
            // Two rows of a narrow map leave out the same kernel rows wherever a call begins: those that are in the
            // border for both rows of the pair, so that each output has one order of sums.
            int even = IsNarrow ? row & ~1 : row;
            int odd = IsNarrow ? Math.Min(even + 1, outHeight - 1) : row;
            int above = Math.Max(pad - odd * stride, 0), below = height - 1 + pad - even * stride;
            int first = Math.Min((above + dilation - 1) / dilation, own.Kernel);
            int last = Math.Clamp((below + dilation) / dilation, first, own.Kernel);
            count = row == even && odd > even && row + 1 < firstRow + rows ? 2 : 1;
            BlockedWindowTile line = tile;
            line.X += row * tile.OutRowStep + first * tile.RowStep;
            line.W += (nint)first * own.Kernel * tile.WeightStep;
            line.Rows = last - first;
            line.Y = y;
            y += count * tile.YRowStep;
            if (own.Grouping == BlockedGrouping.Neighbours)
            {
                Neighbours<TStep>(line, count, columns);
            }
            else if (g == 2)
            {
                Pairs<TStep>(line, count, columns);
            }
            else
            {
                Apart<TStep>(line, count, columns);
            }
        }
    }

    private static void Neighbours<TStep>(BlockedWindowTile tile, int rows, int columns)
        where TStep : struct, ICount
    {
        for (int row = 0; row < rows; row++)
        {
            BlockedWindowTile line = tile;
            line.X += row * tile.OutRowStep;
            line.Y += row * tile.YRowStep;
            BlockedWindowTiles.Swap<TSimd, TVector, TStep>(&line, columns);
        }
    }

    private static void Pairs<TStep>(BlockedWindowTile tile, int rows, int columns)
        where TStep : struct, ICount
    {
        for (int row = 0; row < rows; row++)
        {
            BlockedWindowTile line = tile;
            line.X += row * tile.OutRowStep;
            line.Y += row * tile.YRowStep;
            BlockedWindowTiles.Pair<TSimd, TVector, TStep>(&line, columns);
        }
    }

    /// <summary>Any number of channels a group: one output block after the other.</summary>
    private static void Apart<TStep>(BlockedWindowTile tile, int rows, int columns)
        where TStep : struct, ICount
    {
        for (int block = 0; block < tile.Blocks; block++)
        {
            BlockedWindowTile line = tile;
            if (rows == 2)
            {
                BlockedWindowTiles.DirectTwoRows<TSimd, TVector, TStep>(&line, columns);
            }
            else
            {
                BlockedWindowTiles.Direct<TSimd, TVector, TStep>(&line, columns);
            }

            tile.W += TSimd.Lanes;
            tile.Bias += TSimd.Lanes;
            tile.Y += tile.YBlockStep;
        }
    }

    /// <summary>Zeros that a piece reads above and left of the map.</summary>
    private int Pad(Piece own) => border - (pieces[0].Kernel - own.Kernel) / 2 * dilation;
}
