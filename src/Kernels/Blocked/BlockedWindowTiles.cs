using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Tiles of windows on blocked maps, tap by tap: the weight of a tap stands in a register, every multiply-add takes its
/// pixel from memory (one load each; the first cache delivers two a cycle). Any kernel size, stride and dilation.
/// Register budget: 14 sums, a weight and, where the set has no memory operands, a pixel.
/// </summary>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>A step that only <see cref="BlockedWindowTile.PixelStep"/> knows.</summary>
    internal readonly struct AnyStep : ICount
    {
        public static int Value => 0;
    }

    /// <summary>A run of output pixels of one row.</summary>
    /// <typeparam name="TSimd">The width.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    /// <typeparam name="TStep">Pixels between the inputs of neighbouring outputs: 1, 2, or 0 for
    /// <see cref="BlockedWindowTile.PixelStep"/>.</typeparam>
    /// <param name="tile">The tile at the first pixel; its X and Y move.</param>
    /// <param name="columns">Output pixels.</param>
    public static void Direct<TSimd, TVector, TStep>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        for (int width; columns > 0; columns -= width)
        {
            width = TStep.Value == 0 ? Math.Min(columns, 4) : TileWidth(columns);
            switch (width)
            {
                case 14:
                    Direct14<TSimd, TVector, TStep>(tile);
                    break;
                case 8:
                    Direct8<TSimd, TVector, TStep>(tile);
                    break;
                case 7:
                    Direct7<TSimd, TVector, TStep>(tile);
                    break;
                case >= 4:
                    Direct4<TSimd, TVector, TStep>(tile);
                    width = 4;
                    break;
                case >= 2:
                    Direct2<TSimd, TVector, TStep>(tile);
                    width = 2;
                    break;
                default:
                    Direct1<TSimd, TVector, TStep>(tile);
                    break;
            }

            tile->X += width * tile->PixelStep;
            tile->Y += width * TSimd.Lanes;
        }
    }

    /// <summary>The same for two rows at once, which gives short rows enough independent sums.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep}"/>
    public static void DirectTwoRows<TSimd, TVector, TStep>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        for (int width; columns > 0; columns -= width)
        {
            width = TStep.Value == 0 ? Math.Min(columns, 4) : columns;
            switch (width)
            {
                case >= 7:
                    Direct7x2<TSimd, TVector, TStep>(tile);
                    width = 7;
                    break;
                case >= 4:
                    Direct4x2<TSimd, TVector, TStep>(tile);
                    width = 4;
                    break;
                case >= 2:
                    Direct2x2<TSimd, TVector, TStep>(tile);
                    width = 2;
                    break;
                default:
                    Direct1x2<TSimd, TVector, TStep>(tile);
                    break;
            }

            tile->X += width * tile->PixelStep;
            tile->Y += width * TSimd.Lanes;
        }
    }

    /// <summary>Columns of the next tile where so many are left: 14 or 8 and a good rest.</summary>
    private static int TileWidth(int columns) =>
        columns is 14 or 15 or 21 or 22 or >= 28 ? 14 : columns >= 8 ? 8 : columns;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct14<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        TVector a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, aa = a0, ab = a0,
            ac = a0, ad = a0;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                    a1 = TSimd.Fma(v, TSimd.Load(p + step), a1);
                    a2 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a2);
                    a3 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a3);
                    a4 = TSimd.Fma(v, TSimd.Load(p + 4 * step), a4);
                    a5 = TSimd.Fma(v, TSimd.Load(p + 5 * step), a5);
                    a6 = TSimd.Fma(v, TSimd.Load(p + 6 * step), a6);
                    a7 = TSimd.Fma(v, TSimd.Load(p + 7 * step), a7);
                    a8 = TSimd.Fma(v, TSimd.Load(p + 8 * step), a8);
                    a9 = TSimd.Fma(v, TSimd.Load(p + 9 * step), a9);
                    aa = TSimd.Fma(v, TSimd.Load(p + 10 * step), aa);
                    ab = TSimd.Fma(v, TSimd.Load(p + 11 * step), ab);
                    ac = TSimd.Fma(v, TSimd.Load(p + 12 * step), ac);
                    ad = TSimd.Fma(v, TSimd.Load(p + 13 * step), ad);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
        TSimd.Store(a4, y + 4 * TSimd.Lanes);
        TSimd.Store(a5, y + 5 * TSimd.Lanes);
        TSimd.Store(a6, y + 6 * TSimd.Lanes);
        TSimd.Store(a7, y + 7 * TSimd.Lanes);
        TSimd.Store(a8, y + 8 * TSimd.Lanes);
        TSimd.Store(a9, y + 9 * TSimd.Lanes);
        TSimd.Store(aa, y + 10 * TSimd.Lanes);
        TSimd.Store(ab, y + 11 * TSimd.Lanes);
        TSimd.Store(ac, y + 12 * TSimd.Lanes);
        TSimd.Store(ad, y + 13 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct8<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        TVector a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                    a1 = TSimd.Fma(v, TSimd.Load(p + step), a1);
                    a2 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a2);
                    a3 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a3);
                    a4 = TSimd.Fma(v, TSimd.Load(p + 4 * step), a4);
                    a5 = TSimd.Fma(v, TSimd.Load(p + 5 * step), a5);
                    a6 = TSimd.Fma(v, TSimd.Load(p + 6 * step), a6);
                    a7 = TSimd.Fma(v, TSimd.Load(p + 7 * step), a7);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
        TSimd.Store(a4, y + 4 * TSimd.Lanes);
        TSimd.Store(a5, y + 5 * TSimd.Lanes);
        TSimd.Store(a6, y + 6 * TSimd.Lanes);
        TSimd.Store(a7, y + 7 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct7<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        TVector a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                    a1 = TSimd.Fma(v, TSimd.Load(p + step), a1);
                    a2 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a2);
                    a3 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a3);
                    a4 = TSimd.Fma(v, TSimd.Load(p + 4 * step), a4);
                    a5 = TSimd.Fma(v, TSimd.Load(p + 5 * step), a5);
                    a6 = TSimd.Fma(v, TSimd.Load(p + 6 * step), a6);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
        TSimd.Store(a4, y + 4 * TSimd.Lanes);
        TSimd.Store(a5, y + 5 * TSimd.Lanes);
        TSimd.Store(a6, y + 6 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct4<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        TVector a1 = a0, a2 = a0, a3 = a0;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                    a1 = TSimd.Fma(v, TSimd.Load(p + step), a1);
                    a2 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a2);
                    a3 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a3);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        TVector a1 = a0;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                    a1 = TSimd.Fma(v, TSimd.Load(p + step), a1);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct1<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        TVector a0 = TSimd.Load(t->Bias);
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    a0 = TSimd.Fma(v, TSimd.Load(p), a0);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct7x2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        nint outRow = t->OutRowStep;
        TVector a00 = TSimd.Load(t->Bias);
        TVector a01 = a00, a02 = a00, a03 = a00, a04 = a00, a05 = a00, a06 = a00, a10 = a00, a11 = a00, a12 = a00,
            a13 = a00, a14 = a00, a15 = a00, a16 = a00;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    float* q = p + outRow;
                    a00 = TSimd.Fma(v, TSimd.Load(p), a00);
                    a01 = TSimd.Fma(v, TSimd.Load(p + step), a01);
                    a02 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a02);
                    a03 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a03);
                    a04 = TSimd.Fma(v, TSimd.Load(p + 4 * step), a04);
                    a05 = TSimd.Fma(v, TSimd.Load(p + 5 * step), a05);
                    a06 = TSimd.Fma(v, TSimd.Load(p + 6 * step), a06);
                    a10 = TSimd.Fma(v, TSimd.Load(q), a10);
                    a11 = TSimd.Fma(v, TSimd.Load(q + step), a11);
                    a12 = TSimd.Fma(v, TSimd.Load(q + 2 * step), a12);
                    a13 = TSimd.Fma(v, TSimd.Load(q + 3 * step), a13);
                    a14 = TSimd.Fma(v, TSimd.Load(q + 4 * step), a14);
                    a15 = TSimd.Fma(v, TSimd.Load(q + 5 * step), a15);
                    a16 = TSimd.Fma(v, TSimd.Load(q + 6 * step), a16);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a00, y);
        TSimd.Store(a01, y + TSimd.Lanes);
        TSimd.Store(a02, y + 2 * TSimd.Lanes);
        TSimd.Store(a03, y + 3 * TSimd.Lanes);
        TSimd.Store(a04, y + 4 * TSimd.Lanes);
        TSimd.Store(a05, y + 5 * TSimd.Lanes);
        TSimd.Store(a06, y + 6 * TSimd.Lanes);
        y += t->YRowStep;
        TSimd.Store(a10, y);
        TSimd.Store(a11, y + TSimd.Lanes);
        TSimd.Store(a12, y + 2 * TSimd.Lanes);
        TSimd.Store(a13, y + 3 * TSimd.Lanes);
        TSimd.Store(a14, y + 4 * TSimd.Lanes);
        TSimd.Store(a15, y + 5 * TSimd.Lanes);
        TSimd.Store(a16, y + 6 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct4x2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        nint outRow = t->OutRowStep;
        TVector a00 = TSimd.Load(t->Bias);
        TVector a01 = a00, a02 = a00, a03 = a00, a10 = a00, a11 = a00, a12 = a00, a13 = a00;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    float* q = p + outRow;
                    a00 = TSimd.Fma(v, TSimd.Load(p), a00);
                    a01 = TSimd.Fma(v, TSimd.Load(p + step), a01);
                    a02 = TSimd.Fma(v, TSimd.Load(p + 2 * step), a02);
                    a03 = TSimd.Fma(v, TSimd.Load(p + 3 * step), a03);
                    a10 = TSimd.Fma(v, TSimd.Load(q), a10);
                    a11 = TSimd.Fma(v, TSimd.Load(q + step), a11);
                    a12 = TSimd.Fma(v, TSimd.Load(q + 2 * step), a12);
                    a13 = TSimd.Fma(v, TSimd.Load(q + 3 * step), a13);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a00, y);
        TSimd.Store(a01, y + TSimd.Lanes);
        TSimd.Store(a02, y + 2 * TSimd.Lanes);
        TSimd.Store(a03, y + 3 * TSimd.Lanes);
        y += t->YRowStep;
        TSimd.Store(a10, y);
        TSimd.Store(a11, y + TSimd.Lanes);
        TSimd.Store(a12, y + 2 * TSimd.Lanes);
        TSimd.Store(a13, y + 3 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct2x2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        nint outRow = t->OutRowStep;
        TVector a00 = TSimd.Load(t->Bias);
        TVector a01 = a00, a10 = a00, a11 = a00;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    float* q = p + outRow;
                    a00 = TSimd.Fma(v, TSimd.Load(p), a00);
                    a01 = TSimd.Fma(v, TSimd.Load(p + step), a01);
                    a10 = TSimd.Fma(v, TSimd.Load(q), a10);
                    a11 = TSimd.Fma(v, TSimd.Load(q + step), a11);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a00, y);
        TSimd.Store(a01, y + TSimd.Lanes);
        y += t->YRowStep;
        TSimd.Store(a10, y);
        TSimd.Store(a11, y + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct1x2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        nint outRow = t->OutRowStep;
        TVector a00 = TSimd.Load(t->Bias);
        TVector a10 = a00;
        float* block = t->X, weights = t->W;
        for (int blocks = t->Blocks; blocks > 0; blocks--, block += t->BlockStep, weights += t->WeightBlockStep)
        {
            float* row = block, w = weights;
            for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
            {
                float* p = row;
                for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += weightStep)
                {
                    TVector v = TSimd.Load(w);
                    float* q = p + outRow;
                    a00 = TSimd.Fma(v, TSimd.Load(p), a00);
                    a10 = TSimd.Fma(v, TSimd.Load(q), a10);
                }
            }
        }

        float* y = t->Y;
        TSimd.Store(a00, y);
        y += t->YRowStep;
        TSimd.Store(a10, y);
    }
}
