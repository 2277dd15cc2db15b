using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Some output rows of one channel: <c>y[j, v] = from[j, v] + Σ_{i,m,q} w[i, m, q]·x_i[(j + m)·RowPitch + t_q + v]</c>
/// over input planes i, a run of kernel rows m and all kernel columns q.
/// <para>The kernel columns are a loop; for each of them the weights of the run stand in registers, and every row of
/// x is loaded once and feeds up to five output rows. The loads are unaligned and cross cache lines, so with one load
/// for each multiply-add the tile could reach half of the machine's peak at best. Registers: 16 rows + 5 weights + 1 on
/// AVX-512, 8 rows + 5 weights + 1 elsewhere.
/// </para>
/// </summary>
internal unsafe struct RowTile
{
    /// <summary>First padded plane, moved to the run's first row.</summary>
    public float* Source;

    /// <summary>Elements from one input plane to the next.</summary>
    public nint Plane;

    /// <summary>Elements from a row to the next one of the tile.</summary>
    public nint RowPitch;

    /// <summary>Input planes.</summary>
    public int Planes;

    /// <summary>Weight of the run's first kernel row, of input plane 0.</summary>
    public float* W;

    /// <summary>Weights from one input plane to the next.</summary>
    public nint PlaneWeights;

    /// <summary>Weights from one kernel row of the run to the next.</summary>
    public nint RowWeights;

    /// <summary>Kernel columns.</summary>
    public ColumnTap* Taps;

    /// <summary>Number of kernel columns.</summary>
    public int TapCount;

    /// <summary>Sums of earlier runs, rows <see cref="FromPitch"/> apart; null to start from
    /// <see cref="Start"/>.</summary>
    public float* From;

    /// <summary>Elements between the rows of <see cref="From"/>.</summary>
    public nint FromPitch;

    /// <summary>Where the sums start: the bias.</summary>
    public float Start;

    /// <summary>Where the sums go.</summary>
    public float* To;

    /// <summary>Elements between the rows of <see cref="To"/>.</summary>
    public nint ToPitch;

    /// <summary>Columns.</summary>
    public int Width;

