namespace MuxKernels;

/// <content>
/// Gradients of the input where the stride s is not 1. Row h and column v of the gradient read the taps with
/// (h + pad − kh·d) and (v + pad − kw·d) divisible by s: every s-th row, and in it every s-th column, has the same taps
/// and neighbouring pixels to read. Nothing is scattered; a row is written whole before the next one of its phase.
/// </content>
internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>Pixels that stay in the first cache between all phases of some rows and their epilogue.</summary>
    private const int PhasePixels = 256;

    /// <summary>Rows whose phases are computed before the next ones: enough to pay for the calls, and where an epilogue
    /// follows few enough to stay in the first cache.</summary>
    private int PhaseBand(bool done) => phases * (done ? 16 : Math.Max(1, PhasePixels / (phases * outWidth)));

    /// <summary>Sums of a rectangle of all output blocks, phase by phase of its rows.</summary>
    private void PhaseRows(Piece own, BlockedWindowTile* tile, int firstRow, int rows, int column, int columns)
    {
        float* x = tile->X, y = tile->Y, w = tile->W;
        nint weightRow = tile->WeightRowStep, yRow = tile->YRowStep, rowStep = tile->RowStep, below = tile->OutRowStep;
        int end = firstRow + rows, above = Pad(own);
        tile->RowStep = -rowStep * kernelStep / phases;
        tile->WeightRowStep = weightRow * kernelStep;
        tile->YRowStep = yRow * phases;
        for (int phase = 0; phase < Math.Min(phases, rows); phase++)
        {
            for (int row = firstRow + phase, count; row < end; row += count * phases)
            {
                PhaseRow at = own.Rows[row];
                count = Math.Min(at.Alike, (end - row - 1) / phases + 1);
                tile->X = x + at.InputRow * below;
                tile->W = w + at.FirstTap * weightRow;
                tile->Y = y + (row - firstRow) * yRow;
                (tile->Rows, tile->OutRows) = (at.Taps, count);
                Phases(own, tile, column + above, columns);
            }
        }

        (tile->RowStep, tile->WeightRowStep, tile->YRowStep) = (rowStep, weightRow, yRow);
    }

    /// <summary>What each output row reads; none for a window of a single phase.</summary>
    private PhaseRow[] RowsOf(int ownKernel)
    {
        int above = pad - (kernel - ownKernel) / 2 * dilation;
        PhaseRow[] rows = new PhaseRow[phases == 1 ? 0 : outHeight];
        for (int row = rows.Length - 1; row >= 0; row--)
        {
            int first = FirstTap(row + above), taps = 0, input = 0;
            for (int tap = first; tap >= 0 && tap < ownKernel; tap += kernelStep)
            {
                int from = (row + above - tap * dilation) / phases;
                if (from >= height)
                {
                    first = tap + kernelStep;
                }
                else if (row + above >= tap * dilation)
                {
                    input = taps == 0 ? from : input;
                    taps++;
                }
            }

            first = taps == 0 ? 0 : first;
            PhaseRow next = row + phases < rows.Length ? rows[row + phases] : default;
            bool alike = (next.FirstTap, next.Taps) == (first, taps) && next.InputRow == input + 1;
            rows[row] = new PhaseRow(first, taps, input, alike || (taps == 0 && next.Taps == 0) ? next.Alike + 1 : 1);
        }

        return rows;
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
        if (phases == 2 && dilation == 1 && own.Kernel > 1)
        {
            tile->X = x + firstColumn / 2 * (nint)TSimd.Lanes;
            tile->Taps = own.Kernel;
            PhaseBlocks<Both>(own, tile, firstColumn % 2 != 0, columns);
            return;
        }

        nint weight = tile->WeightStep;
        tile->TapStep = -(nint)(dilation * kernelStep / phases) * TSimd.Lanes;
        tile->WeightStep = weight * kernelStep;
        tile->YPixelStep = (nint)phases * TSimd.Lanes;
        for (int phase = 0; phase < Math.Min(phases, columns); phase++)
        {
            int column = firstColumn + phase, first = FirstTap(column), pixels = (columns - phase - 1) / phases + 1;
            tile->Taps = first < 0 || first >= own.Kernel ? 0 : (own.Kernel - 1 - first) / kernelStep + 1;
            first = tile->Taps == 0 ? 0 : first;
            tile->X = x + (column - first * dilation) / phases * (nint)TSimd.Lanes;
            tile->W = w + first * weight;
            tile->Y = y + (nint)phase * TSimd.Lanes;
            PhaseBlocks<Single>(own, tile, odd: false, pixels);
        }

        tile->WeightStep = weight;
    }

    /// <summary>One output block after the other.</summary>
    private static void PhaseBlocks<TTile>(Piece own, BlockedWindowTile* tile, bool odd, int pixels)
        where TTile : struct, ITile
    {
        if (own.Grouping == BlockedGrouping.Neighbours)
        {
            TTile.Run<BlockedWindowTiles.Plain>(tile, odd, pixels);
            tile->W += TSimd.Lanes;
            TTile.Run<BlockedWindowTiles.Swapped>(tile, odd, pixels);
            return;
        }

        float* bias = tile->Bias;
        for (int block = 0; block < tile->Blocks; block++)
        {
            TTile.Run<BlockedWindowTiles.Plain>(tile, odd, pixels);
            tile->W += TSimd.Lanes;
            tile->Bias += TSimd.Lanes;
            tile->Y += tile->YBlockStep;
        }

        tile->Bias = bias;
    }

    /// <summary>What an output row reads.</summary>
    /// <param name="FirstTap">The first kernel row that reads a row inside the map.</param>
    /// <param name="Taps">Kernel rows that do, <see cref="kernelStep"/> apart.</param>
    /// <param name="InputRow">The row that the first one reads; the others read rows above.</param>
    /// <param name="Alike">This row and the next ones of its phase that differ in nothing but the input row.</param>
    private readonly record struct PhaseRow(int FirstTap, int Taps, int InputRow, int Alike);

    /// <summary>Tiles for one output block.</summary>
    private interface ITile
    {
        /// <summary>Some rows.</summary>
        static abstract void Run<TPixel>(BlockedWindowTile* tile, bool odd, int pixels)
            where TPixel : struct, BlockedWindowTiles.IPixel;
    }

    /// <summary>One column phase.</summary>
    private readonly struct Single : ITile
    {
        public static void Run<TPixel>(BlockedWindowTile* tile, bool odd, int pixels)
            where TPixel : struct, BlockedWindowTiles.IPixel =>
            BlockedWindowTiles.Phase<TSimd, TVector, TPixel>(tile, pixels);
    }

    /// <summary>Both column phases of stride 2.</summary>
    private readonly struct Both : ITile
    {
        public static void Run<TPixel>(BlockedWindowTile* tile, bool odd, int pixels)
            where TPixel : struct, BlockedWindowTiles.IPixel =>
            BlockedWindowTiles.Twin<TSimd, TVector, TPixel>(tile, odd, pixels);
    }
}
