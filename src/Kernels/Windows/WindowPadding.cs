using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Copies a plane into the padded phases of a <see cref="WindowPlan"/>. The padding left and right of the map
/// has to be zero already, and stays so; above and below too, where one band covers the plane.</summary>
internal static unsafe class WindowPadding
{
    /// <summary>Copies what the taps of a band of output rows read.</summary>
    /// <param name="plan">Layout.</param>
    /// <param name="source">Plane <c>[height, width]</c>; of several images <c>[height, width, images]</c>.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="padded">Memory of <see cref="WindowPlan.PlaneLength"/>, zero left and right of the map.</param>
    /// <param name="start">First output row.</param>
    /// <param name="count">Output rows.</param>
    public static void Copy<TSimd, TVector>(in WindowPlan plan, float* source, int height, int width, float* padded,
        int start, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int firstColumn = Math.Max(0, plan.Columns.First);
        int endColumn = Math.Min(width, plan.Columns.First + plan.Columns.Length);
        int columns = endColumn - firstColumn, column = firstColumn - plan.Columns.First;
        if (columns <= 0)
        {
            return;
        }

        int phases = plan.Rows.Phases, row = plan.Rows.First + start * phases;
        int rows = plan.Rows.PaddedRows(start, count);
        int above = Math.Clamp(-row, 0, rows), below = Math.Clamp(row + rows - height, 0, rows - above);
        if (plan.BandRows < plan.Rows.LongestClass)
        {
            Clear(plan, padded, 0, above);
            Clear(plan, padded, rows - below, rows);
        }

        row += above;
        rows -= above + below;
        int phase = above % phases;
        nint phaseLength = plan.PlaneLength / phases;
        int images = plan.Images;
        float* from = source + ((nint)row * width + firstColumn) * images;
        float* to = padded + (nint)(above / phases) * plan.RowPitch;
        if (phases == 1)
        {
            Rows<TSimd, TVector>(from, (nint)width * images, to + (nint)column * images, plan.RowPitch, rows,
                columns * images);
            return;
        }

        if (phases == 2 && images == 1)
        {
            RowsOfPairs<TSimd, TVector>(from, width, to + plan.ColumnOffset(column), to + plan.ColumnOffset(column + 1),
                phase, phaseLength, plan.RowPitch, rows, columns);
            return;
        }

        for (; rows > 0; rows--, from += (nint)width * images)
        {
            float* at = to + phase * phaseLength;
            if (images > 1)
            {
                RowOfImages(plan, from, at, column, columns);
            }
            else
            {
                for (int v = 0; v < columns; v++)
                {
                    at[plan.ColumnOffset(column + v)] = from[v];
                }
            }

            if (++phase == phases)
            {
                phase = 0;
                to += plan.RowPitch;
            }
        }
    }

    /// <summary>Zeroes padded rows, where another band may have left its own.</summary>
    private static void Clear(in WindowPlan plan, float* padded, int first, int end)
    {
        for (int row = first; row < end; row++)
        {
            new Span<float>(padded + plan.RowOffset(row), plan.RowPitch).Clear();
        }
    }

    /// <summary>Copies rows; zeros may follow each up to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TSimd, TVector>(float* from, nint fromPitch, float* to, nint toPitch, int rows, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int whole = count / TSimd.Lanes * TSimd.Lanes, tail = count - whole;
        for (; rows > 0; rows--, from += fromPitch, to += toPitch)
        {
            for (int v = 0; v < whole; v += TSimd.Lanes)
            {
                TSimd.Store(TSimd.Load(from + v), to + v);
            }

            if (tail > 0)
            {
                TSimd.Store(TSimd.LoadPartial(from + whole, tail), to + whole);
            }
        }
    }

    /// <summary>Copies columns of several images (a multiple of four) to their phases.</summary>
    private static void RowOfImages(in WindowPlan plan, float* from, float* to, int column, int count)
    {
        int images = plan.Images, phases = plan.Columns.Phases, phase = column % phases;
        to += plan.ColumnOffset(column);
        for (; count > 0; count--)
        {
            for (int n = 0; n < images; n += Vector128<float>.Count)
            {
                Vector128.Store(Vector128.Load(from + n), to + n);
            }

            from += images;
            to += plan.Pitch;
            if (++phase == phases)
            {
                phase = 0;
                to += images - (nint)phases * plan.Pitch;
            }
        }
    }

    /// <summary>Copies elements 0, 2, 4 … and 1, 3, 5 … of each row apart, and rows alternately to two phases; zeros
    /// may follow up to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowsOfPairs<TSimd, TVector>(float* from, nint fromPitch, float* even, float* odd, int phase,
        nint phaseLength, nint toPitch, int rows, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint there = phaseLength, back = toPitch - phaseLength;
        int whole = count / (2 * TSimd.Lanes) * (2 * TSimd.Lanes), left = count - whole;
        even += phase * phaseLength;
        odd += phase * phaseLength;
        for (; rows > 0; rows--, from += fromPitch)
        {
            for (int v = 0; v < whole; v += 2 * TSimd.Lanes)
            {
                TVector a = TSimd.Load(from + v), b = TSimd.Load(from + v + TSimd.Lanes);
                TSimd.Store(TSimd.Even(a, b), even + v / 2);
                TSimd.Store(TSimd.Odd(a, b), odd + v / 2);
            }

            if (left > 0)
            {
                TVector a = TSimd.LoadPartial(from + whole, Math.Min(left, TSimd.Lanes));
                TVector b = left > TSimd.Lanes
                    ? TSimd.LoadPartial(from + whole + TSimd.Lanes, left - TSimd.Lanes)
                    : TSimd.Zero;
                TSimd.Store(TSimd.Even(a, b), even + whole / 2);
                TSimd.Store(TSimd.Odd(a, b), odd + whole / 2);
            }

            nint next = phase == 0 ? there : back;
            phase ^= 1;
            even += next;
            odd += next;
        }
    }
}
