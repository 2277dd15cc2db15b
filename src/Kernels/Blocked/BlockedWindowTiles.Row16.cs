using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Tiles of whole kernel rows, 3×3 and 5×5, for maps of 16 and 32 columns. Register budget: 16 sums, up to
/// five weights, a pixel for each window.</content>
internal static unsafe partial class BlockedWindowTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3Sixteen<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 1, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias, a14 = bias, a15 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes);
                TVector v0, v1, v2;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(p + 6 * TSimd.Lanes);
                v2 = TSimd.Load(p + 11 * TSimd.Lanes);
                a0 = TSimd.Fma(w0, v0, a0);
                a6 = TSimd.Fma(w0, v1, a6);
                a11 = TSimd.Fma(w0, v2, a11);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(p + 7 * TSimd.Lanes);
                v2 = TSimd.Load(p + 12 * TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                a7 = TSimd.Fma(w0, v1, a7);
                a6 = TSimd.Fma(w1, v1, a6);
                a12 = TSimd.Fma(w0, v2, a12);
                a11 = TSimd.Fma(w1, v2, a11);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                v2 = TSimd.Load(p + 13 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                a8 = TSimd.Fma(w0, v1, a8);
                a7 = TSimd.Fma(w1, v1, a7);
                a6 = TSimd.Fma(w2, v1, a6);
                a13 = TSimd.Fma(w0, v2, a13);
                a12 = TSimd.Fma(w1, v2, a12);
                a11 = TSimd.Fma(w2, v2, a11);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(p + 9 * TSimd.Lanes);
                v2 = TSimd.Load(p + 14 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a9 = TSimd.Fma(w0, v1, a9);
                a8 = TSimd.Fma(w1, v1, a8);
                a7 = TSimd.Fma(w2, v1, a7);
                a14 = TSimd.Fma(w0, v2, a14);
                a13 = TSimd.Fma(w1, v2, a13);
                a12 = TSimd.Fma(w2, v2, a12);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 10 * TSimd.Lanes);
                v2 = TSimd.Load(p + 15 * TSimd.Lanes);
                a4 = TSimd.Fma(w0, v0, a4);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a10 = TSimd.Fma(w0, v1, a10);
                a9 = TSimd.Fma(w1, v1, a9);
                a8 = TSimd.Fma(w2, v1, a8);
                a15 = TSimd.Fma(w0, v2, a15);
                a14 = TSimd.Fma(w1, v2, a14);
                a13 = TSimd.Fma(w2, v2, a13);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(p + 11 * TSimd.Lanes);
                v2 = TSimd.Load(p + 16 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v0, a5);
                a4 = TSimd.Fma(w1, v0, a4);
                a3 = TSimd.Fma(w2, v0, a3);
                a10 = TSimd.Fma(w1, v1, a10);
                a9 = TSimd.Fma(w2, v1, a9);
                a15 = TSimd.Fma(w1, v2, a15);
                a14 = TSimd.Fma(w2, v2, a14);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(p + 12 * TSimd.Lanes);
                v2 = TSimd.Load(p + 17 * TSimd.Lanes);
                a5 = TSimd.Fma(w1, v0, a5);
                a4 = TSimd.Fma(w2, v0, a4);
                a10 = TSimd.Fma(w2, v1, a10);
                a15 = TSimd.Fma(w2, v2, a15);
                v0 = TSimd.Load(p + 7 * TSimd.Lanes);
                a5 = TSimd.Fma(w2, v0, a5);

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
            TSimd.Store(TFunction.Value<TSimd, TVector>(a14), y + 14 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a15), y + 15 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row5Sixteen<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 1, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias, a14 = bias, a15 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes), w3 = TSimd.Load(w + 3 * TSimd.Lanes);
                TVector w4 = TSimd.Load(w + 4 * TSimd.Lanes);
                TVector v0, v1;
                v0 = TSimd.Load(p);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                a0 = TSimd.Fma(w0, v0, a0);
                a8 = TSimd.Fma(w0, v1, a8);
                v0 = TSimd.Load(p + TSimd.Lanes);
                v1 = TSimd.Load(p + 9 * TSimd.Lanes);
                a1 = TSimd.Fma(w0, v0, a1);
                a0 = TSimd.Fma(w1, v0, a0);
                a9 = TSimd.Fma(w0, v1, a9);
                a8 = TSimd.Fma(w1, v1, a8);
                v0 = TSimd.Load(p + 2 * TSimd.Lanes);
                v1 = TSimd.Load(p + 10 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v0, a2);
                a1 = TSimd.Fma(w1, v0, a1);
                a0 = TSimd.Fma(w2, v0, a0);
                a10 = TSimd.Fma(w0, v1, a10);
                a9 = TSimd.Fma(w1, v1, a9);
                a8 = TSimd.Fma(w2, v1, a8);
                v0 = TSimd.Load(p + 3 * TSimd.Lanes);
                v1 = TSimd.Load(p + 11 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v0, a3);
                a2 = TSimd.Fma(w1, v0, a2);
                a1 = TSimd.Fma(w2, v0, a1);
                a0 = TSimd.Fma(w3, v0, a0);
                a11 = TSimd.Fma(w0, v1, a11);
                a10 = TSimd.Fma(w1, v1, a10);
                a9 = TSimd.Fma(w2, v1, a9);
                a8 = TSimd.Fma(w3, v1, a8);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 12 * TSimd.Lanes);
                a4 = TSimd.Fma(w0, v0, a4);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a1 = TSimd.Fma(w3, v0, a1);
                a0 = TSimd.Fma(w4, v0, a0);
                a12 = TSimd.Fma(w0, v1, a12);
                a11 = TSimd.Fma(w1, v1, a11);
                a10 = TSimd.Fma(w2, v1, a10);
                a9 = TSimd.Fma(w3, v1, a9);
                a8 = TSimd.Fma(w4, v1, a8);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(p + 13 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v0, a5);
                a4 = TSimd.Fma(w1, v0, a4);
                a3 = TSimd.Fma(w2, v0, a3);
                a2 = TSimd.Fma(w3, v0, a2);
                a1 = TSimd.Fma(w4, v0, a1);
                a13 = TSimd.Fma(w0, v1, a13);
                a12 = TSimd.Fma(w1, v1, a12);
                a11 = TSimd.Fma(w2, v1, a11);
                a10 = TSimd.Fma(w3, v1, a10);
                a9 = TSimd.Fma(w4, v1, a9);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(p + 14 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v0, a6);
                a5 = TSimd.Fma(w1, v0, a5);
                a4 = TSimd.Fma(w2, v0, a4);
                a3 = TSimd.Fma(w3, v0, a3);
                a2 = TSimd.Fma(w4, v0, a2);
                a14 = TSimd.Fma(w0, v1, a14);
                a13 = TSimd.Fma(w1, v1, a13);
                a12 = TSimd.Fma(w2, v1, a12);
                a11 = TSimd.Fma(w3, v1, a11);
                a10 = TSimd.Fma(w4, v1, a10);
                v0 = TSimd.Load(p + 7 * TSimd.Lanes);
                v1 = TSimd.Load(p + 15 * TSimd.Lanes);
                a7 = TSimd.Fma(w0, v0, a7);
                a6 = TSimd.Fma(w1, v0, a6);
                a5 = TSimd.Fma(w2, v0, a5);
                a4 = TSimd.Fma(w3, v0, a4);
                a3 = TSimd.Fma(w4, v0, a3);
                a15 = TSimd.Fma(w0, v1, a15);
                a14 = TSimd.Fma(w1, v1, a14);
                a13 = TSimd.Fma(w2, v1, a13);
                a12 = TSimd.Fma(w3, v1, a12);
                a11 = TSimd.Fma(w4, v1, a11);
                v0 = TSimd.Load(p + 8 * TSimd.Lanes);
                v1 = TSimd.Load(p + 16 * TSimd.Lanes);
                a7 = TSimd.Fma(w1, v0, a7);
                a6 = TSimd.Fma(w2, v0, a6);
                a5 = TSimd.Fma(w3, v0, a5);
                a4 = TSimd.Fma(w4, v0, a4);
                a15 = TSimd.Fma(w1, v1, a15);
                a14 = TSimd.Fma(w2, v1, a14);
                a13 = TSimd.Fma(w3, v1, a13);
                a12 = TSimd.Fma(w4, v1, a12);
                v0 = TSimd.Load(p + 9 * TSimd.Lanes);
                v1 = TSimd.Load(p + 17 * TSimd.Lanes);
                a7 = TSimd.Fma(w2, v0, a7);
                a6 = TSimd.Fma(w3, v0, a6);
                a5 = TSimd.Fma(w4, v0, a5);
                a15 = TSimd.Fma(w2, v1, a15);
                a14 = TSimd.Fma(w3, v1, a14);
                a13 = TSimd.Fma(w4, v1, a13);
                v0 = TSimd.Load(p + 10 * TSimd.Lanes);
                v1 = TSimd.Load(p + 18 * TSimd.Lanes);
                a7 = TSimd.Fma(w3, v0, a7);
                a6 = TSimd.Fma(w4, v0, a6);
                a15 = TSimd.Fma(w3, v1, a15);
                a14 = TSimd.Fma(w4, v1, a14);
                v0 = TSimd.Load(p + 11 * TSimd.Lanes);
                v1 = TSimd.Load(p + 19 * TSimd.Lanes);
                a7 = TSimd.Fma(w4, v0, a7);
                a15 = TSimd.Fma(w4, v1, a15);

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
            TSimd.Store(TFunction.Value<TSimd, TVector>(a14), y + 14 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a15), y + 15 * TSimd.Lanes);
        }
    }
}
