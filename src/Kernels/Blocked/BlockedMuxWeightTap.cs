using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>One tap of any kernel: <c>sum += Σ dy·x</c> in four chains.</summary>
internal static unsafe class BlockedMuxWeightTap
{
    /// <summary>Adds the products of all rows to a vector of sums.</summary>
    /// <typeparam name="TSimd">Width.</typeparam>
    /// <typeparam name="TVector">Register.</typeparam>
    /// <typeparam name="TStep">Pixels from one column to the next.</typeparam>
    /// <typeparam name="TSources">1, or 2 where a row of x is put together from two.</typeparam>
    /// <param name="work">The rows.</param>
    /// <param name="x">What the first pixel of dy meets.</param>
    /// <param name="below">The row of x below that.</param>
    /// <param name="sum">L sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TSources>(BlockedMuxWeightRows* work, float* x, float* below,
        float* sum)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TSources : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes, stride = work->RowStride, dyStride = work->DyRowStride;
        int columns = work->Columns;
        float* dy = work->Dy;
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero;
        for (int row = work->Rows; row > 0; row--, x += stride, below += stride, dy += dyStride)
        {
            float* p = x, q = below, d = dy;
            int left = columns;
            for (; left >= 4; left -= 4, p += 4 * step, q += 4 * step, d += 4 * step)
            {
                TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + step);
                TVector x2 = TSimd.Load(p + 2 * step), x3 = TSimd.Load(p + 3 * step);
                if (TSources.Value == 2)
                {
                    x0 = TSimd.Straddle(x0, TSimd.Load(q));
                    x1 = TSimd.Straddle(x1, TSimd.Load(q + step));
                    x2 = TSimd.Straddle(x2, TSimd.Load(q + 2 * step));
                    x3 = TSimd.Straddle(x3, TSimd.Load(q + 3 * step));
                }

                a0 = TSimd.Fma(x0, TSimd.Load(d), a0);
                a1 = TSimd.Fma(x1, TSimd.Load(d + step), a1);
                a2 = TSimd.Fma(x2, TSimd.Load(d + 2 * step), a2);
                a3 = TSimd.Fma(x3, TSimd.Load(d + 3 * step), a3);
            }

            for (; left > 0; left--, p += step, q += step, d += step)
            {
                TVector x0 = TSimd.Load(p);
                if (TSources.Value == 2)
                {
                    x0 = TSimd.Straddle(x0, TSimd.Load(q));
                }

                a0 = TSimd.Fma(x0, TSimd.Load(d), a0);
            }
        }

        a0 = TSimd.Add(TSimd.Add(a0, a1), TSimd.Add(a2, a3));
        TSimd.Store(TSimd.Add(TSimd.Load(sum), a0), sum);
    }
}
