using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Tiles of one row of outputs, 14 … 1 vectors wide: <c>y[v] = b + Σ w[kh, kw]·x[kh][v·step + kw·tapStep]</c>, one tap
/// after the other in the order of the weights, whatever the tile's width. Accumulators and one weight live in registers,
/// x comes from the first cache as an operand of the multiply-add.
/// </summary>
internal static unsafe class BlockedMuxTiles
{
    /// <summary>One row of outputs.</summary>
    /// <param name="rows">For each row of taps the address of the first tap of column 0.</param>
    /// <param name="kernel">Taps along each axis.</param>
    /// <param name="tapStep">Floats from one tap to the next.</param>
    /// <param name="w">Weights, <c>[kernel²][L]</c>.</param>
    /// <param name="bias">What the sums begin with, <c>[L]</c>.</param>
    /// <param name="y">Column 0.</param>
    /// <param name="columns">Outputs.</param>
    /// <typeparam name="TSimd">Vector operations.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    /// <typeparam name="TStep">Vectors from one column to the next, in x and y.</typeparam>
    public static void Columns<TSimd, TVector, TStep>(float** rows, int kernel, int tapStep, float* w, float* bias,
        float* y, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        for (int column = 0; column < columns;)
        {
            nint at = (nint)column * TStep.Value * TSimd.Lanes;
            int rest = columns - column;
            if (TSimd.Lanes == 16 && rest >= 14 && rest != 16)
            {
                Tile<TSimd, TVector, TStep, Fourteen>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 14;
            }
            else if (rest >= 8 && rest % 7 != 0)
            {
                Tile<TSimd, TVector, TStep, Eight>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 8;
            }
            else if (rest >= 7)
            {
                Tile<TSimd, TVector, TStep, Seven>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 7;
            }
            else if (rest >= 4)
            {
                Tile<TSimd, TVector, TStep, Four>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 4;
            }
            else if (rest >= 2)
            {
                Tile<TSimd, TVector, TStep, Two>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 2;
            }
            else
            {
                Tile<TSimd, TVector, TStep, One>(rows, at, kernel, tapStep, w, bias, y + at);
                column++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TSimd, TVector, TStep, TCount>(float** rows, nint at, int kernel, nint tapStep, float* w,
        float* bias, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes;
        TVector b = TSimd.Load(bias);
        TVector y0 = b, y1 = b, y2 = b, y3 = b, y4 = b, y5 = b, y6 = b,
            y7 = b, y8 = b, y9 = b, y10 = b, y11 = b, y12 = b, y13 = b;
        for (int kh = 0; kh < kernel; kh++)
        {
            float* p = rows[kh] + at;
            for (int kw = 0; kw < kernel; kw++, p += tapStep, w += TSimd.Lanes)
            {
                TVector tap = TSimd.Load(w);
                y0 = TSimd.Fma(tap, TSimd.Load(p), y0);

                if (TCount.Value >= 2)
                {
                    y1 = TSimd.Fma(tap, TSimd.Load(p + step), y1);
                }

                if (TCount.Value >= 4)
                {
                    y2 = TSimd.Fma(tap, TSimd.Load(p + 2 * step), y2);
                    y3 = TSimd.Fma(tap, TSimd.Load(p + 3 * step), y3);
                }

                if (TCount.Value >= 7)
                {
                    y4 = TSimd.Fma(tap, TSimd.Load(p + 4 * step), y4);
                    y5 = TSimd.Fma(tap, TSimd.Load(p + 5 * step), y5);
                    y6 = TSimd.Fma(tap, TSimd.Load(p + 6 * step), y6);
                }

                if (TCount.Value >= 8)
                {
                    y7 = TSimd.Fma(tap, TSimd.Load(p + 7 * step), y7);
                }

                if (TCount.Value >= 14)
                {
                    y8 = TSimd.Fma(tap, TSimd.Load(p + 8 * step), y8);
                    y9 = TSimd.Fma(tap, TSimd.Load(p + 9 * step), y9);
                    y10 = TSimd.Fma(tap, TSimd.Load(p + 10 * step), y10);
                    y11 = TSimd.Fma(tap, TSimd.Load(p + 11 * step), y11);
                    y12 = TSimd.Fma(tap, TSimd.Load(p + 12 * step), y12);
                    y13 = TSimd.Fma(tap, TSimd.Load(p + 13 * step), y13);
                }
            }
        }

        TSimd.Store(y0, y);

        if (TCount.Value >= 2)
        {
            TSimd.Store(y1, y + step);
        }

        if (TCount.Value >= 4)
        {
            TSimd.Store(y2, y + 2 * step);
            TSimd.Store(y3, y + 3 * step);
        }

        if (TCount.Value >= 7)
        {
            TSimd.Store(y4, y + 4 * step);
            TSimd.Store(y5, y + 5 * step);
            TSimd.Store(y6, y + 6 * step);
        }

        if (TCount.Value >= 8)
        {
            TSimd.Store(y7, y + 7 * step);
        }

        if (TCount.Value >= 14)
        {
            TSimd.Store(y8, y + 8 * step);
            TSimd.Store(y9, y + 9 * step);
            TSimd.Store(y10, y + 10 * step);
            TSimd.Store(y11, y + 11 * step);
            TSimd.Store(y12, y + 12 * step);
            TSimd.Store(y13, y + 13 * step);
        }
    }
}
