namespace MuxKernels;

/// <content>
/// Gradients of the input where the stride s is not 1. Row h and column v of the gradient read the taps with
/// (h + pad − kh·d) and (v + pad − kw·d) divisible by s: every s-th row, and in it every s-th column, has the same taps
/// and neighbouring pixels to read. Nothing is scattered; a row is written whole before the next one of its phase.
/// </content>
internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>Sums of a rectangle of all output blocks, phase by phase of its rows.</summary>
    private void PhaseRows(Piece own, BlockedWindowTile* tile, int firstRow, int rows, int column, int columns)
    {
        float* x = tile->X, y = tile->Y, w = tile->W;
        nint weightRow = tile->WeightRowStep, yRow = tile->YRowStep, rowStep = tile->RowStep, below = tile->OutRowStep;
        int end = firstRow + rows, above = Pad(own), step = kernelStep;
        tile->RowStep = -rowStep * step / phases;
        tile->WeightRowStep = weightRow * step;
        tile->YRowStep = yRow * phases;
        for (int phase = 0; phase < Math.Min(phases, rows); phase++)
        {
            for (int row = firstRow + phase, count; row < end; row += count * phases)
            {
                (int first, int taps) = PhaseTaps(own, row + above);
                for (count = 1; row + count * phases < end; count++)
                {
                    if (PhaseTaps(own, row + count * phases + above) != (first, taps))
                    {
                        break;
                    }
                }

                tile->X = x + (row + above - first * dilation) / phases * below;
                tile->W = w + first * weightRow;
                tile->Y = y + (row - firstRow) * yRow;
                (tile->Rows, tile->OutRows) = (taps, count);
                Phases(own, tile, column + above, columns);
            }
        }

        (tile->RowStep, tile->WeightRowStep, tile->YRowStep) = (rowStep, weightRow, yRow);
    }

    /// <summary>The first kernel row that reads an input row inside the map, and how many do.</summary>
    /// <param name="own">The piece.</param>
    /// <param name="row">Output row, counted from the padding's first.</param>
    private (int First, int Count) PhaseTaps(Piece own, int row)
    {
        int first = FirstTap(row), step = kernelStep;
        if (first < 0)
        {
            return (0, 0);
        }

        int beyond = row - first * dilation - (height - 1) * phases;
        if (beyond > 0)
        {
            int rowsLess = step * dilation;
            first += (beyond + rowsLess - 1) / rowsLess * step;
        }

        int last = Math.Min(own.Kernel - 1, row / dilation);
        return first > last ? (0, 0) : (first, (last - first) / step + 1);
    }

    /// <summary>The first tap of an output row or column, counted from the padding's first; −1 for none.</summary>
    private int FirstTap(int position)
    {
        for (int tap = 0; tap < kernelStep; tap++)
        {
            if ((position - tap * dilation) % phases == 0)
            {
                return tap;
            }
        }

        return -1;
    }

    /// <summary>Some rows of one phase: all column phases, all output blocks.</summary>
    private void Phases(Piece own, BlockedWindowTile* tile, int firstColumn, int columns)
    {
        float* x = tile->X, y = tile->Y, w = tile->W;
        nint weight = tile->WeightStep;
        int step = kernelStep;
        tile->TapStep = -(nint)(dilation * step / phases) * TSimd.Lanes;
        tile->WeightStep = weight * step;
        tile->YPixelStep = (nint)phases * TSimd.Lanes;
        for (int phase = 0; phase < Math.Min(phases, columns); phase++)
        {
            int column = firstColumn + phase, first = FirstTap(column), pixels = (columns - phase - 1) / phases + 1;
            tile->Taps = first < 0 || first >= own.Kernel ? 0 : (own.Kernel - 1 - first) / step + 1;
            first = tile->Taps == 0 ? 0 : first;
            tile->X = x + (column - first * dilation) / phases * (nint)TSimd.Lanes;
            tile->W = w + first * weight;
            tile->Y = y + (nint)phase * TSimd.Lanes;
            PhaseBlocks(own, tile, pixels);
        }

        tile->WeightStep = weight;
    }

    /// <summary>One phase of rows and columns: one output block after the other.</summary>
    private void PhaseBlocks(Piece own, BlockedWindowTile* tile, int pixels)
    {
        if (own.Grouping == BlockedGrouping.Neighbours)
        {
            BlockedWindowTiles.Phase<TSimd, TVector, BlockedWindowTiles.Plain>(tile, pixels);
            tile->W += TSimd.Lanes;
            BlockedWindowTiles.Phase<TSimd, TVector, BlockedWindowTiles.Swapped>(tile, pixels);
            return;
        }

        float* bias = tile->Bias;
        for (int block = 0; block < tile->Blocks; block++)
        {
            BlockedWindowTiles.Phase<TSimd, TVector, BlockedWindowTiles.Plain>(tile, pixels);
            tile->W += TSimd.Lanes;
            tile->Bias += TSimd.Lanes;
            tile->Y += tile->YBlockStep;
        }

        tile->Bias = bias;
    }
}
