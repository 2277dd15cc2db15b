using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Tiles for 3×3 and 5×5 kernels with stride 1: the weights of a whole kernel row stand in registers, each
/// pixel that is loaded feeds the sums that it reaches. Several windows slide at once, so that neighbouring
/// multiply-adds do not wait for each other. Register budget: 14 sums, up to five weights, a pixel for each
/// window.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels each.</summary>
    /// <param name="tile">The rows; X and Y are those of the first pixel; one input block, taps and pixels a vector
    /// apart.</param>
    /// <param name="rows">Rows at once, 1 or 2.</param>
    /// <param name="columns">Output pixels of a row.</param>
    /// <returns>Whether there is a tile for such rows.</returns>
    public static bool Row<TSimd, TVector, TFunction>(BlockedWindowTile* tile, int rows, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        int width = columns % 14 == 0 ? 14 : columns % 16 == 0 ? 16 : 0;
        if (rows == 2)
        {
            width = columns is 4 or 7 or 8 ? columns : 0;
        }

        if (TSimd.Lanes < 16 || tile->Taps is not (3 or 5) || width == 0)
        {
            return false;
        }

        float* x = tile->X, y = tile->Y;
        for (; columns > 0; columns -= width, x += width * TSimd.Lanes, y += width * TSimd.Lanes)
        {
            if (tile->Taps == 3)
            {
                Row3<TSimd, TVector, TFunction>(tile, width, x, y);
            }
            else
            {
                Row5<TSimd, TVector, TFunction>(tile, width, x, y);
            }
        }

        return true;
    }

    private static void Row3<TSimd, TVector, TFunction>(BlockedWindowTile* tile, int width, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        switch (width)
        {
            case 16:
                Row3Sixteen<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 14:
                Row3<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 8:
                Row3TwoEight<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 7:
                Row3Two<TSimd, TVector, TFunction>(tile, x, y);
                break;
            default:
                Row3TwoFour<TSimd, TVector, TFunction>(tile, x, y);
                break;
        }
    }

    private static void Row5<TSimd, TVector, TFunction>(BlockedWindowTile* tile, int width, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        switch (width)
        {
            case 16:
                Row5Sixteen<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 14:
                Row5<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 8:
                Row5TwoEight<TSimd, TVector, TFunction>(tile, x, y);
                break;
            case 7:
                Row5Two<TSimd, TVector, TFunction>(tile, x, y);
                break;
            default:
                Row5TwoFour<TSimd, TVector, TFunction>(tile, x, y);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 1, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes);
                TVector v0, v1, v2;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(p + 5 * TSimd.Lanes);
                v2 = TSimd.Load(p + 10 * TSimd.Lanes);
                a0 = TSimd.Fma(w0, v0, a0);
                a5 = TSimd.Fma(w0, v1, a5);
                a10 = TSimd.Fma(w0, v2, a10);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(p + 6 * TSimd.Lanes);
                v2 = TSimd.Load(p + 11 * TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                a6 = TSimd.Fma(w0, v1, a6);
                a5 = TSimd.Fma(w1, v1, a5);
                a11 = TSimd.Fma(w0, v2, a11);
                a10 = TSimd.Fma(w1, v2, a10);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(p + 7 * TSimd.Lanes);
                v2 = TSimd.Load(p + 12 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                a7 = TSimd.Fma(w0, v1, a7);
                a6 = TSimd.Fma(w1, v1, a6);
                a5 = TSimd.Fma(w2, v1, a5);
                a12 = TSimd.Fma(w0, v2, a12);
                a11 = TSimd.Fma(w1, v2, a11);
                a10 = TSimd.Fma(w2, v2, a10);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                v2 = TSimd.Load(p + 13 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a8 = TSimd.Fma(w0, v1, a8);
                a7 = TSimd.Fma(w1, v1, a7);
                a6 = TSimd.Fma(w2, v1, a6);
                a13 = TSimd.Fma(w0, v2, a13);
                a12 = TSimd.Fma(w1, v2, a12);
                a11 = TSimd.Fma(w2, v2, a11);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 9 * TSimd.Lanes);
                v2 = TSimd.Load(p + 14 * TSimd.Lanes);
                a4 = TSimd.Fma(w0, v0, a4);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a9 = TSimd.Fma(w0, v1, a9);
                a8 = TSimd.Fma(w1, v1, a8);
                a7 = TSimd.Fma(w2, v1, a7);
                a13 = TSimd.Fma(w1, v2, a13);
                a12 = TSimd.Fma(w2, v2, a12);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(p + 10 * TSimd.Lanes);
                v2 = TSimd.Load(p + 15 * TSimd.Lanes);
                a4 = TSimd.Fma(w1, v0, a4);
                a3 = TSimd.Fma(w2, v0, a3);
                a9 = TSimd.Fma(w1, v1, a9);
                a8 = TSimd.Fma(w2, v1, a8);
                a13 = TSimd.Fma(w2, v2, a13);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(p + 11 * TSimd.Lanes);
                a4 = TSimd.Fma(w2, v0, a4);
                a9 = TSimd.Fma(w2, v1, a9);

                p += rowStep;
                w += weightRow;
            }

            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a8), y + 8 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a9), y + 9 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a10), y + 10 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a11), y + 11 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a12), y + 12 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a13), y + 13 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Two<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, b0 = bias, b1 = bias,
                b2 = bias, b3 = bias, b4 = bias, b5 = bias, b6 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes);
                TVector v0, v1, v2, v3;
                float* q = p + outRow;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(p + 4 * TSimd.Lanes);
                v2 = TSimd.Load(q);
                v3 = TSimd.Load(q + 4 * TSimd.Lanes);
                a0 = TSimd.Fma(w0, v0, a0);
                a4 = TSimd.Fma(w0, v1, a4);
                b0 = TSimd.Fma(w0, v2, b0);
                b4 = TSimd.Fma(w0, v3, b4);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(p + 5 * TSimd.Lanes);
                v2 = TSimd.Load(q + TSimd.Lanes);
                v3 = TSimd.Load(q + 5 * TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                a5 = TSimd.Fma(w0, v1, a5);
                a4 = TSimd.Fma(w1, v1, a4);
                b1 = TSimd.Fma(w0, v2, b1);
                b0 = TSimd.Fma(w1, v2, b0);
                b5 = TSimd.Fma(w0, v3, b5);
                b4 = TSimd.Fma(w1, v3, b4);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(p + 6 * TSimd.Lanes);
                v2 = TSimd.Load(q + 2 * TSimd.Lanes);
                v3 = TSimd.Load(q + 6 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                a6 = TSimd.Fma(w0, v1, a6);
                a5 = TSimd.Fma(w1, v1, a5);
                a4 = TSimd.Fma(w2, v1, a4);
                b2 = TSimd.Fma(w0, v2, b2);
                b1 = TSimd.Fma(w1, v2, b1);
                b0 = TSimd.Fma(w2, v2, b0);
                b6 = TSimd.Fma(w0, v3, b6);
                b5 = TSimd.Fma(w1, v3, b5);
                b4 = TSimd.Fma(w2, v3, b4);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(p + 7 * TSimd.Lanes);
                v2 = TSimd.Load(q + 3 * TSimd.Lanes);
                v3 = TSimd.Load(q + 7 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a6 = TSimd.Fma(w1, v1, a6);
                a5 = TSimd.Fma(w2, v1, a5);
                b3 = TSimd.Fma(w0, v2, b3);
                b2 = TSimd.Fma(w1, v2, b2);
                b1 = TSimd.Fma(w2, v2, b1);
                b6 = TSimd.Fma(w1, v3, b6);
                b5 = TSimd.Fma(w2, v3, b5);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                v2 = TSimd.Load(q + 4 * TSimd.Lanes);
                v3 = TSimd.Load(q + 8 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a6 = TSimd.Fma(w2, v1, a6);
                b3 = TSimd.Fma(w1, v2, b3);
                b2 = TSimd.Fma(w2, v2, b2);
                b6 = TSimd.Fma(w2, v3, b6);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v2 = TSimd.Load(q + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v0, a3);
                b3 = TSimd.Fma(w2, v2, b3);

                p += rowStep;
                w += weightRow;
            }

            float* below = y + t->YRowStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), below + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), below + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), below + 6 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row5<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 1, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes), w3 = TSimd.Load(w + 3 * TSimd.Lanes);
                TVector w4 = TSimd.Load(w + 4 * TSimd.Lanes);
                TVector v0, v1;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(p + 7 * TSimd.Lanes);
                a0 = TSimd.Fma(w0, v0, a0);
                a7 = TSimd.Fma(w0, v1, a7);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                a8 = TSimd.Fma(w0, v1, a8);
                a7 = TSimd.Fma(w1, v1, a7);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(p + 9 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                a9 = TSimd.Fma(w0, v1, a9);
                a8 = TSimd.Fma(w1, v1, a8);
                a7 = TSimd.Fma(w2, v1, a7);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(p + 10 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a0 = TSimd.Fma(w3, v0, a0);
                a10 = TSimd.Fma(w0, v1, a10);
                a9 = TSimd.Fma(w1, v1, a9);
                a8 = TSimd.Fma(w2, v1, a8);
                a7 = TSimd.Fma(w3, v1, a7);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 11 * TSimd.Lanes);
                a4 = TSimd.Fma(w0, v0, a4);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a1 = TSimd.Fma(w3, v0, a1);
                a0 = TSimd.Fma(w4, v0, a0);
                a11 = TSimd.Fma(w0, v1, a11);
                a10 = TSimd.Fma(w1, v1, a10);
                a9 = TSimd.Fma(w2, v1, a9);
                a8 = TSimd.Fma(w3, v1, a8);
                a7 = TSimd.Fma(w4, v1, a7);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(p + 12 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v0, a5);
                a4 = TSimd.Fma(w1, v0, a4);
                a3 = TSimd.Fma(w2, v0, a3);
                a2 = TSimd.Fma(w3, v0, a2);
                a1 = TSimd.Fma(w4, v0, a1);
                a12 = TSimd.Fma(w0, v1, a12);
                a11 = TSimd.Fma(w1, v1, a11);
                a10 = TSimd.Fma(w2, v1, a10);
                a9 = TSimd.Fma(w3, v1, a9);
                a8 = TSimd.Fma(w4, v1, a8);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(p + 13 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v0, a6);
                a5 = TSimd.Fma(w1, v0, a5);
                a4 = TSimd.Fma(w2, v0, a4);
                a3 = TSimd.Fma(w3, v0, a3);
                a2 = TSimd.Fma(w4, v0, a2);
                a13 = TSimd.Fma(w0, v1, a13);
                a12 = TSimd.Fma(w1, v1, a12);
                a11 = TSimd.Fma(w2, v1, a11);
                a10 = TSimd.Fma(w3, v1, a10);
                a9 = TSimd.Fma(w4, v1, a9);
                v0 = TSimd.Load(p + 7 * TSimd.Lanes);
                v1 = TSimd.Load(p + 14 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v0, a6);
                a5 = TSimd.Fma(w2, v0, a5);
                a4 = TSimd.Fma(w3, v0, a4);
                a3 = TSimd.Fma(w4, v0, a3);
                a13 = TSimd.Fma(w1, v1, a13);
                a12 = TSimd.Fma(w2, v1, a12);
                a11 = TSimd.Fma(w3, v1, a11);
                a10 = TSimd.Fma(w4, v1, a10);
                v0 = TSimd.Load(p + 8 * TSimd.Lanes);
                v1 = TSimd.Load(p + 15 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v0, a6);
                a5 = TSimd.Fma(w3, v0, a5);
                a4 = TSimd.Fma(w4, v0, a4);
                a13 = TSimd.Fma(w2, v1, a13);
                a12 = TSimd.Fma(w3, v1, a12);
                a11 = TSimd.Fma(w4, v1, a11);
                v0 = TSimd.Load(p + 9 * TSimd.Lanes);
                v1 = TSimd.Load(p + 16 * TSimd.Lanes);
                a6 = TSimd.Fma(w3, v0, a6);
                a5 = TSimd.Fma(w4, v0, a5);
                a13 = TSimd.Fma(w3, v1, a13);
                a12 = TSimd.Fma(w4, v1, a12);
                v0 = TSimd.Load(p + 10 * TSimd.Lanes);
                v1 = TSimd.Load(p + 17 * TSimd.Lanes);
                a6 = TSimd.Fma(w4, v0, a6);
                a13 = TSimd.Fma(w4, v1, a13);

                p += rowStep;
                w += weightRow;
            }

            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a8), y + 8 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a9), y + 9 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a10), y + 10 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a11), y + 11 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a12), y + 12 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a13), y + 13 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row5Two<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, b0 = bias, b1 = bias,
                b2 = bias, b3 = bias, b4 = bias, b5 = bias, b6 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes), w3 = TSimd.Load(w + 3 * TSimd.Lanes);
                TVector w4 = TSimd.Load(w + 4 * TSimd.Lanes);
                TVector v0, v1;
                float* q = p + outRow;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(q);
                a0 = TSimd.Fma(w0, v0, a0);
                b0 = TSimd.Fma(w0, v1, b0);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(q + TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                b1 = TSimd.Fma(w0, v1, b1);
                b0 = TSimd.Fma(w1, v1, b0);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(q + 2 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                b2 = TSimd.Fma(w0, v1, b2);
                b1 = TSimd.Fma(w1, v1, b1);
                b0 = TSimd.Fma(w2, v1, b0);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(q + 3 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a0 = TSimd.Fma(w3, v0, a0);
                b3 = TSimd.Fma(w0, v1, b3);
                b2 = TSimd.Fma(w1, v1, b2);
                b1 = TSimd.Fma(w2, v1, b1);
                b0 = TSimd.Fma(w3, v1, b0);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(q + 4 * TSimd.Lanes);
                a4 = TSimd.Fma(w0, v0, a4);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a1 = TSimd.Fma(w3, v0, a1);
                a0 = TSimd.Fma(w4, v0, a0);
                b4 = TSimd.Fma(w0, v1, b4);
                b3 = TSimd.Fma(w1, v1, b3);
                b2 = TSimd.Fma(w2, v1, b2);
                b1 = TSimd.Fma(w3, v1, b1);
                b0 = TSimd.Fma(w4, v1, b0);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(q + 5 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v0, a5);
                a4 = TSimd.Fma(w1, v0, a4);
                a3 = TSimd.Fma(w2, v0, a3);
                a2 = TSimd.Fma(w3, v0, a2);
                a1 = TSimd.Fma(w4, v0, a1);
                b5 = TSimd.Fma(w0, v1, b5);
                b4 = TSimd.Fma(w1, v1, b4);
                b3 = TSimd.Fma(w2, v1, b3);
                b2 = TSimd.Fma(w3, v1, b2);
                b1 = TSimd.Fma(w4, v1, b1);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(q + 6 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v0, a6);
                a5 = TSimd.Fma(w1, v0, a5);
                a4 = TSimd.Fma(w2, v0, a4);
                a3 = TSimd.Fma(w3, v0, a3);
                a2 = TSimd.Fma(w4, v0, a2);
                b6 = TSimd.Fma(w0, v1, b6);
                b5 = TSimd.Fma(w1, v1, b5);
                b4 = TSimd.Fma(w2, v1, b4);
                b3 = TSimd.Fma(w3, v1, b3);
                b2 = TSimd.Fma(w4, v1, b2);
                v0 = TSimd.Load(p + 7 * TSimd.Lanes);
                v1 = TSimd.Load(q + 7 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v0, a6);
                a5 = TSimd.Fma(w2, v0, a5);
                a4 = TSimd.Fma(w3, v0, a4);
                a3 = TSimd.Fma(w4, v0, a3);
                b6 = TSimd.Fma(w1, v1, b6);
                b5 = TSimd.Fma(w2, v1, b5);
                b4 = TSimd.Fma(w3, v1, b4);
                b3 = TSimd.Fma(w4, v1, b3);
                v0 = TSimd.Load(p + 8 * TSimd.Lanes);
                v1 = TSimd.Load(q + 8 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v0, a6);
                a5 = TSimd.Fma(w3, v0, a5);
                a4 = TSimd.Fma(w4, v0, a4);
                b6 = TSimd.Fma(w2, v1, b6);
                b5 = TSimd.Fma(w3, v1, b5);
                b4 = TSimd.Fma(w4, v1, b4);
                v0 = TSimd.Load(p + 9 * TSimd.Lanes);
                v1 = TSimd.Load(q + 9 * TSimd.Lanes);
                a6 = TSimd.Fma(w3, v0, a6);
                a5 = TSimd.Fma(w4, v0, a5);
                b6 = TSimd.Fma(w3, v1, b6);
                b5 = TSimd.Fma(w4, v1, b5);
                v0 = TSimd.Load(p + 10 * TSimd.Lanes);
                v1 = TSimd.Load(q + 10 * TSimd.Lanes);
                a6 = TSimd.Fma(w4, v0, a6);
                b6 = TSimd.Fma(w4, v1, b6);

                p += rowStep;
                w += weightRow;
            }

            float* below = y + t->YRowStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), below + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), below + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), below + 6 * TSimd.Lanes);
        }
    }
}
