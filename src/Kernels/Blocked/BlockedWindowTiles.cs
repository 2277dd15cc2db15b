using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Tiles of windows on blocked maps. Direct tiles go tap by tap: the weight of a tap stands in a register, every
/// multiply-add takes its pixel from memory. Any kernel size, stride and dilation. Register budget: 14 sums, a weight
/// and, where the set has no memory operands, a pixel.
/// </summary>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels each.</summary>
    /// <typeparam name="TSimd">The width.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    /// <typeparam name="TStep">Pixels between the inputs of neighbouring outputs: 1, 2, or 0 for
    /// <see cref="BlockedWindowTile.PixelStep"/>.</typeparam>
    /// <typeparam name="TFunction">What is done to the sums before they are stored: nothing, or one instruction (more
    /// would spill sums).</typeparam>
    /// <param name="tile">The rows; X and Y are those of the first pixel.</param>
    /// <param name="columns">Output pixels of a row.</param>
    public static void Direct<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * tile->PixelStep, y += width * TSimd.Lanes)
        {
            width = OneRowWidth<TSimd, TVector, TStep>(columns);
            switch (width)
            {
                case 14:
                    Direct<TSimd, TVector, TStep, Fourteen, TFunction>(tile, x, y);
                    break;
                case 8:
                    Direct<TSimd, TVector, TStep, Eight, TFunction>(tile, x, y);
                    break;
                case 7:
                    Direct<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 4:
                    Direct<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    Direct<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    Direct<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>The same two rows at once, which gives short rows enough independent sums.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep, TFunction}"/>
    public static void DirectTwo<TSimd, TVector, TStep, TFunction>(BlockedWindowTile* tile, int columns)
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
                    DirectTwo<TSimd, TVector, TStep, Seven, TFunction>(tile, x, y);
                    break;
                case 4:
                    DirectTwo<TSimd, TVector, TStep, Four, TFunction>(tile, x, y);
                    break;
                case 2:
                    DirectTwo<TSimd, TVector, TStep, Two, TFunction>(tile, x, y);
                    break;
                case 1:
                    DirectTwo<TSimd, TVector, TStep, One, TFunction>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>Columns of the next tile where so many are left: wide, with a good rest.</summary>
    private static int OneRowWidth<TSimd, TVector, TStep>(int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount => TStep.Value == 0 ? Largest(Math.Min(columns, 4))
            : columns % 14 == 0 || (columns >= 14 && columns % 8 != 0) ? 14 : columns >= 8 ? 8 : Largest(columns);

    /// <summary>Columns of the next tile of two rows.</summary>
    private static int TwoRowWidth<TSimd, TVector, TStep>(int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount => Largest(Math.Min(columns, TStep.Value == 0 ? 4 : 7));

    private static int Largest(int columns) => columns switch
    {
        >= 7 => 7,
        >= 4 => 4,
        >= 2 => 2,
        _ => 1,
    };

    /// <summary>A step that only <see cref="BlockedWindowTile.PixelStep"/> knows.</summary>
    internal readonly struct AnyStep : ICount
    {
        public static int Value => 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, outRow = t->OutRowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
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
                    float* p = row, w = rowWeights;
                    for (int taps = t->Taps; taps > 0; taps--)
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
                        p += tapStep;
                        w += weightStep;
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
    private static void DirectTwo<TSimd, TVector, TStep, TColumns, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TColumns : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, outRow = t->OutRowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
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
                    float* p = row, w = rowWeights;
                    for (int taps = t->Taps; taps > 0; taps--)
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
                        p += tapStep;
                        w += weightStep;
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
