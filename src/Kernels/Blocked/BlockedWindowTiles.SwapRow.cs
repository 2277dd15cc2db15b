using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in neighbouring lanes, 3×3 and 5×5 kernels with stride 1: the weights of a whole
/// kernel row stand in registers, a pixel is loaded and its neighbours are exchanged once for all the sums that it
/// reaches. Register budget: 14 sums, ten weights, two pixels.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels each.</summary>
    /// <param name="tile">The rows; X and Y are those of the first pixel; taps and pixels a vector apart.</param>
    /// <param name="columns">Output pixels of a row.</param>
    /// <returns>Whether there is a tile for such rows.</returns>
    public static bool SwapRow<TSimd, TVector, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        int width = columns % 14 == 0 ? 14 : columns % 16 == 0 ? 16 : columns == 8 ? 8 : 0;
        if (TSimd.Lanes < 16 || tile->Taps is not (3 or 5) || width == 0)
        {
            return false;
        }

        float* x = tile->X, y = tile->Y;
        for (; columns > 0; columns -= width, x += width * TSimd.Lanes, y += width * TSimd.Lanes)
        {
            switch (tile->Taps * 100 + width)
            {
                case 316:
                    SwapRow3Sixteen<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 314:
                    SwapRow3<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 308:
                    SwapRow3Eight<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 516:
                    SwapRow5Sixteen<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 514:
                    SwapRow5<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                default:
                    SwapRow5Eight<TSimd, TVector, TFunction>(tile, x, y);
                    break;
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SwapRow3<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--, p += rowStep, w += weightRow)
            {
                TVector w0 = TSimd.Load(w), u0 = TSimd.Load(w + TSimd.Lanes);
                TVector w1 = TSimd.Load(w + 2 * TSimd.Lanes), u1 = TSimd.Load(w + 3 * TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 4 * TSimd.Lanes), u2 = TSimd.Load(w + 5 * TSimd.Lanes);
                TVector v, s;
                v = TSimd.Load(p);
                s = TSimd.SwapPairs(v);
                a0 = TSimd.Fma(w0, v, a0);
                a0 = TSimd.Fma(u0, s, a0);
                v = TSimd.Load(p + TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a1 = TSimd.Fma(w0, v, a1);
                a0 = TSimd.Fma(w1, v, a0);
                a1 = TSimd.Fma(u0, s, a1);
                a0 = TSimd.Fma(u1, s, a0);
                v = TSimd.Load(p + 2 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a2 = TSimd.Fma(w0, v, a2);
                a1 = TSimd.Fma(w1, v, a1);
                a0 = TSimd.Fma(w2, v, a0);
                a2 = TSimd.Fma(u0, s, a2);
                a1 = TSimd.Fma(u1, s, a1);
                a0 = TSimd.Fma(u2, s, a0);
                v = TSimd.Load(p + 3 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a3 = TSimd.Fma(w0, v, a3);
                a2 = TSimd.Fma(w1, v, a2);
                a1 = TSimd.Fma(w2, v, a1);
                a3 = TSimd.Fma(u0, s, a3);
                a2 = TSimd.Fma(u1, s, a2);
                a1 = TSimd.Fma(u2, s, a1);
                v = TSimd.Load(p + 4 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a4 = TSimd.Fma(w0, v, a4);
                a3 = TSimd.Fma(w1, v, a3);
                a2 = TSimd.Fma(w2, v, a2);
                a4 = TSimd.Fma(u0, s, a4);
                a3 = TSimd.Fma(u1, s, a3);
                a2 = TSimd.Fma(u2, s, a2);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a5 = TSimd.Fma(w0, v, a5);
                a4 = TSimd.Fma(w1, v, a4);
                a3 = TSimd.Fma(w2, v, a3);
                a5 = TSimd.Fma(u0, s, a5);
                a4 = TSimd.Fma(u1, s, a4);
                a3 = TSimd.Fma(u2, s, a3);
                v = TSimd.Load(p + 6 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a6 = TSimd.Fma(w0, v, a6);
                a5 = TSimd.Fma(w1, v, a5);
                a4 = TSimd.Fma(w2, v, a4);
                a6 = TSimd.Fma(u0, s, a6);
                a5 = TSimd.Fma(u1, s, a5);
                a4 = TSimd.Fma(u2, s, a4);
                v = TSimd.Load(p + 7 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w0, v, a7);
                a6 = TSimd.Fma(w1, v, a6);
                a5 = TSimd.Fma(w2, v, a5);
                a7 = TSimd.Fma(u0, s, a7);
                a6 = TSimd.Fma(u1, s, a6);
                a5 = TSimd.Fma(u2, s, a5);
                v = TSimd.Load(p + 8 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a8 = TSimd.Fma(w0, v, a8);
                a7 = TSimd.Fma(w1, v, a7);
                a6 = TSimd.Fma(w2, v, a6);
                a8 = TSimd.Fma(u0, s, a8);
                a7 = TSimd.Fma(u1, s, a7);
                a6 = TSimd.Fma(u2, s, a6);
                v = TSimd.Load(p + 9 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a9 = TSimd.Fma(w0, v, a9);
                a8 = TSimd.Fma(w1, v, a8);
                a7 = TSimd.Fma(w2, v, a7);
                a9 = TSimd.Fma(u0, s, a9);
                a8 = TSimd.Fma(u1, s, a8);
                a7 = TSimd.Fma(u2, s, a7);
                v = TSimd.Load(p + 10 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a10 = TSimd.Fma(w0, v, a10);
                a9 = TSimd.Fma(w1, v, a9);
                a8 = TSimd.Fma(w2, v, a8);
                a10 = TSimd.Fma(u0, s, a10);
                a9 = TSimd.Fma(u1, s, a9);
                a8 = TSimd.Fma(u2, s, a8);
                v = TSimd.Load(p + 11 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a11 = TSimd.Fma(w0, v, a11);
                a10 = TSimd.Fma(w1, v, a10);
                a9 = TSimd.Fma(w2, v, a9);
                a11 = TSimd.Fma(u0, s, a11);
                a10 = TSimd.Fma(u1, s, a10);
                a9 = TSimd.Fma(u2, s, a9);
                v = TSimd.Load(p + 12 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a12 = TSimd.Fma(w0, v, a12);
                a11 = TSimd.Fma(w1, v, a11);
                a10 = TSimd.Fma(w2, v, a10);
                a12 = TSimd.Fma(u0, s, a12);
                a11 = TSimd.Fma(u1, s, a11);
                a10 = TSimd.Fma(u2, s, a10);
                v = TSimd.Load(p + 13 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w0, v, a13);
                a12 = TSimd.Fma(w1, v, a12);
                a11 = TSimd.Fma(w2, v, a11);
                a13 = TSimd.Fma(u0, s, a13);
                a12 = TSimd.Fma(u1, s, a12);
                a11 = TSimd.Fma(u2, s, a11);
                v = TSimd.Load(p + 14 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w1, v, a13);
                a12 = TSimd.Fma(w2, v, a12);
                a13 = TSimd.Fma(u1, s, a13);
                a12 = TSimd.Fma(u2, s, a12);
                v = TSimd.Load(p + 15 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w2, v, a13);
                a13 = TSimd.Fma(u2, s, a13);
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
    private static void SwapRow5<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--, p += rowStep, w += weightRow)
            {
                TVector w0 = TSimd.Load(w), u0 = TSimd.Load(w + TSimd.Lanes);
                TVector w1 = TSimd.Load(w + 2 * TSimd.Lanes), u1 = TSimd.Load(w + 3 * TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 4 * TSimd.Lanes), u2 = TSimd.Load(w + 5 * TSimd.Lanes);
                TVector w3 = TSimd.Load(w + 6 * TSimd.Lanes), u3 = TSimd.Load(w + 7 * TSimd.Lanes);
                TVector w4 = TSimd.Load(w + 8 * TSimd.Lanes), u4 = TSimd.Load(w + 9 * TSimd.Lanes);
                TVector v, s;
                v = TSimd.Load(p);
                s = TSimd.SwapPairs(v);
                a0 = TSimd.Fma(w0, v, a0);
                a0 = TSimd.Fma(u0, s, a0);
                v = TSimd.Load(p + TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a1 = TSimd.Fma(w0, v, a1);
                a0 = TSimd.Fma(w1, v, a0);
                a1 = TSimd.Fma(u0, s, a1);
                a0 = TSimd.Fma(u1, s, a0);
                v = TSimd.Load(p + 2 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a2 = TSimd.Fma(w0, v, a2);
                a1 = TSimd.Fma(w1, v, a1);
                a0 = TSimd.Fma(w2, v, a0);
                a2 = TSimd.Fma(u0, s, a2);
                a1 = TSimd.Fma(u1, s, a1);
                a0 = TSimd.Fma(u2, s, a0);
                v = TSimd.Load(p + 3 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a3 = TSimd.Fma(w0, v, a3);
                a2 = TSimd.Fma(w1, v, a2);
                a1 = TSimd.Fma(w2, v, a1);
                a0 = TSimd.Fma(w3, v, a0);
                a3 = TSimd.Fma(u0, s, a3);
                a2 = TSimd.Fma(u1, s, a2);
                a1 = TSimd.Fma(u2, s, a1);
                a0 = TSimd.Fma(u3, s, a0);
                v = TSimd.Load(p + 4 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a4 = TSimd.Fma(w0, v, a4);
                a3 = TSimd.Fma(w1, v, a3);
                a2 = TSimd.Fma(w2, v, a2);
                a1 = TSimd.Fma(w3, v, a1);
                a0 = TSimd.Fma(w4, v, a0);
                a4 = TSimd.Fma(u0, s, a4);
                a3 = TSimd.Fma(u1, s, a3);
                a2 = TSimd.Fma(u2, s, a2);
                a1 = TSimd.Fma(u3, s, a1);
                a0 = TSimd.Fma(u4, s, a0);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a5 = TSimd.Fma(w0, v, a5);
                a4 = TSimd.Fma(w1, v, a4);
                a3 = TSimd.Fma(w2, v, a3);
                a2 = TSimd.Fma(w3, v, a2);
                a1 = TSimd.Fma(w4, v, a1);
                a5 = TSimd.Fma(u0, s, a5);
                a4 = TSimd.Fma(u1, s, a4);
                a3 = TSimd.Fma(u2, s, a3);
                a2 = TSimd.Fma(u3, s, a2);
                a1 = TSimd.Fma(u4, s, a1);
                v = TSimd.Load(p + 6 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a6 = TSimd.Fma(w0, v, a6);
                a5 = TSimd.Fma(w1, v, a5);
                a4 = TSimd.Fma(w2, v, a4);
                a3 = TSimd.Fma(w3, v, a3);
                a2 = TSimd.Fma(w4, v, a2);
                a6 = TSimd.Fma(u0, s, a6);
                a5 = TSimd.Fma(u1, s, a5);
                a4 = TSimd.Fma(u2, s, a4);
                a3 = TSimd.Fma(u3, s, a3);
                a2 = TSimd.Fma(u4, s, a2);
                v = TSimd.Load(p + 7 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w0, v, a7);
                a6 = TSimd.Fma(w1, v, a6);
                a5 = TSimd.Fma(w2, v, a5);
                a4 = TSimd.Fma(w3, v, a4);
                a3 = TSimd.Fma(w4, v, a3);
                a7 = TSimd.Fma(u0, s, a7);
                a6 = TSimd.Fma(u1, s, a6);
                a5 = TSimd.Fma(u2, s, a5);
                a4 = TSimd.Fma(u3, s, a4);
                a3 = TSimd.Fma(u4, s, a3);
                v = TSimd.Load(p + 8 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a8 = TSimd.Fma(w0, v, a8);
                a7 = TSimd.Fma(w1, v, a7);
                a6 = TSimd.Fma(w2, v, a6);
                a5 = TSimd.Fma(w3, v, a5);
                a4 = TSimd.Fma(w4, v, a4);
                a8 = TSimd.Fma(u0, s, a8);
                a7 = TSimd.Fma(u1, s, a7);
                a6 = TSimd.Fma(u2, s, a6);
                a5 = TSimd.Fma(u3, s, a5);
                a4 = TSimd.Fma(u4, s, a4);
                v = TSimd.Load(p + 9 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a9 = TSimd.Fma(w0, v, a9);
                a8 = TSimd.Fma(w1, v, a8);
                a7 = TSimd.Fma(w2, v, a7);
                a6 = TSimd.Fma(w3, v, a6);
                a5 = TSimd.Fma(w4, v, a5);
                a9 = TSimd.Fma(u0, s, a9);
                a8 = TSimd.Fma(u1, s, a8);
                a7 = TSimd.Fma(u2, s, a7);
                a6 = TSimd.Fma(u3, s, a6);
                a5 = TSimd.Fma(u4, s, a5);
                v = TSimd.Load(p + 10 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a10 = TSimd.Fma(w0, v, a10);
                a9 = TSimd.Fma(w1, v, a9);
                a8 = TSimd.Fma(w2, v, a8);
                a7 = TSimd.Fma(w3, v, a7);
                a6 = TSimd.Fma(w4, v, a6);
                a10 = TSimd.Fma(u0, s, a10);
                a9 = TSimd.Fma(u1, s, a9);
                a8 = TSimd.Fma(u2, s, a8);
                a7 = TSimd.Fma(u3, s, a7);
                a6 = TSimd.Fma(u4, s, a6);
                v = TSimd.Load(p + 11 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a11 = TSimd.Fma(w0, v, a11);
                a10 = TSimd.Fma(w1, v, a10);
                a9 = TSimd.Fma(w2, v, a9);
                a8 = TSimd.Fma(w3, v, a8);
                a7 = TSimd.Fma(w4, v, a7);
                a11 = TSimd.Fma(u0, s, a11);
                a10 = TSimd.Fma(u1, s, a10);
                a9 = TSimd.Fma(u2, s, a9);
                a8 = TSimd.Fma(u3, s, a8);
                a7 = TSimd.Fma(u4, s, a7);
                v = TSimd.Load(p + 12 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a12 = TSimd.Fma(w0, v, a12);
                a11 = TSimd.Fma(w1, v, a11);
                a10 = TSimd.Fma(w2, v, a10);
                a9 = TSimd.Fma(w3, v, a9);
                a8 = TSimd.Fma(w4, v, a8);
                a12 = TSimd.Fma(u0, s, a12);
                a11 = TSimd.Fma(u1, s, a11);
                a10 = TSimd.Fma(u2, s, a10);
                a9 = TSimd.Fma(u3, s, a9);
                a8 = TSimd.Fma(u4, s, a8);
                v = TSimd.Load(p + 13 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w0, v, a13);
                a12 = TSimd.Fma(w1, v, a12);
                a11 = TSimd.Fma(w2, v, a11);
                a10 = TSimd.Fma(w3, v, a10);
                a9 = TSimd.Fma(w4, v, a9);
                a13 = TSimd.Fma(u0, s, a13);
                a12 = TSimd.Fma(u1, s, a12);
                a11 = TSimd.Fma(u2, s, a11);
                a10 = TSimd.Fma(u3, s, a10);
                a9 = TSimd.Fma(u4, s, a9);
                v = TSimd.Load(p + 14 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w1, v, a13);
                a12 = TSimd.Fma(w2, v, a12);
                a11 = TSimd.Fma(w3, v, a11);
                a10 = TSimd.Fma(w4, v, a10);
                a13 = TSimd.Fma(u1, s, a13);
                a12 = TSimd.Fma(u2, s, a12);
                a11 = TSimd.Fma(u3, s, a11);
                a10 = TSimd.Fma(u4, s, a10);
                v = TSimd.Load(p + 15 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w2, v, a13);
                a12 = TSimd.Fma(w3, v, a12);
                a11 = TSimd.Fma(w4, v, a11);
                a13 = TSimd.Fma(u2, s, a13);
                a12 = TSimd.Fma(u3, s, a12);
                a11 = TSimd.Fma(u4, s, a11);
                v = TSimd.Load(p + 16 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w3, v, a13);
                a12 = TSimd.Fma(w4, v, a12);
                a13 = TSimd.Fma(u3, s, a13);
                a12 = TSimd.Fma(u4, s, a12);
                v = TSimd.Load(p + 17 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a13 = TSimd.Fma(w4, v, a13);
                a13 = TSimd.Fma(u4, s, a13);
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
}
