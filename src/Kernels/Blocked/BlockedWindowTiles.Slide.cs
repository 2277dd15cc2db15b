using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Sliding tiles, for taps that are as far apart as neighbouring outputs (or a stride's part of it: then a
/// kernel row is done in phases): the weights of three taps stand in registers and each pixel that is loaded feeds up
/// to three outputs. Register budget: 14 sums (8 with 16 registers), three weights, three pixels.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels each.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep, TFunction}"/>
    public static void Slide<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * tile->PixelStep, y += width * TSimd.Lanes)
        {
            width = TSimd.Lanes >= 16 ? OneRowWidth<TSimd, TVector, TStep>(columns) : SlideWidth(columns);
            switch (width)
            {
                case 14:
                    Slide<TSimd, TVector, TStep, Fourteen, TFunction>(tile, x, y);
                    break;
                case 8:
                    Slide<TSimd, TVector, TStep, Eight, TFunction>(tile, x, y);
                    break;
                case 7:
                    Slide<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 4:
                    Slide<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    Slide<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    Slide<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>The same two rows at once, which gives short rows enough independent sums.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep, TFunction}"/>
    public static void SlideTwo<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * tile->PixelStep, y += width * TSimd.Lanes)
        {
            width = TwoRowWidth<TSimd, TVector, TStep>(columns);
            switch (width)
            {
                case 7:
                    SlideTwo<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 4:
                    SlideTwo<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    SlideTwo<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    SlideTwo<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>With 16 registers 8 sums are the most.</summary>
    private static int SlideWidth(int columns) => columns >= 8 && columns != 14 ? 8 : Largest(columns);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Slide<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightStep = TStep.Value * t->WeightStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 1, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* block = x, weights = t->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = t->Rows; rows > 0; rows--)
                {
                    for (int phase = 0; phase < TStep.Value; phase++)
                    {
                        float* p = row + phase * TSimd.Lanes, w = rowWeights + phase * t->WeightStep;
                        int taps = (t->Taps - phase + TStep.Value - 1) / TStep.Value;
                        for (; taps >= 3; taps -= 3)
                        {
                            TVector w0 = TSimd.Load(w);
                            TVector w1 = TSimd.Load(w + weightStep);
                            TVector w2 = TSimd.Load(w + 2 * weightStep);
                            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + step), x2;
                            x2 = TSimd.Load(p + 2 * step);
                            a0 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a0)));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(p + 3 * step);
                                a1 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a1)));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(p + 4 * step);
                                a2 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a2)));
                                x2 = TSimd.Load(p + 5 * step);
                                a3 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a3)));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x0 = TSimd.Load(p + 6 * step);
                                a4 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a4)));
                                x1 = TSimd.Load(p + 7 * step);
                                a5 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a5)));
                                x2 = TSimd.Load(p + 8 * step);
                                a6 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a6)));
                            }

                            if (TColumns.Value >= 8)
                            {
                                x0 = TSimd.Load(p + 9 * step);
                                a7 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a7)));
                            }

                            if (TColumns.Value >= 14)
                            {
                                x1 = TSimd.Load(p + 10 * step);
                                a8 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a8)));
                                x2 = TSimd.Load(p + 11 * step);
                                a9 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a9)));
                                x0 = TSimd.Load(p + 12 * step);
                                a10 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a10)));
                                x1 = TSimd.Load(p + 13 * step);
                                a11 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a11)));
                                x2 = TSimd.Load(p + 14 * step);
                                a12 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a12)));
                                x0 = TSimd.Load(p + 15 * step);
                                a13 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a13)));
                            }
                            p += 3 * step;
                            w += 3 * weightStep;
                        }

                        if (taps == 2)
                        {
                            TVector w0 = TSimd.Load(w);
                            TVector w1 = TSimd.Load(w + weightStep);
                            TVector x0 = TSimd.Load(p), x1;
                            x1 = TSimd.Load(p + step);
                            a0 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a0));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(p + 2 * step);
                                a1 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a1));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(p + 3 * step);
                                a2 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a2));
                                x0 = TSimd.Load(p + 4 * step);
                                a3 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a3));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x1 = TSimd.Load(p + 5 * step);
                                a4 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a4));
                                x0 = TSimd.Load(p + 6 * step);
                                a5 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a5));
                                x1 = TSimd.Load(p + 7 * step);
                                a6 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a6));
                            }

                            if (TColumns.Value >= 8)
                            {
                                x0 = TSimd.Load(p + 8 * step);
                                a7 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a7));
                            }

                            if (TColumns.Value >= 14)
                            {
                                x1 = TSimd.Load(p + 9 * step);
                                a8 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a8));
                                x0 = TSimd.Load(p + 10 * step);
                                a9 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a9));
                                x1 = TSimd.Load(p + 11 * step);
                                a10 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a10));
                                x0 = TSimd.Load(p + 12 * step);
                                a11 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a11));
                                x1 = TSimd.Load(p + 13 * step);
                                a12 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a12));
                                x0 = TSimd.Load(p + 14 * step);
                                a13 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a13));
                            }
                        }
                        else if (taps == 1)
                        {
                            TVector w0 = TSimd.Load(w);
                            a0 = TSimd.Fma(w0, TSimd.Load(p), a0);

                            if (TColumns.Value >= 2)
                            {
                                a1 = TSimd.Fma(w0, TSimd.Load(p + step), a1);
                            }

                            if (TColumns.Value >= 4)
                            {
                                a2 = TSimd.Fma(w0, TSimd.Load(p + 2 * step), a2);
                                a3 = TSimd.Fma(w0, TSimd.Load(p + 3 * step), a3);
                            }

                            if (TColumns.Value >= 7)
                            {
                                a4 = TSimd.Fma(w0, TSimd.Load(p + 4 * step), a4);
                                a5 = TSimd.Fma(w0, TSimd.Load(p + 5 * step), a5);
                                a6 = TSimd.Fma(w0, TSimd.Load(p + 6 * step), a6);
                            }

                            if (TColumns.Value >= 8)
                            {
                                a7 = TSimd.Fma(w0, TSimd.Load(p + 7 * step), a7);
                            }

                            if (TColumns.Value >= 14)
                            {
                                a8 = TSimd.Fma(w0, TSimd.Load(p + 8 * step), a8);
                                a9 = TSimd.Fma(w0, TSimd.Load(p + 9 * step), a9);
                                a10 = TSimd.Fma(w0, TSimd.Load(p + 10 * step), a10);
                                a11 = TSimd.Fma(w0, TSimd.Load(p + 11 * step), a11);
                                a12 = TSimd.Fma(w0, TSimd.Load(p + 12 * step), a12);
                                a13 = TSimd.Fma(w0, TSimd.Load(p + 13 * step), a13);
                            }
                        }
                    }

                    row += rowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
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

            if (TColumns.Value >= 8)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
            }

            if (TColumns.Value >= 14)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(a8), y + 8 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a9), y + 9 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a10), y + 10 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a11), y + 11 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a12), y + 12 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(a13), y + 13 * TSimd.Lanes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SlideTwo<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightStep = TStep.Value * t->WeightStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, b0 = bias, b1 = bias,
                b2 = bias, b3 = bias, b4 = bias, b5 = bias, b6 = bias;
            float* block = x, weights = t->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = t->Rows; rows > 0; rows--)
                {
                    for (int phase = 0; phase < TStep.Value; phase++)
                    {
                        float* p = row + phase * TSimd.Lanes, w = rowWeights + phase * t->WeightStep;
                        int taps = (t->Taps - phase + TStep.Value - 1) / TStep.Value;
                        for (; taps >= 3; taps -= 3)
                        {
                            float* q = p + outRow;
                            TVector w0 = TSimd.Load(w);
                            TVector w1 = TSimd.Load(w + weightStep);
                            TVector w2 = TSimd.Load(w + 2 * weightStep);
                            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + step), x2;
                            x2 = TSimd.Load(p + 2 * step);
                            a0 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a0)));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(p + 3 * step);
                                a1 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a1)));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(p + 4 * step);
                                a2 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a2)));
                                x2 = TSimd.Load(p + 5 * step);
                                a3 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a3)));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x0 = TSimd.Load(p + 6 * step);
                                a4 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, a4)));
                                x1 = TSimd.Load(p + 7 * step);
                                a5 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, a5)));
                                x2 = TSimd.Load(p + 8 * step);
                                a6 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a6)));
                            }

                            x0 = TSimd.Load(q);
                            x1 = TSimd.Load(q + step);
                            x2 = TSimd.Load(q + 2 * step);
                            b0 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b0)));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(q + 3 * step);
                                b1 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, b1)));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(q + 4 * step);
                                b2 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, b2)));
                                x2 = TSimd.Load(q + 5 * step);
                                b3 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b3)));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x0 = TSimd.Load(q + 6 * step);
                                b4 = TSimd.Fma(w2, x0, TSimd.Fma(w1, x2, TSimd.Fma(w0, x1, b4)));
                                x1 = TSimd.Load(q + 7 * step);
                                b5 = TSimd.Fma(w2, x1, TSimd.Fma(w1, x0, TSimd.Fma(w0, x2, b5)));
                                x2 = TSimd.Load(q + 8 * step);
                                b6 = TSimd.Fma(w2, x2, TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b6)));
                            }
                            p += 3 * step;
                            w += 3 * weightStep;
                        }

                        if (taps == 2)
                        {
                            float* q = p + outRow;
                            TVector w0 = TSimd.Load(w);
                            TVector w1 = TSimd.Load(w + weightStep);
                            TVector x0 = TSimd.Load(p), x1;
                            x1 = TSimd.Load(p + step);
                            a0 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a0));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(p + 2 * step);
                                a1 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a1));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(p + 3 * step);
                                a2 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a2));
                                x0 = TSimd.Load(p + 4 * step);
                                a3 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a3));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x1 = TSimd.Load(p + 5 * step);
                                a4 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a4));
                                x0 = TSimd.Load(p + 6 * step);
                                a5 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, a5));
                                x1 = TSimd.Load(p + 7 * step);
                                a6 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, a6));
                            }

                            x0 = TSimd.Load(q);
                            x1 = TSimd.Load(q + step);
                            b0 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b0));

                            if (TColumns.Value >= 2)
                            {
                                x0 = TSimd.Load(q + 2 * step);
                                b1 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, b1));
                            }

                            if (TColumns.Value >= 4)
                            {
                                x1 = TSimd.Load(q + 3 * step);
                                b2 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b2));
                                x0 = TSimd.Load(q + 4 * step);
                                b3 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, b3));
                            }

                            if (TColumns.Value >= 7)
                            {
                                x1 = TSimd.Load(q + 5 * step);
                                b4 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b4));
                                x0 = TSimd.Load(q + 6 * step);
                                b5 = TSimd.Fma(w1, x0, TSimd.Fma(w0, x1, b5));
                                x1 = TSimd.Load(q + 7 * step);
                                b6 = TSimd.Fma(w1, x1, TSimd.Fma(w0, x0, b6));
                            }
                        }
                        else if (taps == 1)
                        {
                            float* q = p + outRow;
                            TVector w0 = TSimd.Load(w);
                            a0 = TSimd.Fma(w0, TSimd.Load(p), a0);

                            if (TColumns.Value >= 2)
                            {
                                a1 = TSimd.Fma(w0, TSimd.Load(p + step), a1);
                            }

                            if (TColumns.Value >= 4)
                            {
                                a2 = TSimd.Fma(w0, TSimd.Load(p + 2 * step), a2);
                                a3 = TSimd.Fma(w0, TSimd.Load(p + 3 * step), a3);
                            }

                            if (TColumns.Value >= 7)
                            {
                                a4 = TSimd.Fma(w0, TSimd.Load(p + 4 * step), a4);
                                a5 = TSimd.Fma(w0, TSimd.Load(p + 5 * step), a5);
                                a6 = TSimd.Fma(w0, TSimd.Load(p + 6 * step), a6);
                            }

                            b0 = TSimd.Fma(w0, TSimd.Load(q), b0);

                            if (TColumns.Value >= 2)
                            {
                                b1 = TSimd.Fma(w0, TSimd.Load(q + step), b1);
                            }

                            if (TColumns.Value >= 4)
                            {
                                b2 = TSimd.Fma(w0, TSimd.Load(q + 2 * step), b2);
                                b3 = TSimd.Fma(w0, TSimd.Load(q + 3 * step), b3);
                            }

                            if (TColumns.Value >= 7)
                            {
                                b4 = TSimd.Fma(w0, TSimd.Load(q + 4 * step), b4);
                                b5 = TSimd.Fma(w0, TSimd.Load(q + 5 * step), b5);
                                b6 = TSimd.Fma(w0, TSimd.Load(q + 6 * step), b6);
                            }
                        }
                    }

                    row += rowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
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

            float* below = y + t->YRowStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);

            if (TColumns.Value >= 2)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            }

            if (TColumns.Value >= 4)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
            }

            if (TColumns.Value >= 7)
            {
                TSimd.Store(TFunction.Value<TSimd, TVector>(b4), below + 4 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(b5), below + 5 * TSimd.Lanes);
                TSimd.Store(TFunction.Value<TSimd, TVector>(b6), below + 6 * TSimd.Lanes);
            }
        }
    }
}
