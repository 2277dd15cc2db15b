using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>3×3 taps of a sub-pixel piece, two pixels apart, of even and odd columns: nine chains of sums for
/// each, so 32 registers.</summary>
internal static unsafe class BlockedMuxWeightPhase3
{
    /// <summary>Adds the products of all rows to the sums of two sets of weights.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <param name="work">The rows; all columns, an even number.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint step = TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        int tiles = work->Columns / 4, left = work->Columns % 4;
        float* x = work->X - 2 * step, dy = work->Dy, sums = work->Sums;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0;
        TVector b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0, b6 = a0, b7 = a0, b8 = a0;
        for (int row = work->Rows; row > 0; row--, x += stride, dy += dyStride)
        {
            float* p = x - stride, q = x, r = x + stride, d = dy;
            TVector d0, d1, d2, d3, x0, x1, x2;
            for (int tile = tiles; tile > 0; tile--)
            {
                d0 = TSimd.Load(d);
                d1 = TSimd.Load(d + step);
                d2 = TSimd.Load(d + 2 * step);
                d3 = TSimd.Load(d + 3 * step);
                x0 = TSimd.Load(p);
                x1 = TSimd.Load(q);
                x2 = TSimd.Load(r);
                a0 = TSimd.Fma(x0, d0, a0);
                a3 = TSimd.Fma(x1, d0, a3);
                a6 = TSimd.Fma(x2, d0, a6);
                x0 = TSimd.Load(p + step);
                x1 = TSimd.Load(q + step);
                x2 = TSimd.Load(r + step);
                b0 = TSimd.Fma(x0, d1, b0);
                b3 = TSimd.Fma(x1, d1, b3);
                b6 = TSimd.Fma(x2, d1, b6);
                x0 = TSimd.Load(p + 2 * step);
                x1 = TSimd.Load(q + 2 * step);
                x2 = TSimd.Load(r + 2 * step);
                a0 = TSimd.Fma(x0, d2, a0);
                a3 = TSimd.Fma(x1, d2, a3);
                a6 = TSimd.Fma(x2, d2, a6);
                a1 = TSimd.Fma(x0, d0, a1);
                a4 = TSimd.Fma(x1, d0, a4);
                a7 = TSimd.Fma(x2, d0, a7);
                x0 = TSimd.Load(p + 3 * step);
                x1 = TSimd.Load(q + 3 * step);
                x2 = TSimd.Load(r + 3 * step);
                b0 = TSimd.Fma(x0, d3, b0);
                b3 = TSimd.Fma(x1, d3, b3);
                b6 = TSimd.Fma(x2, d3, b6);
                b1 = TSimd.Fma(x0, d1, b1);
                b4 = TSimd.Fma(x1, d1, b4);
                b7 = TSimd.Fma(x2, d1, b7);
                x0 = TSimd.Load(p + 4 * step);
                x1 = TSimd.Load(q + 4 * step);
                x2 = TSimd.Load(r + 4 * step);
                a1 = TSimd.Fma(x0, d2, a1);
                a4 = TSimd.Fma(x1, d2, a4);
                a7 = TSimd.Fma(x2, d2, a7);
                a2 = TSimd.Fma(x0, d0, a2);
                a5 = TSimd.Fma(x1, d0, a5);
                a8 = TSimd.Fma(x2, d0, a8);
                x0 = TSimd.Load(p + 5 * step);
                x1 = TSimd.Load(q + 5 * step);
                x2 = TSimd.Load(r + 5 * step);
                b1 = TSimd.Fma(x0, d3, b1);
                b4 = TSimd.Fma(x1, d3, b4);
                b7 = TSimd.Fma(x2, d3, b7);
                b2 = TSimd.Fma(x0, d1, b2);
                b5 = TSimd.Fma(x1, d1, b5);
                b8 = TSimd.Fma(x2, d1, b8);
                x0 = TSimd.Load(p + 6 * step);
                x1 = TSimd.Load(q + 6 * step);
                x2 = TSimd.Load(r + 6 * step);
                a2 = TSimd.Fma(x0, d2, a2);
                a5 = TSimd.Fma(x1, d2, a5);
                a8 = TSimd.Fma(x2, d2, a8);
                x0 = TSimd.Load(p + 7 * step);
                x1 = TSimd.Load(q + 7 * step);
                x2 = TSimd.Load(r + 7 * step);
                b2 = TSimd.Fma(x0, d3, b2);
                b5 = TSimd.Fma(x1, d3, b5);
                b8 = TSimd.Fma(x2, d3, b8);
                p += 4 * step;
                q += 4 * step;
                r += 4 * step;
                d += 4 * step;
            }

            if (left != 0)
            {
                d0 = TSimd.Load(d);
                d1 = TSimd.Load(d + step);
                x0 = TSimd.Load(p);
                x1 = TSimd.Load(q);
                x2 = TSimd.Load(r);
                a0 = TSimd.Fma(x0, d0, a0);
                a3 = TSimd.Fma(x1, d0, a3);
                a6 = TSimd.Fma(x2, d0, a6);
                x0 = TSimd.Load(p + step);
                x1 = TSimd.Load(q + step);
                x2 = TSimd.Load(r + step);
                b0 = TSimd.Fma(x0, d1, b0);
                b3 = TSimd.Fma(x1, d1, b3);
                b6 = TSimd.Fma(x2, d1, b6);
                x0 = TSimd.Load(p + 2 * step);
                x1 = TSimd.Load(q + 2 * step);
                x2 = TSimd.Load(r + 2 * step);
                a1 = TSimd.Fma(x0, d0, a1);
                a4 = TSimd.Fma(x1, d0, a4);
                a7 = TSimd.Fma(x2, d0, a7);
                x0 = TSimd.Load(p + 3 * step);
                x1 = TSimd.Load(q + 3 * step);
                x2 = TSimd.Load(r + 3 * step);
                b1 = TSimd.Fma(x0, d1, b1);
                b4 = TSimd.Fma(x1, d1, b4);
                b7 = TSimd.Fma(x2, d1, b7);
                x0 = TSimd.Load(p + 4 * step);
                x1 = TSimd.Load(q + 4 * step);
                x2 = TSimd.Load(r + 4 * step);
                a2 = TSimd.Fma(x0, d0, a2);
                a5 = TSimd.Fma(x1, d0, a5);
                a8 = TSimd.Fma(x2, d0, a8);
                x0 = TSimd.Load(p + 5 * step);
                x1 = TSimd.Load(q + 5 * step);
                x2 = TSimd.Load(r + 5 * step);
                b2 = TSimd.Fma(x0, d1, b2);
                b5 = TSimd.Fma(x1, d1, b5);
                b8 = TSimd.Fma(x2, d1, b8);
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
        sums += 9 * TSimd.Lanes;
        TSimd.Store(TSimd.Add(TSimd.Load(sums), b0), sums);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + TSimd.Lanes), b1), sums + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * TSimd.Lanes), b2), sums + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 3 * TSimd.Lanes), b3), sums + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 4 * TSimd.Lanes), b4), sums + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 5 * TSimd.Lanes), b5), sums + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 6 * TSimd.Lanes), b6), sums + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 7 * TSimd.Lanes), b7), sums + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 8 * TSimd.Lanes), b8), sums + 8 * TSimd.Lanes);
    }
}
