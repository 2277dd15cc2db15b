using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in neighbouring lanes of one block: a pixel and the same with neighbours exchanged
/// feed one multiply-add each. Weights of a tap: for the lane's own channel, for the other one. Register budget: 14
/// sums (7 with 16 registers), two weights, two pixels.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels each.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep, TFunction}"/>
    public static void Swap<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * tile->PixelStep, y += width * TSimd.Lanes)
        {
            width = SwapWidth<TSimd, TVector, TStep>(columns);
            switch (width)
            {
                case 14:
                    Swap<TSimd, TVector, TStep, Fourteen, TFunction>(tile, x, y);
                    break;
                case 7:
                    Swap<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 4:
                    Swap<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    Swap<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    Swap<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>Columns of the next tile where so many are left.</summary>
    private static int SwapWidth<TSimd, TVector, TStep>(int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount => columns switch
        {
            >= 14 when TSimd.Lanes >= 16 && TStep.Value != 0 => 14,
            >= 7 when TStep.Value != 0 => 7,
            _ => Largest(Math.Min(columns, 4)),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, outRow = t->OutRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* row = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--)
                {
                    TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), v;
                    v = TSimd.Load(p);
                    a0 = TSimd.Fma(own, v, a0);
                    a0 = TSimd.Fma(other, TSimd.SwapPairs(v), a0);

                    if (TColumns.Value >= 2)
                    {
                        v = TSimd.Load(p + step);
                        a1 = TSimd.Fma(own, v, a1);
                        a1 = TSimd.Fma(other, TSimd.SwapPairs(v), a1);
                    }

                    if (TColumns.Value >= 4)
                    {
                        v = TSimd.Load(p + 2 * step);
                        a2 = TSimd.Fma(own, v, a2);
                        a2 = TSimd.Fma(other, TSimd.SwapPairs(v), a2);
                        v = TSimd.Load(p + 3 * step);
                        a3 = TSimd.Fma(own, v, a3);
                        a3 = TSimd.Fma(other, TSimd.SwapPairs(v), a3);
                    }

                    if (TColumns.Value >= 7)
                    {
                        v = TSimd.Load(p + 4 * step);
                        a4 = TSimd.Fma(own, v, a4);
                        a4 = TSimd.Fma(other, TSimd.SwapPairs(v), a4);
                        v = TSimd.Load(p + 5 * step);
                        a5 = TSimd.Fma(own, v, a5);
                        a5 = TSimd.Fma(other, TSimd.SwapPairs(v), a5);
                        v = TSimd.Load(p + 6 * step);
                        a6 = TSimd.Fma(own, v, a6);
                        a6 = TSimd.Fma(other, TSimd.SwapPairs(v), a6);
                    }

                    if (TColumns.Value >= 14)
                    {
                        v = TSimd.Load(p + 7 * step);
                        a7 = TSimd.Fma(own, v, a7);
                        a7 = TSimd.Fma(other, TSimd.SwapPairs(v), a7);
                        v = TSimd.Load(p + 8 * step);
                        a8 = TSimd.Fma(own, v, a8);
                        a8 = TSimd.Fma(other, TSimd.SwapPairs(v), a8);
                        v = TSimd.Load(p + 9 * step);
                        a9 = TSimd.Fma(own, v, a9);
                        a9 = TSimd.Fma(other, TSimd.SwapPairs(v), a9);
                        v = TSimd.Load(p + 10 * step);
                        a10 = TSimd.Fma(own, v, a10);
                        a10 = TSimd.Fma(other, TSimd.SwapPairs(v), a10);
                        v = TSimd.Load(p + 11 * step);
                        a11 = TSimd.Fma(own, v, a11);
                        a11 = TSimd.Fma(other, TSimd.SwapPairs(v), a11);
                        v = TSimd.Load(p + 12 * step);
                        a12 = TSimd.Fma(own, v, a12);
                        a12 = TSimd.Fma(other, TSimd.SwapPairs(v), a12);
                        v = TSimd.Load(p + 13 * step);
                        a13 = TSimd.Fma(own, v, a13);
                        a13 = TSimd.Fma(other, TSimd.SwapPairs(v), a13);
                    }

                    p += tapStep;
                    w += 2 * TSimd.Lanes;
                }

                row += rowStep;
            }

            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);

            if (TColumns.Value >= 2)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            }

            if (TColumns.Value >= 4)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            }

            if (TColumns.Value >= 7)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            }

            if (TColumns.Value >= 14)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a8), y + 8 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a9), y + 9 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a10), y + 10 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a11), y + 11 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a12), y + 12 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a13), y + 13 * TSimd.Lanes);
            }
        }
    }
}
