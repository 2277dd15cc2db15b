using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>A tile of one row of outputs, TCount vectors wide:
/// <c>y[v] = b + Σ w[kh, kw]·x[kh][v·step + kw·tapStep]</c>, one tap after the other in the order of the weights, so that
/// all tiles give the same bits. Accumulators and weights live in registers.</summary>
internal unsafe interface IBlockedMuxTile
{
    /// <summary>Computes a tile.</summary>
    /// <param name="rows">For each row of taps the address of the first tap of column 0.</param>
    /// <param name="at">Floats from column 0 to the tile's first column.</param>
    /// <param name="kernel">Taps along each axis.</param>
    /// <param name="tapStep">Floats from one tap to the next.</param>
    /// <param name="w">Weights, <c>[kernel²][L]</c>.</param>
    /// <param name="bias">What the sums begin with, <c>[L]</c>.</param>
    /// <param name="y">The tile's first output.</param>
    static abstract void Run<TSimd, TVector, TStep, TCount>(float** rows, nint at, int kernel, nint tapStep, float* w,
        float* bias, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount;
}

/// <summary>A tile of TCount pixels of both blocks of a super-pixel pair; for the parameters see
/// <see cref="BlockedMuxTiles.PairColumns"/>.</summary>
internal unsafe interface IBlockedMuxPairTile
{
    /// <summary>Computes a tile.</summary>
    static abstract void Run<TSimd, TVector, TCount>(float** rows, nint at, float* w, float* bias, float* y,
        nint blockStride)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TCount : struct, ICount;
}

/// <summary>Rows of outputs cut into tiles of 14 … 1 vectors.</summary>
internal static unsafe class BlockedMuxTiles
{
    /// <summary>One row of outputs; for the parameters see <see cref="IBlockedMuxTile"/>.</summary>
    public static void Columns<TSimd, TVector, TStep>(float** rows, int kernel, int tapStep, float* w, float* bias,
        float* y, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        if (kernel == 3)
        {
            Columns<TSimd, TVector, TStep, BlockedMuxWhole3>(rows, kernel, tapStep, w, bias, y, columns);
        }
        else if (kernel == 5 && TSimd.Lanes == 16)
        {
            Columns<TSimd, TVector, TStep, BlockedMuxWhole5>(rows, kernel, tapStep, w, bias, y, columns);
        }
        else
        {
            Columns<TSimd, TVector, TStep, BlockedMuxTaps>(rows, kernel, tapStep, w, bias, y, columns);
        }
    }

    /// <summary>One row of outputs of a super-pixel piece of one block.</summary>
    /// <param name="rows">For each row of taps the addresses of column 0 of a row of pixels and, where the tap's fine rows
    /// are the lower one of it and the upper one of the next, of the next; else null.</param>
    /// <param name="kernel">Taps along each axis.</param>
    /// <param name="w">Weights, <c>[kernel²][L]</c>.</param>
    /// <param name="bias">What the sums begin with, <c>[L]</c>.</param>
    /// <param name="y">Column 0.</param>
    /// <param name="columns">Outputs.</param>
    /// <typeparam name="TSimd">Vector operations.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    public static void FineColumns<TSimd, TVector>(float** rows, int kernel, float* w, float* bias, float* y, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (kernel)
        {
            case 3:
                Columns<TSimd, TVector, One, BlockedMuxFine3>(rows, kernel, 0, w, bias, y, columns);
                break;
            case 5:
                Columns<TSimd, TVector, One, BlockedMuxFine5>(rows, kernel, 0, w, bias, y, columns);
                break;
            default:
                Columns<TSimd, TVector, One, BlockedMuxFineTaps>(rows, kernel, 0, w, bias, y, columns);
                break;
        }
    }

