namespace MuxKernels;

/// <summary>Copies a plane into the padded phases of a <see cref="WindowPlan"/>. Only the map is written: the padding
/// around it has to be zero already, and stays so.</summary>
internal static unsafe class WindowPadding
{
    /// <summary>Copies the part of a plane that the taps read.</summary>
    /// <param name="plan">Layout.</param>
    /// <param name="source">Plane <c>[height, width]</c>.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="padded">Zeroed memory of <see cref="WindowPlan.PlaneLength"/>.</param>
    public static void Copy<TSimd, TVector>(in WindowPlan plan, float* source, int height, int width, float* padded)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int firstRow = Math.Max(0, plan.Rows.First), firstColumn = Math.Max(0, plan.Columns.First);
        int endRow = Math.Min(height, plan.Rows.First + plan.Rows.Length);
        int endColumn = Math.Min(width, plan.Columns.First + plan.Columns.Length);
        int count = endColumn - firstColumn, column = firstColumn - plan.Columns.First;
        if (count <= 0)
        {
            return;
        }

        for (int row = firstRow; row < endRow; row++)
        {
            float* from = source + (nint)row * width + firstColumn;
            float* to = padded + plan.RowOffset(row - plan.Rows.First);
            switch (plan.Columns.Phases)
            {
                case 1:
                    Row<TSimd, TVector>(from, to + column, count);
                    break;
                case 2:
                    RowOfPairs<TSimd, TVector>(from, to + plan.ColumnOffset(column), to + plan.ColumnOffset(column + 1),
                        count);
                    break;
                default:
                    for (int v = 0; v < count; v++)
                    {
                        to[plan.ColumnOffset(column + v)] = from[v];
                    }

                    break;
            }
        }
    }

    /// <summary>Copies a row; zeros may follow up to a whole vector.</summary>
    private static void Row<TSimd, TVector>(float* from, float* to, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int v = 0;
        for (; v <= count - TSimd.Lanes; v += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Load(from + v), to + v);
        }

        if (v < count)
        {
            TSimd.Store(TSimd.LoadPartial(from + v, count - v), to + v);
        }
    }

    /// <summary>Copies elements 0, 2, 4 … and 1, 3, 5 … apart; zeros may follow up to a whole vector.</summary>
    private static void RowOfPairs<TSimd, TVector>(float* from, float* even, float* odd, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int v = 0;
        for (; v <= count - 2 * TSimd.Lanes; v += 2 * TSimd.Lanes)
        {
            TVector a = TSimd.Load(from + v), b = TSimd.Load(from + v + TSimd.Lanes);
            TSimd.Store(TSimd.Even(a, b), even + v / 2);
            TSimd.Store(TSimd.Odd(a, b), odd + v / 2);
        }

        if (v < count)
        {
            int left = count - v;
            TVector a = TSimd.LoadPartial(from + v, Math.Min(left, TSimd.Lanes));
            TVector b = left > TSimd.Lanes
                ? TSimd.LoadPartial(from + v + TSimd.Lanes, left - TSimd.Lanes)
                : TSimd.Zero;
            TSimd.Store(TSimd.Even(a, b), even + v / 2);
            TSimd.Store(TSimd.Odd(a, b), odd + v / 2);
        }
    }
}
