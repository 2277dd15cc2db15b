using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels, the even ones in one block, the odd ones in the next: each pixel that is loaded
/// feeds two multiply-adds. Weights of a tap: even from even, odd from even, even from odd, odd from odd. Register
/// budget: 14 sums (10 with 16 registers), two weights, a pixel.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels of both output blocks.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep, TFunction}"/>
    public static void Pair<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * tile->PixelStep, y += width * TSimd.Lanes)
        {
            width = PairWidth<TSimd, TVector, TStep>(columns);
            switch (width)
            {
                case 7:
                    Pair<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 5:
                    Pair<TSimd, TVector, TStep, Five, TFunction>(tile, x, y);
                    break;
                case 4:
                    Pair<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    Pair<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    Pair<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>Columns of the next tile where so many are left.</summary>
    private static int PairWidth<TSimd, TVector, TStep>(int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount => columns switch
        {
            7 when TStep.Value != 0 => 7,
            >= 7 when TSimd.Lanes >= 16 && TStep.Value != 0 => 7,
            5 or 9 or 10 or >= 13 when TStep.Value != 0 => 5,
            _ => Largest(Math.Min(columns, 4)),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep, outRow = t->OutRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector even = TSimd.Load(t->Bias), odd = TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = even, a1 = even, a2 = even, a3 = even, a4 = even, a5 = even, a6 = even;
            TVector b0 = odd, b1 = odd, b2 = odd, b3 = odd, b4 = odd, b5 = odd, b6 = odd;
            float* row = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--)
                {
                    float* q = p + blockStep;
                    TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), v;
                    v = TSimd.Load(p);
                    a0 = TSimd.Fma(we, v, a0);
                    b0 = TSimd.Fma(wo, v, b0);

                    if (TColumns.Value >= 2)
                    {
                        v = TSimd.Load(p + step);
                        a1 = TSimd.Fma(we, v, a1);
                        b1 = TSimd.Fma(wo, v, b1);
                    }

                    if (TColumns.Value >= 4)
                    {
                        v = TSimd.Load(p + 2 * step);
                        a2 = TSimd.Fma(we, v, a2);
                        b2 = TSimd.Fma(wo, v, b2);
                        v = TSimd.Load(p + 3 * step);
                        a3 = TSimd.Fma(we, v, a3);
                        b3 = TSimd.Fma(wo, v, b3);
                    }

                    if (TColumns.Value >= 5)
                    {
                        v = TSimd.Load(p + 4 * step);
                        a4 = TSimd.Fma(we, v, a4);
                        b4 = TSimd.Fma(wo, v, b4);
                    }

                    if (TColumns.Value >= 7)
                    {
                        v = TSimd.Load(p + 5 * step);
                        a5 = TSimd.Fma(we, v, a5);
                        b5 = TSimd.Fma(wo, v, b5);
                        v = TSimd.Load(p + 6 * step);
                        a6 = TSimd.Fma(we, v, a6);
                        b6 = TSimd.Fma(wo, v, b6);
                    }

                    we = TSimd.Load(w + 2 * TSimd.Lanes);
                    wo = TSimd.Load(w + 3 * TSimd.Lanes);
                    v = TSimd.Load(q);
                    a0 = TSimd.Fma(we, v, a0);
                    b0 = TSimd.Fma(wo, v, b0);

                    if (TColumns.Value >= 2)
                    {
                        v = TSimd.Load(q + step);
                        a1 = TSimd.Fma(we, v, a1);
                        b1 = TSimd.Fma(wo, v, b1);
                    }

                    if (TColumns.Value >= 4)
                    {
                        v = TSimd.Load(q + 2 * step);
                        a2 = TSimd.Fma(we, v, a2);
                        b2 = TSimd.Fma(wo, v, b2);
                        v = TSimd.Load(q + 3 * step);
                        a3 = TSimd.Fma(we, v, a3);
                        b3 = TSimd.Fma(wo, v, b3);
                    }

                    if (TColumns.Value >= 5)
                    {
                        v = TSimd.Load(q + 4 * step);
                        a4 = TSimd.Fma(we, v, a4);
                        b4 = TSimd.Fma(wo, v, b4);
                    }

                    if (TColumns.Value >= 7)
                    {
                        v = TSimd.Load(q + 5 * step);
                        a5 = TSimd.Fma(we, v, a5);
                        b5 = TSimd.Fma(wo, v, b5);
                        v = TSimd.Load(q + 6 * step);
                        a6 = TSimd.Fma(we, v, a6);
                        b6 = TSimd.Fma(wo, v, b6);
                    }

                    p += tapStep;
                    w += 4 * TSimd.Lanes;
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

            if (TColumns.Value >= 5)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            }

            if (TColumns.Value >= 7)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            }

            float* next = y + t->YBlockStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), next);

            if (TColumns.Value >= 2)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b1), next + TSimd.Lanes);
            }

            if (TColumns.Value >= 4)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b2), next + 2 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(b3), next + 3 * TSimd.Lanes);
            }

            if (TColumns.Value >= 5)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b4), next + 4 * TSimd.Lanes);
            }

            if (TColumns.Value >= 7)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b5), next + 5 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(b6), next + 6 * TSimd.Lanes);
            }
        }
    }
}
