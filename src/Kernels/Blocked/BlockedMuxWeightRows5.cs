using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>One or two rows of 5×5 taps a column apart: ten chains of sums, for 16 registers.</summary>
internal static unsafe class BlockedMuxWeightRows5
{
    /// <summary>Adds the products of all rows to the sums of one or two rows of taps.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <typeparam name="TStep">Pixels from one column to the next.</typeparam>
    /// <typeparam name="TRows">Rows of taps, 1 or 2.</typeparam>
    /// <param name="work">The rows.</param>
    /// <param name="tap">First row of taps.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TRows>(BlockedMuxWeightRows* work, int tap)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TRows : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        int pairs = work->Columns / 2, odd = work->Columns % 2;
        float* x = work->X - 2 * step + (tap - 2) * stride, dy = work->Dy;
        float* sums = work->Sums + 5 * tap * TSimd.Lanes;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0;
        for (int row = work->Rows; row > 0; row--, x += stride, dy += dyStride)
        {
            float* p = x, q = x + stride, d = dy;
            TVector d0, d1, x0, x1;
            for (int tile = pairs; tile > 0; tile--)
            {
                d0 = TSimd.Load(d);
                d1 = TSimd.Load(d + step);
                x0 = TSimd.Load(p);
                x1 = TRows.Value >= 2 ? TSimd.Load(q) : x0;
                a0 = TSimd.Fma(x0, d0, a0);
                b0 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b0) : b0;
                x0 = TSimd.Load(p + step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + step) : x0;
                a1 = TSimd.Fma(x0, d0, a1);
                b1 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b1) : b1;
                a0 = TSimd.Fma(x0, d1, a0);
                b0 = TRows.Value >= 2 ? TSimd.Fma(x1, d1, b0) : b0;
                x0 = TSimd.Load(p + 2 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 2 * step) : x0;
                a2 = TSimd.Fma(x0, d0, a2);
                b2 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b2) : b2;
                a1 = TSimd.Fma(x0, d1, a1);
                b1 = TRows.Value >= 2 ? TSimd.Fma(x1, d1, b1) : b1;
                x0 = TSimd.Load(p + 3 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 3 * step) : x0;
                a3 = TSimd.Fma(x0, d0, a3);
                b3 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b3) : b3;
                a2 = TSimd.Fma(x0, d1, a2);
                b2 = TRows.Value >= 2 ? TSimd.Fma(x1, d1, b2) : b2;
                x0 = TSimd.Load(p + 4 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 4 * step) : x0;
                a4 = TSimd.Fma(x0, d0, a4);
                b4 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b4) : b4;
                a3 = TSimd.Fma(x0, d1, a3);
                b3 = TRows.Value >= 2 ? TSimd.Fma(x1, d1, b3) : b3;
                x0 = TSimd.Load(p + 5 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 5 * step) : x0;
                a4 = TSimd.Fma(x0, d1, a4);
                b4 = TRows.Value >= 2 ? TSimd.Fma(x1, d1, b4) : b4;
                p += 2 * step;
                q += 2 * step;
                d += 2 * step;
            }

            if (odd != 0)
            {
                d0 = TSimd.Load(d);
                x0 = TSimd.Load(p);
                x1 = TRows.Value >= 2 ? TSimd.Load(q) : x0;
                a0 = TSimd.Fma(x0, d0, a0);
                b0 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b0) : b0;
                x0 = TSimd.Load(p + step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + step) : x0;
                a1 = TSimd.Fma(x0, d0, a1);
                b1 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b1) : b1;
                x0 = TSimd.Load(p + 2 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 2 * step) : x0;
                a2 = TSimd.Fma(x0, d0, a2);
                b2 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b2) : b2;
                x0 = TSimd.Load(p + 3 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 3 * step) : x0;
                a3 = TSimd.Fma(x0, d0, a3);
                b3 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b3) : b3;
                x0 = TSimd.Load(p + 4 * step);
                x1 = TRows.Value >= 2 ? TSimd.Load(q + 4 * step) : x0;
                a4 = TSimd.Fma(x0, d0, a4);
                b4 = TRows.Value >= 2 ? TSimd.Fma(x1, d0, b4) : b4;
            }
        }

        TSimd.Store(TSimd.Add(TSimd.Load(sums), a0), sums);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + TSimd.Lanes), a1), sums + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * TSimd.Lanes), a2), sums + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 3 * TSimd.Lanes), a3), sums + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(sums + 4 * TSimd.Lanes), a4), sums + 4 * TSimd.Lanes);
        if (TRows.Value >= 2)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 5 * TSimd.Lanes), b0), sums + 5 * TSimd.Lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 6 * TSimd.Lanes), b1), sums + 6 * TSimd.Lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 7 * TSimd.Lanes), b2), sums + 7 * TSimd.Lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 8 * TSimd.Lanes), b3), sums + 8 * TSimd.Lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 9 * TSimd.Lanes), b4), sums + 9 * TSimd.Lanes);
        }
    }
}
