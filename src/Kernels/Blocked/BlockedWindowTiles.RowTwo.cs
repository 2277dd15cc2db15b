using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Tiles of whole kernel rows, 3×3 and 5×5, two rows at once for maps of 8 and 4 columns. Register budget: 16
/// sums, up to five weights, a pixel for each window.</content>
internal static unsafe partial class BlockedWindowTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3TwoEight<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, b0 = bias,
                b1 = bias, b2 = bias, b3 = bias, b4 = bias, b5 = bias, b6 = bias, b7 = bias;
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
                a7 = TSimd.Fma(w0, v1, a7);
                a6 = TSimd.Fma(w1, v1, a6);
                a5 = TSimd.Fma(w2, v1, a5);
                b3 = TSimd.Fma(w0, v2, b3);
                b2 = TSimd.Fma(w1, v2, b2);
                b1 = TSimd.Fma(w2, v2, b1);
                b7 = TSimd.Fma(w0, v3, b7);
                b6 = TSimd.Fma(w1, v3, b6);
                b5 = TSimd.Fma(w2, v3, b5);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(p + 8 * TSimd.Lanes);
                v2 = TSimd.Load(q + 4 * TSimd.Lanes);
                v3 = TSimd.Load(q + 8 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a7 = TSimd.Fma(w1, v1, a7);
                a6 = TSimd.Fma(w2, v1, a6);
                b3 = TSimd.Fma(w1, v2, b3);
                b2 = TSimd.Fma(w2, v2, b2);
                b7 = TSimd.Fma(w1, v3, b7);
                b6 = TSimd.Fma(w2, v3, b6);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(p + 9 * TSimd.Lanes);
                v2 = TSimd.Load(q + 5 * TSimd.Lanes);
                v3 = TSimd.Load(q + 9 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v0, a3);
                a7 = TSimd.Fma(w2, v1, a7);
                b3 = TSimd.Fma(w2, v2, b3);
                b7 = TSimd.Fma(w2, v3, b7);

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
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), below + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), below + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), below + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b7), below + 7 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row5TwoEight<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, b0 = bias,
                b1 = bias, b2 = bias, b3 = bias, b4 = bias, b5 = bias, b6 = bias, b7 = bias;
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
                a7 = TSimd.Fma(w0, v0, a7);
                a6 = TSimd.Fma(w1, v0, a6);
                a5 = TSimd.Fma(w2, v0, a5);
                a4 = TSimd.Fma(w3, v0, a4);
                a3 = TSimd.Fma(w4, v0, a3);
                b7 = TSimd.Fma(w0, v1, b7);
                b6 = TSimd.Fma(w1, v1, b6);
                b5 = TSimd.Fma(w2, v1, b5);
                b4 = TSimd.Fma(w3, v1, b4);
                b3 = TSimd.Fma(w4, v1, b3);
                v0 = TSimd.Load(p + 8 * TSimd.Lanes);
                v1 = TSimd.Load(q + 8 * TSimd.Lanes);
                a7 = TSimd.Fma(w1, v0, a7);
                a6 = TSimd.Fma(w2, v0, a6);
                a5 = TSimd.Fma(w3, v0, a5);
                a4 = TSimd.Fma(w4, v0, a4);
                b7 = TSimd.Fma(w1, v1, b7);
                b6 = TSimd.Fma(w2, v1, b6);
                b5 = TSimd.Fma(w3, v1, b5);
                b4 = TSimd.Fma(w4, v1, b4);
                v0 = TSimd.Load(p + 9 * TSimd.Lanes);
                v1 = TSimd.Load(q + 9 * TSimd.Lanes);
                a7 = TSimd.Fma(w2, v0, a7);
                a6 = TSimd.Fma(w3, v0, a6);
                a5 = TSimd.Fma(w4, v0, a5);
                b7 = TSimd.Fma(w2, v1, b7);
                b6 = TSimd.Fma(w3, v1, b6);
                b5 = TSimd.Fma(w4, v1, b5);
                v0 = TSimd.Load(p + 10 * TSimd.Lanes);
                v1 = TSimd.Load(q + 10 * TSimd.Lanes);
                a7 = TSimd.Fma(w3, v0, a7);
                a6 = TSimd.Fma(w4, v0, a6);
                b7 = TSimd.Fma(w3, v1, b7);
                b6 = TSimd.Fma(w4, v1, b6);
                v0 = TSimd.Load(p + 11 * TSimd.Lanes);
                v1 = TSimd.Load(q + 11 * TSimd.Lanes);
                a7 = TSimd.Fma(w4, v0, a7);
                b7 = TSimd.Fma(w4, v1, b7);

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
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), below + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), below + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), below + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b7), below + 7 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row3TwoFour<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, b0 = bias, b1 = bias, b2 = bias, b3 = bias;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--)
            {
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 2 * TSimd.Lanes);
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
                b3 = TSimd.Fma(w0, v1, b3);
                b2 = TSimd.Fma(w1, v1, b2);
                b1 = TSimd.Fma(w2, v1, b1);
                v0 = TSimd.Load(p + 4 * TSimd.Lanes);
                v1 = TSimd.Load(q + 4 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                b3 = TSimd.Fma(w1, v1, b3);
                b2 = TSimd.Fma(w2, v1, b2);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(q + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v0, a3);
                b3 = TSimd.Fma(w2, v1, b3);

                p += rowStep;
                w += weightRow;
            }

            float* below = y + t->YRowStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row5TwoFour<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs -= 2, x += 2 * outRow, y += 2 * t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, b0 = bias, b1 = bias, b2 = bias, b3 = bias;
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
                a3 = TSimd.Fma(w1, v0, a3);
                a2 = TSimd.Fma(w2, v0, a2);
                a1 = TSimd.Fma(w3, v0, a1);
                a0 = TSimd.Fma(w4, v0, a0);
                b3 = TSimd.Fma(w1, v1, b3);
                b2 = TSimd.Fma(w2, v1, b2);
                b1 = TSimd.Fma(w3, v1, b1);
                b0 = TSimd.Fma(w4, v1, b0);
                v0 = TSimd.Load(p + 5 * TSimd.Lanes);
                v1 = TSimd.Load(q + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v0, a3);
                a2 = TSimd.Fma(w3, v0, a2);
                a1 = TSimd.Fma(w4, v0, a1);
                b3 = TSimd.Fma(w2, v1, b3);
                b2 = TSimd.Fma(w3, v1, b2);
                b1 = TSimd.Fma(w4, v1, b1);
                v0 = TSimd.Load(p + 6 * TSimd.Lanes);
                v1 = TSimd.Load(q + 6 * TSimd.Lanes);
                a3 = TSimd.Fma(w3, v0, a3);
                a2 = TSimd.Fma(w4, v0, a2);
                b3 = TSimd.Fma(w3, v1, b3);
                b2 = TSimd.Fma(w4, v1, b2);
                v0 = TSimd.Load(p + 7 * TSimd.Lanes);
                v1 = TSimd.Load(q + 7 * TSimd.Lanes);
                a3 = TSimd.Fma(w4, v0, a3);
                b3 = TSimd.Fma(w4, v1, b3);

                p += rowStep;
                w += weightRow;
            }

            float* below = y + t->YRowStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), below);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), below + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), below + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), below + 3 * TSimd.Lanes);
        }
    }
}
