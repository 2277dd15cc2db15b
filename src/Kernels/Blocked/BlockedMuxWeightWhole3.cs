using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>3×3 taps a column apart: a vector of x is loaded once for three columns of dy, nine chains of
/// sums.</summary>
internal static unsafe class BlockedMuxWeightWhole3
{
    /// <summary>Adds the products of all rows to the sums.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <typeparam name="TStep">Pixels from one column to the next.</typeparam>
    /// <typeparam name="TCount">Columns of dy that are taken together, the last of an odd number alone: 2, or 4 or,
    /// with 32 registers, 7 where that divides the columns.</typeparam>
    /// <param name="work">The rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TCount>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        int tiles = work->Columns / TCount.Value, odd = work->Columns - tiles * TCount.Value;
        float* x = work->X - step, dy = work->Dy, sums = work->Sums;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0;
        for (int row = work->Rows; row > 0; row--, x += stride, dy += dyStride)
        {
            float* p = x - stride, q = x, r = x + stride, d = dy;
            TVector d0, d1, x0, x1, x2;
            for (int tile = tiles; tile > 0; tile--)
            {
                d0 = TSimd.Load(d);
                d1 = TSimd.Load(d + step);
                TVector d2 = TCount.Value >= 4 ? TSimd.Load(d + 2 * step) : d0;
                TVector d3 = TCount.Value >= 4 ? TSimd.Load(d + 3 * step) : d0;
                TVector d4 = TCount.Value >= 7 ? TSimd.Load(d + 4 * step) : d0;
                TVector d5 = TCount.Value >= 7 ? TSimd.Load(d + 5 * step) : d0;
                TVector d6 = TCount.Value >= 7 ? TSimd.Load(d + 6 * step) : d0;
                x0 = TSimd.Load(p);
                x1 = TSimd.Load(q);
                x2 = TSimd.Load(r);
                a0 = TSimd.Fma(x0, d0, a0);
                a3 = TSimd.Fma(x1, d0, a3);
                a6 = TSimd.Fma(x2, d0, a6);
                x0 = TSimd.Load(p + step);
                x1 = TSimd.Load(q + step);
                x2 = TSimd.Load(r + step);
                a0 = TSimd.Fma(x0, d1, a0);
                a3 = TSimd.Fma(x1, d1, a3);
                a6 = TSimd.Fma(x2, d1, a6);
                a1 = TSimd.Fma(x0, d0, a1);
                a4 = TSimd.Fma(x1, d0, a4);
                a7 = TSimd.Fma(x2, d0, a7);
                x0 = TSimd.Load(p + 2 * step);
                x1 = TSimd.Load(q + 2 * step);
                x2 = TSimd.Load(r + 2 * step);

                if (TCount.Value >= 4)
                {
                    a0 = TSimd.Fma(x0, d2, a0);
                    a3 = TSimd.Fma(x1, d2, a3);
                    a6 = TSimd.Fma(x2, d2, a6);
                }

                a1 = TSimd.Fma(x0, d1, a1);
                a4 = TSimd.Fma(x1, d1, a4);
                a7 = TSimd.Fma(x2, d1, a7);
                a2 = TSimd.Fma(x0, d0, a2);
                a5 = TSimd.Fma(x1, d0, a5);
                a8 = TSimd.Fma(x2, d0, a8);
                x0 = TSimd.Load(p + 3 * step);
                x1 = TSimd.Load(q + 3 * step);
                x2 = TSimd.Load(r + 3 * step);

                if (TCount.Value >= 4)
                {
                    a0 = TSimd.Fma(x0, d3, a0);
                    a3 = TSimd.Fma(x1, d3, a3);
                    a6 = TSimd.Fma(x2, d3, a6);
                    a1 = TSimd.Fma(x0, d2, a1);
                    a4 = TSimd.Fma(x1, d2, a4);
                    a7 = TSimd.Fma(x2, d2, a7);
                }

                a2 = TSimd.Fma(x0, d1, a2);
                a5 = TSimd.Fma(x1, d1, a5);
                a8 = TSimd.Fma(x2, d1, a8);

                if (TCount.Value >= 4)
                {
                    x0 = TSimd.Load(p + 4 * step);
                    x1 = TSimd.Load(q + 4 * step);
                    x2 = TSimd.Load(r + 4 * step);
                }

                if (TCount.Value >= 7)
                {
                    a0 = TSimd.Fma(x0, d4, a0);
                    a3 = TSimd.Fma(x1, d4, a3);
                    a6 = TSimd.Fma(x2, d4, a6);
                }

                if (TCount.Value >= 4)
                {
                    a1 = TSimd.Fma(x0, d3, a1);
                    a4 = TSimd.Fma(x1, d3, a4);
                    a7 = TSimd.Fma(x2, d3, a7);
                    a2 = TSimd.Fma(x0, d2, a2);
                    a5 = TSimd.Fma(x1, d2, a5);
                    a8 = TSimd.Fma(x2, d2, a8);
                    x0 = TSimd.Load(p + 5 * step);
                    x1 = TSimd.Load(q + 5 * step);
                    x2 = TSimd.Load(r + 5 * step);
                }

                if (TCount.Value >= 7)
                {
                    a0 = TSimd.Fma(x0, d5, a0);
                    a3 = TSimd.Fma(x1, d5, a3);
                    a6 = TSimd.Fma(x2, d5, a6);
                    a1 = TSimd.Fma(x0, d4, a1);
                    a4 = TSimd.Fma(x1, d4, a4);
                    a7 = TSimd.Fma(x2, d4, a7);
                }

                if (TCount.Value >= 4)
                {
                    a2 = TSimd.Fma(x0, d3, a2);
                    a5 = TSimd.Fma(x1, d3, a5);
                    a8 = TSimd.Fma(x2, d3, a8);
                }

                if (TCount.Value >= 7)
                {
                    x0 = TSimd.Load(p + 6 * step);
                    x1 = TSimd.Load(q + 6 * step);
                    x2 = TSimd.Load(r + 6 * step);
                    a0 = TSimd.Fma(x0, d6, a0);
                    a3 = TSimd.Fma(x1, d6, a3);
                    a6 = TSimd.Fma(x2, d6, a6);
                    a1 = TSimd.Fma(x0, d5, a1);
                    a4 = TSimd.Fma(x1, d5, a4);
                    a7 = TSimd.Fma(x2, d5, a7);
                    a2 = TSimd.Fma(x0, d4, a2);
                    a5 = TSimd.Fma(x1, d4, a5);
                    a8 = TSimd.Fma(x2, d4, a8);
                    x0 = TSimd.Load(p + 7 * step);
                    x1 = TSimd.Load(q + 7 * step);
                    x2 = TSimd.Load(r + 7 * step);
                    a1 = TSimd.Fma(x0, d6, a1);
                    a4 = TSimd.Fma(x1, d6, a4);
                    a7 = TSimd.Fma(x2, d6, a7);
                    a2 = TSimd.Fma(x0, d5, a2);
                    a5 = TSimd.Fma(x1, d5, a5);
                    a8 = TSimd.Fma(x2, d5, a8);
                    x0 = TSimd.Load(p + 8 * step);
                    x1 = TSimd.Load(q + 8 * step);
                    x2 = TSimd.Load(r + 8 * step);
                    a2 = TSimd.Fma(x0, d6, a2);
                    a5 = TSimd.Fma(x1, d6, a5);
                    a8 = TSimd.Fma(x2, d6, a8);
                }

                p += TCount.Value * step;
                q += TCount.Value * step;
                r += TCount.Value * step;
                d += TCount.Value * step;
            }

            if (TCount.Value == 2 && odd != 0)
            {
                d0 = TSimd.Load(d);
                x0 = TSimd.Load(p);
                x1 = TSimd.Load(q);
                x2 = TSimd.Load(r);
                a0 = TSimd.Fma(x0, d0, a0);
                a3 = TSimd.Fma(x1, d0, a3);
                a6 = TSimd.Fma(x2, d0, a6);
                x0 = TSimd.Load(p + step);
                x1 = TSimd.Load(q + step);
                x2 = TSimd.Load(r + step);
                a1 = TSimd.Fma(x0, d0, a1);
                a4 = TSimd.Fma(x1, d0, a4);
                a7 = TSimd.Fma(x2, d0, a7);
                x0 = TSimd.Load(p + 2 * step);
                x1 = TSimd.Load(q + 2 * step);
                x2 = TSimd.Load(r + 2 * step);
                a2 = TSimd.Fma(x0, d0, a2);
                a5 = TSimd.Fma(x1, d0, a5);
                a8 = TSimd.Fma(x2, d0, a8);
            }
        }

        TSimd.Store(TSimd.Add(TSimd.Load(sums), a0), sums);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + TSimd.Lanes), a1), sums + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * TSimd.Lanes), a2), sums + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 3 * TSimd.Lanes), a3), sums + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 4 * TSimd.Lanes), a4), sums + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 5 * TSimd.Lanes), a5), sums + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 6 * TSimd.Lanes), a6), sums + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 7 * TSimd.Lanes), a7), sums + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 8 * TSimd.Lanes), a8), sums + 8 * TSimd.Lanes);
    }
}
