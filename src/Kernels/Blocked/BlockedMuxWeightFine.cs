using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Some rows of 3×3 or 5×5 taps half a vector apart (fine columns). dy is shifted by half a vector in
/// registers and not x, because one shifted dy serves all rows of taps; columns of dy beyond the map are zeros that
/// meet x, so x must be finite.</summary>
internal static unsafe class BlockedMuxWeightFine
{
    /// <summary>Adds the products of all rows to the sums of up to three rows of taps.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <typeparam name="TKernel">Columns of taps, 3 or 5.</typeparam>
    /// <typeparam name="TRows">Rows of taps, 1 … 3.</typeparam>
    /// <typeparam name="TSources">1: the rows of x are those of the pointers; 2: they lie between one pointer and the
    /// next, three rows of taps meet (0, 1), 1 and (1, 2).</typeparam>
    /// <param name="work">The rows.</param>
    /// <param name="first">Column 0 of the first row of x.</param>
    /// <param name="second">The second, where there is one.</param>
    /// <param name="third">The third, where there is one.</param>
    /// <param name="sums">Sums of the first row of taps.</param>
    /// <param name="sumRow">Floats from the sums of one of the rows of taps to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TKernel, TRows, TSources>(BlockedMuxWeightRows* work, float* first,
        float* second, float* third, float* sums, nint sumRow)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TKernel : struct, ICount
        where TRows : struct, ICount
        where TSources : struct, ICount
    {
        nint step = TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        int columns = work->Columns;
        float* dy = work->Dy;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0;
        TVector a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0;
        for (int row = work->Rows; row > 0; row--)
        {
            float* p = first, q = second, r = third, d = dy;
            TVector d0 = TSimd.Zero, d1 = TSimd.Load(d), s0 = TSimd.Adjoin(d0, d1), d2, s1, x0, x1, v;
            for (int left = columns - 1; left > 0; left--)
            {
                d += step;
                d2 = TSimd.Load(d);
                s1 = TSimd.Adjoin(d1, d2);
                x0 = TSimd.Load(p);
                x1 = TRows.Value + TSources.Value > 2 ? TSimd.Load(q) : x0;
                v = TSources.Value == 2 ? TSimd.Straddle(x0, x1) : x0;
                a1 = TSimd.Fma(v, s1, a1);
                a2 = TSimd.Fma(v, d1, a2);
                a3 = TSimd.Fma(v, s0, a3);
                if (TKernel.Value == 5)
                {
                    a0 = TSimd.Fma(v, d2, a0);
                    a4 = TSimd.Fma(v, d0, a4);
                }

                if (TRows.Value >= 2)
                {
                    x0 = TRows.Value + TSources.Value > 3 ? TSimd.Load(r) : x1;
                    v = TSources.Value == 2 && TRows.Value == 2 ? TSimd.Straddle(x1, x0) : x1;
                    a6 = TSimd.Fma(v, s1, a6);
                    a7 = TSimd.Fma(v, d1, a7);
                    a8 = TSimd.Fma(v, s0, a8);
                    if (TKernel.Value == 5)
                    {
                        a5 = TSimd.Fma(v, d2, a5);
                        a9 = TSimd.Fma(v, d0, a9);
                    }
                }

                if (TRows.Value >= 3)
                {
                    v = TSources.Value == 2 ? TSimd.Straddle(x1, x0) : x0;
                    a11 = TSimd.Fma(v, s1, a11);
                    a12 = TSimd.Fma(v, d1, a12);
                    a13 = TSimd.Fma(v, s0, a13);
                    if (TKernel.Value == 5)
                    {
                        a10 = TSimd.Fma(v, d2, a10);
                        a14 = TSimd.Fma(v, d0, a14);
                    }
                }

                (d0, d1, s0) = (d1, d2, s1);
                p += step;
                q += step;
                r += step;
            }

            s1 = TSimd.Adjoin(d1, TSimd.Zero);
            x0 = TSimd.Load(p);
            x1 = TRows.Value + TSources.Value > 2 ? TSimd.Load(q) : x0;
            v = TSources.Value == 2 ? TSimd.Straddle(x0, x1) : x0;
            a1 = TSimd.Fma(v, s1, a1);
            a2 = TSimd.Fma(v, d1, a2);
            a3 = TSimd.Fma(v, s0, a3);
            if (TKernel.Value == 5)
            {
                a4 = TSimd.Fma(v, d0, a4);
            }

            if (TRows.Value >= 2)
            {
                x0 = TRows.Value + TSources.Value > 3 ? TSimd.Load(r) : x1;
                v = TSources.Value == 2 && TRows.Value == 2 ? TSimd.Straddle(x1, x0) : x1;
                a6 = TSimd.Fma(v, s1, a6);
                a7 = TSimd.Fma(v, d1, a7);
                a8 = TSimd.Fma(v, s0, a8);
                if (TKernel.Value == 5)
                {
                    a9 = TSimd.Fma(v, d0, a9);
                }
            }

            if (TRows.Value >= 3)
            {
                v = TSources.Value == 2 ? TSimd.Straddle(x1, x0) : x0;
                a11 = TSimd.Fma(v, s1, a11);
                a12 = TSimd.Fma(v, d1, a12);
                a13 = TSimd.Fma(v, s0, a13);
                if (TKernel.Value == 5)
                {
                    a14 = TSimd.Fma(v, d0, a14);
                }
            }

            first += stride;
            second += stride;
            third += stride;
            dy += dyStride;
        }

        Add<TSimd, TVector, TKernel>(sums, a0, a1, a2, a3, a4);

        if (TRows.Value >= 2)
        {
            sums += sumRow;
            Add<TSimd, TVector, TKernel>(sums, a5, a6, a7, a8, a9);
        }

        if (TRows.Value >= 3)
        {
            sums += sumRow;
            Add<TSimd, TVector, TKernel>(sums, a10, a11, a12, a13, a14);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TSimd, TVector, TKernel>(float* sums, TVector a0, TVector a1, TVector a2, TVector a3,
        TVector a4)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TKernel : struct, ICount
    {
        if (TKernel.Value == 5)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(sums), a0), sums);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 4 * TSimd.Lanes), a4), sums + 4 * TSimd.Lanes);
            sums += TSimd.Lanes;
        }

        TSimd.Store(TSimd.Add(TSimd.Load(sums), a1), sums);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + TSimd.Lanes), a2), sums + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * TSimd.Lanes), a3), sums + 2 * TSimd.Lanes);
    }
}