    /// <summary>Computes <paramref name="rows"/> rows (1, 2, 4, 7, 8, 14 or 16) with a run of
    /// <paramref name="taps"/> kernel rows (1 … 5).</summary>
    public static void Run<TSimd, TVector>(RowTile* tile, int rows, int taps)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (taps)
        {
            case 1: Run<TSimd, TVector, One>(tile, rows); break;
            case 2: Run<TSimd, TVector, Two>(tile, rows); break;
            case 3: Run<TSimd, TVector, Three>(tile, rows); break;
            case 4: Run<TSimd, TVector, Four>(tile, rows); break;
            default: Run<TSimd, TVector, Five>(tile, rows); break;
        }
    }

    /// <summary>Rows of the next tile where <paramref name="left"/> are left: maps are multiples of 7 or 8. Sixteen
    /// sums hide the latency of a multiply-add with room to spare, where there are registers for them.</summary>
    public static int RowsOf(int left, int lanes)
    {
        if (lanes == WindowPlan.Vector && left >= 14)
        {
            return left % 14 == 0 || left < 16 ? 14 : 16;
        }

        return left switch
        {
            >= 8 when left % 7 != 0 || left % 8 == 0 => 8,
            >= 7 => 7,
            >= 4 => 4,
            >= 2 => 2,
            _ => 1,
        };
    }

    private static void Run<TSimd, TVector, TTaps>(RowTile* tile, int rows)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TTaps : struct, ICount
    {
        switch (rows)
        {
            case 1: Tile<TSimd, TVector, One, TTaps>(tile); break;
            case 2: Tile<TSimd, TVector, Two, TTaps>(tile); break;
            case 4: Tile<TSimd, TVector, Four, TTaps>(tile); break;
            case 7: Tile<TSimd, TVector, Seven, TTaps>(tile); break;
            case 8: Tile<TSimd, TVector, Eight, TTaps>(tile); break;
            case 14: Tile<TSimd, TVector, Fourteen, TTaps>(tile); break;
            default: Tile<TSimd, TVector, Sixteen, TTaps>(tile); break;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TSimd, TVector, TRows, TTaps>(RowTile* tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRows : struct, ICount
        where TTaps : struct, ICount
    {
        nint pitch = tile->RowPitch, rowWeights = tile->RowWeights, toPitch = tile->ToPitch;
        int width = tile->Width;
        for (int v = 0; v < width; v += TSimd.Lanes)
        {
            TVector y0 = TSimd.Set(tile->Start);
            TVector y1 = y0, y2 = y0, y3 = y0, y4 = y0, y5 = y0, y6 = y0, y7 = y0;
            TVector y8 = y0, y9 = y0, y10 = y0, y11 = y0, y12 = y0, y13 = y0, y14 = y0, y15 = y0;
            if (tile->From != null)
            {
                float* from = tile->From + v;
                nint fromPitch = tile->FromPitch;
                y0 = TSimd.Load(from);
                if (TRows.Value > 1) y1 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 2) y2 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 3) y3 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 4) y4 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 5) y5 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 6) y6 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 7) y7 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 8) y8 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 9) y9 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 10) y10 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 11) y11 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 12) y12 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 13) y13 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 14) y14 = TSimd.Load(from += fromPitch);
                if (TRows.Value > 15) y15 = TSimd.Load(from += fromPitch);
            }

            float* plane = tile->Source + v;
            float* w = tile->W;
            ColumnTap* end = tile->Taps + tile->TapCount;
            for (int i = tile->Planes; i > 0; i--, plane += tile->Plane, w += tile->PlaneWeights)
            {
                for (ColumnTap* tap = tile->Taps; tap < end; tap++)
                {
                    float* row = plane + tap->Source;
                    float* k = w + tap->Weight;
                    TVector w0 = TSimd.Splat(k);
                    TVector w1 = TTaps.Value > 1 ? TSimd.Splat(k += rowWeights) : w0;
                    TVector w2 = TTaps.Value > 2 ? TSimd.Splat(k += rowWeights) : w0;
                    TVector w3 = TTaps.Value > 3 ? TSimd.Splat(k += rowWeights) : w0;
                    TVector w4 = TTaps.Value > 4 ? TSimd.Splat(k += rowWeights) : w0;

                    TVector x = TSimd.Load(row);
                    y0 = TSimd.Fma(w0, x, y0);

                    if (TRows.Value + TTaps.Value > 2)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 1) y1 = TSimd.Fma(w0, x, y1);
                        if (TTaps.Value > 1) y0 = TSimd.Fma(w1, x, y0);
                    }

                    if (TRows.Value + TTaps.Value > 3)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 2) y2 = TSimd.Fma(w0, x, y2);
                        if (TRows.Value > 1 && TTaps.Value > 1) y1 = TSimd.Fma(w1, x, y1);
                        if (TTaps.Value > 2) y0 = TSimd.Fma(w2, x, y0);
                    }

                    if (TRows.Value + TTaps.Value > 4)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 3) y3 = TSimd.Fma(w0, x, y3);
                        if (TRows.Value > 2 && TTaps.Value > 1) y2 = TSimd.Fma(w1, x, y2);
                        if (TRows.Value > 1 && TTaps.Value > 2) y1 = TSimd.Fma(w2, x, y1);
                        if (TTaps.Value > 3) y0 = TSimd.Fma(w3, x, y0);
                    }

                    if (TRows.Value + TTaps.Value > 5)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 4) y4 = TSimd.Fma(w0, x, y4);
                        if (TRows.Value > 3 && TTaps.Value > 1) y3 = TSimd.Fma(w1, x, y3);
                        if (TRows.Value > 2 && TTaps.Value > 2) y2 = TSimd.Fma(w2, x, y2);
                        if (TRows.Value > 1 && TTaps.Value > 3) y1 = TSimd.Fma(w3, x, y1);
                        if (TTaps.Value > 4) y0 = TSimd.Fma(w4, x, y0);
                    }

                    if (TRows.Value + TTaps.Value > 6)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 5) y5 = TSimd.Fma(w0, x, y5);
                        if (TRows.Value > 4 && TTaps.Value > 1) y4 = TSimd.Fma(w1, x, y4);
                        if (TRows.Value > 3 && TTaps.Value > 2) y3 = TSimd.Fma(w2, x, y3);
                        if (TRows.Value > 2 && TTaps.Value > 3) y2 = TSimd.Fma(w3, x, y2);
                        if (TRows.Value > 1 && TTaps.Value > 4) y1 = TSimd.Fma(w4, x, y1);
                    }

                    if (TRows.Value + TTaps.Value > 7)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 6) y6 = TSimd.Fma(w0, x, y6);
                        if (TRows.Value > 5 && TTaps.Value > 1) y5 = TSimd.Fma(w1, x, y5);
                        if (TRows.Value > 4 && TTaps.Value > 2) y4 = TSimd.Fma(w2, x, y4);
                        if (TRows.Value > 3 && TTaps.Value > 3) y3 = TSimd.Fma(w3, x, y3);
                        if (TRows.Value > 2 && TTaps.Value > 4) y2 = TSimd.Fma(w4, x, y2);
                    }

                    if (TRows.Value + TTaps.Value > 8)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 7) y7 = TSimd.Fma(w0, x, y7);
                        if (TRows.Value > 6 && TTaps.Value > 1) y6 = TSimd.Fma(w1, x, y6);
                        if (TRows.Value > 5 && TTaps.Value > 2) y5 = TSimd.Fma(w2, x, y5);
                        if (TRows.Value > 4 && TTaps.Value > 3) y4 = TSimd.Fma(w3, x, y4);
                        if (TRows.Value > 3 && TTaps.Value > 4) y3 = TSimd.Fma(w4, x, y3);
                    }

                    if (TRows.Value + TTaps.Value > 9)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 8) y8 = TSimd.Fma(w0, x, y8);
                        if (TRows.Value > 7 && TTaps.Value > 1) y7 = TSimd.Fma(w1, x, y7);
                        if (TRows.Value > 6 && TTaps.Value > 2) y6 = TSimd.Fma(w2, x, y6);
                        if (TRows.Value > 5 && TTaps.Value > 3) y5 = TSimd.Fma(w3, x, y5);
                        if (TRows.Value > 4 && TTaps.Value > 4) y4 = TSimd.Fma(w4, x, y4);
                    }

                    if (TRows.Value + TTaps.Value > 10)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 9) y9 = TSimd.Fma(w0, x, y9);
                        if (TRows.Value > 8 && TTaps.Value > 1) y8 = TSimd.Fma(w1, x, y8);
                        if (TRows.Value > 7 && TTaps.Value > 2) y7 = TSimd.Fma(w2, x, y7);
                        if (TRows.Value > 6 && TTaps.Value > 3) y6 = TSimd.Fma(w3, x, y6);
                        if (TRows.Value > 5 && TTaps.Value > 4) y5 = TSimd.Fma(w4, x, y5);
                    }

                    if (TRows.Value + TTaps.Value > 11)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 10) y10 = TSimd.Fma(w0, x, y10);
                        if (TRows.Value > 9 && TTaps.Value > 1) y9 = TSimd.Fma(w1, x, y9);
                        if (TRows.Value > 8 && TTaps.Value > 2) y8 = TSimd.Fma(w2, x, y8);
                        if (TRows.Value > 7 && TTaps.Value > 3) y7 = TSimd.Fma(w3, x, y7);
                        if (TRows.Value > 6 && TTaps.Value > 4) y6 = TSimd.Fma(w4, x, y6);
                    }

                    if (TRows.Value + TTaps.Value > 12)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 11) y11 = TSimd.Fma(w0, x, y11);
                        if (TRows.Value > 10 && TTaps.Value > 1) y10 = TSimd.Fma(w1, x, y10);
                        if (TRows.Value > 9 && TTaps.Value > 2) y9 = TSimd.Fma(w2, x, y9);
                        if (TRows.Value > 8 && TTaps.Value > 3) y8 = TSimd.Fma(w3, x, y8);
                        if (TRows.Value > 7 && TTaps.Value > 4) y7 = TSimd.Fma(w4, x, y7);
                    }

                    if (TRows.Value + TTaps.Value > 13)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 12) y12 = TSimd.Fma(w0, x, y12);
                        if (TRows.Value > 11 && TTaps.Value > 1) y11 = TSimd.Fma(w1, x, y11);
                        if (TRows.Value > 10 && TTaps.Value > 2) y10 = TSimd.Fma(w2, x, y10);
                        if (TRows.Value > 9 && TTaps.Value > 3) y9 = TSimd.Fma(w3, x, y9);
                        if (TRows.Value > 8 && TTaps.Value > 4) y8 = TSimd.Fma(w4, x, y8);
                    }

                    if (TRows.Value + TTaps.Value > 14)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 13) y13 = TSimd.Fma(w0, x, y13);
                        if (TRows.Value > 12 && TTaps.Value > 1) y12 = TSimd.Fma(w1, x, y12);
                        if (TRows.Value > 11 && TTaps.Value > 2) y11 = TSimd.Fma(w2, x, y11);
                        if (TRows.Value > 10 && TTaps.Value > 3) y10 = TSimd.Fma(w3, x, y10);
                        if (TRows.Value > 9 && TTaps.Value > 4) y9 = TSimd.Fma(w4, x, y9);
                    }

                    if (TRows.Value + TTaps.Value > 15)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 14) y14 = TSimd.Fma(w0, x, y14);
                        if (TRows.Value > 13 && TTaps.Value > 1) y13 = TSimd.Fma(w1, x, y13);
                        if (TRows.Value > 12 && TTaps.Value > 2) y12 = TSimd.Fma(w2, x, y12);
                        if (TRows.Value > 11 && TTaps.Value > 3) y11 = TSimd.Fma(w3, x, y11);
                        if (TRows.Value > 10 && TTaps.Value > 4) y10 = TSimd.Fma(w4, x, y10);
                    }

                    if (TRows.Value + TTaps.Value > 16)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 15) y15 = TSimd.Fma(w0, x, y15);
                        if (TRows.Value > 14 && TTaps.Value > 1) y14 = TSimd.Fma(w1, x, y14);
                        if (TRows.Value > 13 && TTaps.Value > 2) y13 = TSimd.Fma(w2, x, y13);
                        if (TRows.Value > 12 && TTaps.Value > 3) y12 = TSimd.Fma(w3, x, y12);
                        if (TRows.Value > 11 && TTaps.Value > 4) y11 = TSimd.Fma(w4, x, y11);
                    }

                    if (TRows.Value + TTaps.Value > 17)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 15 && TTaps.Value > 1) y15 = TSimd.Fma(w1, x, y15);
                        if (TRows.Value > 14 && TTaps.Value > 2) y14 = TSimd.Fma(w2, x, y14);
                        if (TRows.Value > 13 && TTaps.Value > 3) y13 = TSimd.Fma(w3, x, y13);
                        if (TRows.Value > 12 && TTaps.Value > 4) y12 = TSimd.Fma(w4, x, y12);
                    }

                    if (TRows.Value + TTaps.Value > 18)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 15 && TTaps.Value > 2) y15 = TSimd.Fma(w2, x, y15);
                        if (TRows.Value > 14 && TTaps.Value > 3) y14 = TSimd.Fma(w3, x, y14);
                        if (TRows.Value > 13 && TTaps.Value > 4) y13 = TSimd.Fma(w4, x, y13);
                    }

                    if (TRows.Value + TTaps.Value > 19)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 15 && TTaps.Value > 3) y15 = TSimd.Fma(w3, x, y15);
                        if (TRows.Value > 14 && TTaps.Value > 4) y14 = TSimd.Fma(w4, x, y14);
                    }

                    if (TRows.Value + TTaps.Value > 20)
                    {
                        x = TSimd.Load(row += pitch);
                        if (TRows.Value > 15 && TTaps.Value > 4) y15 = TSimd.Fma(w4, x, y15);
                    }
                }
            }

            float* to = tile->To + v;
            int left = width - v;
            if (left >= TSimd.Lanes)
            {
                TSimd.Store(y0, to);
                if (TRows.Value > 1) TSimd.Store(y1, to += toPitch);
                if (TRows.Value > 2) TSimd.Store(y2, to += toPitch);
                if (TRows.Value > 3) TSimd.Store(y3, to += toPitch);
                if (TRows.Value > 4) TSimd.Store(y4, to += toPitch);
                if (TRows.Value > 5) TSimd.Store(y5, to += toPitch);
                if (TRows.Value > 6) TSimd.Store(y6, to += toPitch);
                if (TRows.Value > 7) TSimd.Store(y7, to += toPitch);
                if (TRows.Value > 8) TSimd.Store(y8, to += toPitch);
                if (TRows.Value > 9) TSimd.Store(y9, to += toPitch);
                if (TRows.Value > 10) TSimd.Store(y10, to += toPitch);
                if (TRows.Value > 11) TSimd.Store(y11, to += toPitch);
                if (TRows.Value > 12) TSimd.Store(y12, to += toPitch);
                if (TRows.Value > 13) TSimd.Store(y13, to += toPitch);
                if (TRows.Value > 14) TSimd.Store(y14, to += toPitch);
                if (TRows.Value > 15) TSimd.Store(y15, to += toPitch);
            }
            else
            {
                TSimd.StorePartial(y0, to, left);
                if (TRows.Value > 1) TSimd.StorePartial(y1, to += toPitch, left);
                if (TRows.Value > 2) TSimd.StorePartial(y2, to += toPitch, left);
                if (TRows.Value > 3) TSimd.StorePartial(y3, to += toPitch, left);
                if (TRows.Value > 4) TSimd.StorePartial(y4, to += toPitch, left);
                if (TRows.Value > 5) TSimd.StorePartial(y5, to += toPitch, left);
                if (TRows.Value > 6) TSimd.StorePartial(y6, to += toPitch, left);
                if (TRows.Value > 7) TSimd.StorePartial(y7, to += toPitch, left);
                if (TRows.Value > 8) TSimd.StorePartial(y8, to += toPitch, left);
                if (TRows.Value > 9) TSimd.StorePartial(y9, to += toPitch, left);
                if (TRows.Value > 10) TSimd.StorePartial(y10, to += toPitch, left);
                if (TRows.Value > 11) TSimd.StorePartial(y11, to += toPitch, left);
                if (TRows.Value > 12) TSimd.StorePartial(y12, to += toPitch, left);
                if (TRows.Value > 13) TSimd.StorePartial(y13, to += toPitch, left);
                if (TRows.Value > 14) TSimd.StorePartial(y14, to += toPitch, left);
                if (TRows.Value > 15) TSimd.StorePartial(y15, to += toPitch, left);
            }
        }
    }
}
