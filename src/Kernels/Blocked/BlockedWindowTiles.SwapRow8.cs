using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in neighbouring lanes, 3×3 and 5×5 kernels with stride 1, for maps of 8 columns.
/// Register budget: 8 sums, ten weights, two pixels.</content>
internal static unsafe partial class BlockedWindowTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SwapRow3Eight<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias;
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
                a7 = TSimd.Fma(w1, v, a7);
                a6 = TSimd.Fma(w2, v, a6);
                a7 = TSimd.Fma(u1, s, a7);
                a6 = TSimd.Fma(u2, s, a6);
                v = TSimd.Load(p + 9 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w2, v, a7);
                a7 = TSimd.Fma(u2, s, a7);
            }

            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SwapRow5Eight<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightRow = t->WeightRowStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias;
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
                a7 = TSimd.Fma(w1, v, a7);
                a6 = TSimd.Fma(w2, v, a6);
                a5 = TSimd.Fma(w3, v, a5);
                a4 = TSimd.Fma(w4, v, a4);
                a7 = TSimd.Fma(u1, s, a7);
                a6 = TSimd.Fma(u2, s, a6);
                a5 = TSimd.Fma(u3, s, a5);
                a4 = TSimd.Fma(u4, s, a4);
                v = TSimd.Load(p + 9 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w2, v, a7);
                a6 = TSimd.Fma(w3, v, a6);
                a5 = TSimd.Fma(w4, v, a5);
                a7 = TSimd.Fma(u2, s, a7);
                a6 = TSimd.Fma(u3, s, a6);
                a5 = TSimd.Fma(u4, s, a5);
                v = TSimd.Load(p + 10 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w3, v, a7);
                a6 = TSimd.Fma(w4, v, a6);
                a7 = TSimd.Fma(u3, s, a7);
                a6 = TSimd.Fma(u4, s, a6);
                v = TSimd.Load(p + 11 * TSimd.Lanes);
                s = TSimd.SwapPairs(v);
                a7 = TSimd.Fma(w4, v, a7);
                a7 = TSimd.Fma(u4, s, a7);
            }

            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a7), y + 7 * TSimd.Lanes);
        }
    }
}
