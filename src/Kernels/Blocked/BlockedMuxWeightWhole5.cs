using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>5×5 taps a column apart with 32 registers: 25 chains of sums, a vector of x is loaded once for two
/// columns of dy.</summary>
internal static unsafe class BlockedMuxWeightWhole5
{
    /// <summary>Adds the products of all rows to the sums.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <typeparam name="TStep">Pixels from one column to the next.</typeparam>
    /// <param name="work">The rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        nint next = 2 * step - 4 * stride;
        int pairs = work->Columns / 2, odd = work->Columns % 2;
        float* x = work->X - 2 * step - 2 * stride, dy = work->Dy, sums = work->Sums;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0;
        TVector a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0, a15 = a0, a16 = a0;
        TVector a17 = a0, a18 = a0, a19 = a0, a20 = a0, a21 = a0, a22 = a0, a23 = a0, a24 = a0;
        for (int row = work->Rows; row > 0; row--, x += stride, dy += dyStride)
        {
            float* p = x, d = dy;
            TVector d0, d1, x0;
            for (int tile = pairs; tile > 0; tile--)
            {
                d0 = TSimd.Load(d);
                d1 = TSimd.Load(d + step);
                x0 = TSimd.Load(p);
                a0 = TSimd.Fma(x0, d0, a0);
                x0 = TSimd.Load(p + step);
                a1 = TSimd.Fma(x0, d0, a1);
                a0 = TSimd.Fma(x0, d1, a0);
                x0 = TSimd.Load(p + 2 * step);
                a2 = TSimd.Fma(x0, d0, a2);
                a1 = TSimd.Fma(x0, d1, a1);
                x0 = TSimd.Load(p + 3 * step);
                a3 = TSimd.Fma(x0, d0, a3);
                a2 = TSimd.Fma(x0, d1, a2);
                x0 = TSimd.Load(p + 4 * step);
                a4 = TSimd.Fma(x0, d0, a4);
                a3 = TSimd.Fma(x0, d1, a3);
                x0 = TSimd.Load(p + 5 * step);
                a4 = TSimd.Fma(x0, d1, a4);
                p += stride;
                x0 = TSimd.Load(p);
                a5 = TSimd.Fma(x0, d0, a5);
                x0 = TSimd.Load(p + step);
                a6 = TSimd.Fma(x0, d0, a6);
                a5 = TSimd.Fma(x0, d1, a5);
                x0 = TSimd.Load(p + 2 * step);
                a7 = TSimd.Fma(x0, d0, a7);
                a6 = TSimd.Fma(x0, d1, a6);
                x0 = TSimd.Load(p + 3 * step);
                a8 = TSimd.Fma(x0, d0, a8);
                a7 = TSimd.Fma(x0, d1, a7);
                x0 = TSimd.Load(p + 4 * step);
                a9 = TSimd.Fma(x0, d0, a9);
                a8 = TSimd.Fma(x0, d1, a8);
                x0 = TSimd.Load(p + 5 * step);
                a9 = TSimd.Fma(x0, d1, a9);
                p += stride;
                x0 = TSimd.Load(p);
                a10 = TSimd.Fma(x0, d0, a10);
                x0 = TSimd.Load(p + step);
                a11 = TSimd.Fma(x0, d0, a11);
                a10 = TSimd.Fma(x0, d1, a10);
                x0 = TSimd.Load(p + 2 * step);
                a12 = TSimd.Fma(x0, d0, a12);
                a11 = TSimd.Fma(x0, d1, a11);
                x0 = TSimd.Load(p + 3 * step);
                a13 = TSimd.Fma(x0, d0, a13);
                a12 = TSimd.Fma(x0, d1, a12);
                x0 = TSimd.Load(p + 4 * step);
                a14 = TSimd.Fma(x0, d0, a14);
                a13 = TSimd.Fma(x0, d1, a13);
                x0 = TSimd.Load(p + 5 * step);
                a14 = TSimd.Fma(x0, d1, a14);
                p += stride;
                x0 = TSimd.Load(p);
                a15 = TSimd.Fma(x0, d0, a15);
                x0 = TSimd.Load(p + step);
                a16 = TSimd.Fma(x0, d0, a16);
                a15 = TSimd.Fma(x0, d1, a15);
                x0 = TSimd.Load(p + 2 * step);
                a17 = TSimd.Fma(x0, d0, a17);
                a16 = TSimd.Fma(x0, d1, a16);
                x0 = TSimd.Load(p + 3 * step);
                a18 = TSimd.Fma(x0, d0, a18);
                a17 = TSimd.Fma(x0, d1, a17);
                x0 = TSimd.Load(p + 4 * step);
                a19 = TSimd.Fma(x0, d0, a19);
                a18 = TSimd.Fma(x0, d1, a18);
                x0 = TSimd.Load(p + 5 * step);
                a19 = TSimd.Fma(x0, d1, a19);
                p += stride;
                x0 = TSimd.Load(p);
                a20 = TSimd.Fma(x0, d0, a20);
                x0 = TSimd.Load(p + step);
                a21 = TSimd.Fma(x0, d0, a21);
                a20 = TSimd.Fma(x0, d1, a20);
                x0 = TSimd.Load(p + 2 * step);
                a22 = TSimd.Fma(x0, d0, a22);
                a21 = TSimd.Fma(x0, d1, a21);
                x0 = TSimd.Load(p + 3 * step);
                a23 = TSimd.Fma(x0, d0, a23);
                a22 = TSimd.Fma(x0, d1, a22);
                x0 = TSimd.Load(p + 4 * step);
                a24 = TSimd.Fma(x0, d0, a24);
                a23 = TSimd.Fma(x0, d1, a23);
                x0 = TSimd.Load(p + 5 * step);
                a24 = TSimd.Fma(x0, d1, a24);
                p += next;
                d += 2 * step;
            }

            if (odd != 0)
            {
                d0 = TSimd.Load(d);
                x0 = TSimd.Load(p);
                a0 = TSimd.Fma(x0, d0, a0);
                x0 = TSimd.Load(p + step);
                a1 = TSimd.Fma(x0, d0, a1);
                x0 = TSimd.Load(p + 2 * step);
                a2 = TSimd.Fma(x0, d0, a2);
                x0 = TSimd.Load(p + 3 * step);
                a3 = TSimd.Fma(x0, d0, a3);
                x0 = TSimd.Load(p + 4 * step);
                a4 = TSimd.Fma(x0, d0, a4);
                p += stride;
                x0 = TSimd.Load(p);
                a5 = TSimd.Fma(x0, d0, a5);
                x0 = TSimd.Load(p + step);
                a6 = TSimd.Fma(x0, d0, a6);
                x0 = TSimd.Load(p + 2 * step);
                a7 = TSimd.Fma(x0, d0, a7);
                x0 = TSimd.Load(p + 3 * step);
                a8 = TSimd.Fma(x0, d0, a8);
                x0 = TSimd.Load(p + 4 * step);
                a9 = TSimd.Fma(x0, d0, a9);
                p += stride;
                x0 = TSimd.Load(p);
                a10 = TSimd.Fma(x0, d0, a10);
                x0 = TSimd.Load(p + step);
                a11 = TSimd.Fma(x0, d0, a11);
                x0 = TSimd.Load(p + 2 * step);
                a12 = TSimd.Fma(x0, d0, a12);
                x0 = TSimd.Load(p + 3 * step);
                a13 = TSimd.Fma(x0, d0, a13);
                x0 = TSimd.Load(p + 4 * step);
                a14 = TSimd.Fma(x0, d0, a14);
                p += stride;
                x0 = TSimd.Load(p);
                a15 = TSimd.Fma(x0, d0, a15);
                x0 = TSimd.Load(p + step);
                a16 = TSimd.Fma(x0, d0, a16);
                x0 = TSimd.Load(p + 2 * step);
                a17 = TSimd.Fma(x0, d0, a17);
                x0 = TSimd.Load(p + 3 * step);
                a18 = TSimd.Fma(x0, d0, a18);
                x0 = TSimd.Load(p + 4 * step);
                a19 = TSimd.Fma(x0, d0, a19);
                p += stride;
                x0 = TSimd.Load(p);
                a20 = TSimd.Fma(x0, d0, a20);
                x0 = TSimd.Load(p + step);
                a21 = TSimd.Fma(x0, d0, a21);
                x0 = TSimd.Load(p + 2 * step);
                a22 = TSimd.Fma(x0, d0, a22);
                x0 = TSimd.Load(p + 3 * step);
                a23 = TSimd.Fma(x0, d0, a23);
                x0 = TSimd.Load(p + 4 * step);
                a24 = TSimd.Fma(x0, d0, a24);
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
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 9 * TSimd.Lanes), a9), sums + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 10 * TSimd.Lanes), a10), sums + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 11 * TSimd.Lanes), a11), sums + 11 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 12 * TSimd.Lanes), a12), sums + 12 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 13 * TSimd.Lanes), a13), sums + 13 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 14 * TSimd.Lanes), a14), sums + 14 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 15 * TSimd.Lanes), a15), sums + 15 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 16 * TSimd.Lanes), a16), sums + 16 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 17 * TSimd.Lanes), a17), sums + 17 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 18 * TSimd.Lanes), a18), sums + 18 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 19 * TSimd.Lanes), a19), sums + 19 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 20 * TSimd.Lanes), a20), sums + 20 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 21 * TSimd.Lanes), a21), sums + 21 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 22 * TSimd.Lanes), a22), sums + 22 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 23 * TSimd.Lanes), a23), sums + 23 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 24 * TSimd.Lanes), a24), sums + 24 * TSimd.Lanes);
    }
}