    /// <summary>One row of each of the two blocks of a super-pixel pair.</summary>
    /// <param name="rows">Kernel + 1 fine rows, column 0: the first kernel of them are the taps of the upper row, the last
    /// kernel of them those of the lower row.</param>
    /// <param name="kernel">Taps along each axis.</param>
    /// <param name="w">Weights, <c>[2][kernel²][L]</c>.</param>
    /// <param name="bias">What the sums begin with, <c>[2][L]</c>.</param>
    /// <param name="y">Column 0.</param>
    /// <param name="blockStride">Floats from one block of y to the next.</param>
    /// <param name="columns">Outputs.</param>
    /// <typeparam name="TSimd">Vector operations.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    public static void PairColumns<TSimd, TVector>(float** rows, int kernel, float* w, float* bias, float* y,
        nint blockStride, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (TSimd.Lanes == 16 && kernel == 3)
        {
            PairTiles<TSimd, TVector, BlockedMuxPair3>(rows, w, bias, y, blockStride, columns);
        }
        else if (TSimd.Lanes == 16 && kernel == 5)
        {
            PairTiles<TSimd, TVector, BlockedMuxPair5>(rows, w, bias, y, blockStride, columns);
        }
        else
        {
            float** taps = stackalloc float*[2 * kernel];
            for (int block = 0; block < 2; block++)
            {
                for (int kh = 0; kh < kernel; kh++)
                {
                    taps[2 * kh] = rows[block + kh];
                    taps[2 * kh + 1] = null;
                }

                FineColumns<TSimd, TVector>(taps, kernel, w + block * kernel * kernel * TSimd.Lanes,
                    bias + block * TSimd.Lanes, y + block * blockStride, columns);
            }
        }
    }

    private static void PairTiles<TSimd, TVector, TTile>(float** rows, float* w, float* bias, float* y,
        nint blockStride, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TTile : struct, IBlockedMuxPairTile
    {
        for (int column = 0; column < columns;)
        {
            nint at = (nint)column * TSimd.Lanes;
            int rest = columns - column;
            if (rest >= 7 && rest != 8)
            {
                TTile.Run<TSimd, TVector, Seven>(rows, at, w, bias, y + at, blockStride);
                column += 7;
            }
            else if (rest >= 4)
            {
                TTile.Run<TSimd, TVector, Four>(rows, at, w, bias, y + at, blockStride);
                column += 4;
            }
            else if (rest >= 2)
            {
                TTile.Run<TSimd, TVector, Two>(rows, at, w, bias, y + at, blockStride);
                column += 2;
            }
            else
            {
                TTile.Run<TSimd, TVector, One>(rows, at, w, bias, y + at, blockStride);
                column++;
            }
        }
    }

    private static void Columns<TSimd, TVector, TStep, TTile>(float** rows, int kernel, int tapStep, float* w, float* bias,
        float* y, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTile : struct, IBlockedMuxTile
    {
        for (int column = 0; column < columns;)
        {
            nint at = (nint)column * TStep.Value * TSimd.Lanes;
            int rest = columns - column;
            if (TSimd.Lanes == 16 && rest >= 14 && rest != 16)
            {
                TTile.Run<TSimd, TVector, TStep, Fourteen>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 14;
            }
            else if (rest >= 8 && rest % 7 != 0)
            {
                TTile.Run<TSimd, TVector, TStep, Eight>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 8;
            }
            else if (rest >= 7)
            {
                TTile.Run<TSimd, TVector, TStep, Seven>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 7;
            }
            else if (rest >= 4)
            {
                TTile.Run<TSimd, TVector, TStep, Four>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 4;
            }
            else if (rest >= 2)
            {
                TTile.Run<TSimd, TVector, TStep, Two>(rows, at, kernel, tapStep, w, bias, y + at);
                column += 2;
            }
            else
            {
                TTile.Run<TSimd, TVector, TStep, One>(rows, at, kernel, tapStep, w, bias, y + at);
                column++;
            }
        }
    }
}

/// <summary>Any kernel, any step of taps: x comes from the first cache as an operand of the multiply-add.</summary>
internal readonly unsafe struct BlockedMuxTaps : IBlockedMuxTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TCount>(float** rows, nint at, int kernel, nint tapStep, float* w,
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

/// <summary>Any kernel with taps half a vector apart (fine columns).</summary>
internal readonly unsafe struct BlockedMuxFineTaps : IBlockedMuxTile
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TCount>(float** rows, nint at, int kernel, nint tapStep, float* w,
        float* bias, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
    {
        nint step = TSimd.Lanes, half = step / 2;
        int reach = kernel / 2;
        TVector b = TSimd.Load(bias);
        TVector y0 = b, y1 = b, y2 = b, y3 = b, y4 = b, y5 = b, y6 = b,
            y7 = b, y8 = b, y9 = b, y10 = b, y11 = b, y12 = b, y13 = b;
        for (int kh = 0; kh < kernel; kh++)
        {
            float* p = rows[2 * kh] + at - reach * half, q = rows[2 * kh + 1];
            q = q is null ? null : q + at - reach * half;
            for (int kw = 0; kw < kernel; kw++, w += TSimd.Lanes, p += half)
            {
                TVector tap = TSimd.Load(w);
                if (q is null)
                {
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
                else
                {
                    y0 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p), TSimd.Load(q)), y0);

                    if (TCount.Value >= 2)
                    {
                        y1 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + step), TSimd.Load(q + step)), y1);
                    }

                    if (TCount.Value >= 4)
                    {
                        y2 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 2 * step), TSimd.Load(q + 2 * step)), y2);
                        y3 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 3 * step), TSimd.Load(q + 3 * step)), y3);
                    }

                    if (TCount.Value >= 7)
                    {
                        y4 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 4 * step), TSimd.Load(q + 4 * step)), y4);
                        y5 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 5 * step), TSimd.Load(q + 5 * step)), y5);
                        y6 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 6 * step), TSimd.Load(q + 6 * step)), y6);
                    }

                    if (TCount.Value >= 8)
                    {
                        y7 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 7 * step), TSimd.Load(q + 7 * step)), y7);
                    }

                    if (TCount.Value >= 14)
                    {
                        y8 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 8 * step), TSimd.Load(q + 8 * step)), y8);
                        y9 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 9 * step), TSimd.Load(q + 9 * step)), y9);
                        y10 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 10 * step), TSimd.Load(q + 10 * step)), y10);
                        y11 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 11 * step), TSimd.Load(q + 11 * step)), y11);
                        y12 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 12 * step), TSimd.Load(q + 12 * step)), y12);
                        y13 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 13 * step), TSimd.Load(q + 13 * step)), y13);
                    }
                    q += half;
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
