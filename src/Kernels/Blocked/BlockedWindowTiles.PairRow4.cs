using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in two blocks, 3×3 and 5×5 kernels with stride 1, for maps of 4 columns. Register
/// budget: 8 sums, ten weights, a pixel.</content>
internal static unsafe partial class BlockedWindowTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PairRow3Four<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, blockStep = t->BlockStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector even = TSimd.Load(t->Bias), odd = TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = even, a1 = even, a2 = even, a3 = even;
            TVector b0 = odd, b1 = odd, b2 = odd, b3 = odd;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--, p += rowStep, w += 12 * TSimd.Lanes)
            {
                float* q = p + blockStep;
                TVector w0 = TSimd.Load(w), u0 = TSimd.Load(w + TSimd.Lanes);
                TVector w1 = TSimd.Load(w + 4 * TSimd.Lanes), u1 = TSimd.Load(w + 5 * TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 8 * TSimd.Lanes), u2 = TSimd.Load(w + 9 * TSimd.Lanes);
                TVector v;
                v = TSimd.Load(p);
                a0 = TSimd.Fma(w0, v, a0);
                b0 = TSimd.Fma(u0, v, b0);
                v = TSimd.Load(p + TSimd.Lanes);
                a1 = TSimd.Fma(w0, v, a1);
                b1 = TSimd.Fma(u0, v, b1);
                a0 = TSimd.Fma(w1, v, a0);
                b0 = TSimd.Fma(u1, v, b0);
                v = TSimd.Load(p + 2 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v, a2);
                b2 = TSimd.Fma(u0, v, b2);
                a1 = TSimd.Fma(w1, v, a1);
                b1 = TSimd.Fma(u1, v, b1);
                a0 = TSimd.Fma(w2, v, a0);
                b0 = TSimd.Fma(u2, v, b0);
                v = TSimd.Load(p + 3 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v, a3);
                b3 = TSimd.Fma(u0, v, b3);
                a2 = TSimd.Fma(w1, v, a2);
                b2 = TSimd.Fma(u1, v, b2);
                a1 = TSimd.Fma(w2, v, a1);
                b1 = TSimd.Fma(u2, v, b1);
                v = TSimd.Load(p + 4 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);

                w0 = TSimd.Load(w + 2 * TSimd.Lanes);
                w1 = TSimd.Load(w + 6 * TSimd.Lanes);
                w2 = TSimd.Load(w + 10 * TSimd.Lanes);
                u0 = TSimd.Load(w + 3 * TSimd.Lanes);
                u1 = TSimd.Load(w + 7 * TSimd.Lanes);
                u2 = TSimd.Load(w + 11 * TSimd.Lanes);
                v = TSimd.Load(q);
                a0 = TSimd.Fma(w0, v, a0);
                b0 = TSimd.Fma(u0, v, b0);
                v = TSimd.Load(q + TSimd.Lanes);
                a1 = TSimd.Fma(w0, v, a1);
                b1 = TSimd.Fma(u0, v, b1);
                a0 = TSimd.Fma(w1, v, a0);
                b0 = TSimd.Fma(u1, v, b0);
                v = TSimd.Load(q + 2 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v, a2);
                b2 = TSimd.Fma(u0, v, b2);
                a1 = TSimd.Fma(w1, v, a1);
                b1 = TSimd.Fma(u1, v, b1);
                a0 = TSimd.Fma(w2, v, a0);
                b0 = TSimd.Fma(u2, v, b0);
                v = TSimd.Load(q + 3 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v, a3);
                b3 = TSimd.Fma(u0, v, b3);
                a2 = TSimd.Fma(w1, v, a2);
                b2 = TSimd.Fma(u1, v, b2);
                a1 = TSimd.Fma(w2, v, a1);
                b1 = TSimd.Fma(u2, v, b1);
                v = TSimd.Load(q + 4 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                v = TSimd.Load(q + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
            }

            float* next = y + t->YBlockStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), next);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), next + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), next + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), next + 3 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PairRow5Four<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, blockStep = t->BlockStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector even = TSimd.Load(t->Bias), odd = TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = even, a1 = even, a2 = even, a3 = even;
            TVector b0 = odd, b1 = odd, b2 = odd, b3 = odd;
            float* p = x, w = t->W;
            for (int rows = t->Rows; rows > 0; rows--, p += rowStep, w += 20 * TSimd.Lanes)
            {
                float* q = p + blockStep;
                TVector w0 = TSimd.Load(w), u0 = TSimd.Load(w + TSimd.Lanes);
                TVector w1 = TSimd.Load(w + 4 * TSimd.Lanes), u1 = TSimd.Load(w + 5 * TSimd.Lanes);
                TVector w2 = TSimd.Load(w + 8 * TSimd.Lanes), u2 = TSimd.Load(w + 9 * TSimd.Lanes);
                TVector w3 = TSimd.Load(w + 12 * TSimd.Lanes), u3 = TSimd.Load(w + 13 * TSimd.Lanes);
                TVector w4 = TSimd.Load(w + 16 * TSimd.Lanes), u4 = TSimd.Load(w + 17 * TSimd.Lanes);
                TVector v;
                v = TSimd.Load(p);
                a0 = TSimd.Fma(w0, v, a0);
                b0 = TSimd.Fma(u0, v, b0);
                v = TSimd.Load(p + TSimd.Lanes);
                a1 = TSimd.Fma(w0, v, a1);
                b1 = TSimd.Fma(u0, v, b1);
                a0 = TSimd.Fma(w1, v, a0);
                b0 = TSimd.Fma(u1, v, b0);
                v = TSimd.Load(p + 2 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v, a2);
                b2 = TSimd.Fma(u0, v, b2);
                a1 = TSimd.Fma(w1, v, a1);
                b1 = TSimd.Fma(u1, v, b1);
                a0 = TSimd.Fma(w2, v, a0);
                b0 = TSimd.Fma(u2, v, b0);
                v = TSimd.Load(p + 3 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v, a3);
                b3 = TSimd.Fma(u0, v, b3);
                a2 = TSimd.Fma(w1, v, a2);
                b2 = TSimd.Fma(u1, v, b2);
                a1 = TSimd.Fma(w2, v, a1);
                b1 = TSimd.Fma(u2, v, b1);
                a0 = TSimd.Fma(w3, v, a0);
                b0 = TSimd.Fma(u3, v, b0);
                v = TSimd.Load(p + 4 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                a1 = TSimd.Fma(w3, v, a1);
                b1 = TSimd.Fma(u3, v, b1);
                a0 = TSimd.Fma(w4, v, a0);
                b0 = TSimd.Fma(u4, v, b0);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                a2 = TSimd.Fma(w3, v, a2);
                b2 = TSimd.Fma(u3, v, b2);
                a1 = TSimd.Fma(w4, v, a1);
                b1 = TSimd.Fma(u4, v, b1);
                v = TSimd.Load(p + 6 * TSimd.Lanes);
                a3 = TSimd.Fma(w3, v, a3);
                b3 = TSimd.Fma(u3, v, b3);
                a2 = TSimd.Fma(w4, v, a2);
                b2 = TSimd.Fma(u4, v, b2);
                v = TSimd.Load(p + 7 * TSimd.Lanes);
                a3 = TSimd.Fma(w4, v, a3);
                b3 = TSimd.Fma(u4, v, b3);

                w0 = TSimd.Load(w + 2 * TSimd.Lanes);
                w1 = TSimd.Load(w + 6 * TSimd.Lanes);
                w2 = TSimd.Load(w + 10 * TSimd.Lanes);
                w3 = TSimd.Load(w + 14 * TSimd.Lanes);
                w4 = TSimd.Load(w + 18 * TSimd.Lanes);
                u0 = TSimd.Load(w + 3 * TSimd.Lanes);
                u1 = TSimd.Load(w + 7 * TSimd.Lanes);
                u2 = TSimd.Load(w + 11 * TSimd.Lanes);
                u3 = TSimd.Load(w + 15 * TSimd.Lanes);
                u4 = TSimd.Load(w + 19 * TSimd.Lanes);
                v = TSimd.Load(q);
                a0 = TSimd.Fma(w0, v, a0);
                b0 = TSimd.Fma(u0, v, b0);
                v = TSimd.Load(q + TSimd.Lanes);
                a1 = TSimd.Fma(w0, v, a1);
                b1 = TSimd.Fma(u0, v, b1);
                a0 = TSimd.Fma(w1, v, a0);
                b0 = TSimd.Fma(u1, v, b0);
                v = TSimd.Load(q + 2 * TSimd.Lanes);
                a2 = TSimd.Fma(w0, v, a2);
                b2 = TSimd.Fma(u0, v, b2);
                a1 = TSimd.Fma(w1, v, a1);
                b1 = TSimd.Fma(u1, v, b1);
                a0 = TSimd.Fma(w2, v, a0);
                b0 = TSimd.Fma(u2, v, b0);
                v = TSimd.Load(q + 3 * TSimd.Lanes);
                a3 = TSimd.Fma(w0, v, a3);
                b3 = TSimd.Fma(u0, v, b3);
                a2 = TSimd.Fma(w1, v, a2);
                b2 = TSimd.Fma(u1, v, b2);
                a1 = TSimd.Fma(w2, v, a1);
                b1 = TSimd.Fma(u2, v, b1);
                a0 = TSimd.Fma(w3, v, a0);
                b0 = TSimd.Fma(u3, v, b0);
                v = TSimd.Load(q + 4 * TSimd.Lanes);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                a1 = TSimd.Fma(w3, v, a1);
                b1 = TSimd.Fma(u3, v, b1);
                a0 = TSimd.Fma(w4, v, a0);
                b0 = TSimd.Fma(u4, v, b0);
                v = TSimd.Load(q + 5 * TSimd.Lanes);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                a2 = TSimd.Fma(w3, v, a2);
                b2 = TSimd.Fma(u3, v, b2);
                a1 = TSimd.Fma(w4, v, a1);
                b1 = TSimd.Fma(u4, v, b1);
                v = TSimd.Load(q + 6 * TSimd.Lanes);
                a3 = TSimd.Fma(w3, v, a3);
                b3 = TSimd.Fma(u3, v, b3);
                a2 = TSimd.Fma(w4, v, a2);
                b2 = TSimd.Fma(u4, v, b2);
                v = TSimd.Load(q + 7 * TSimd.Lanes);
                a3 = TSimd.Fma(w4, v, a3);
                b3 = TSimd.Fma(u4, v, b3);
            }

            float* next = y + t->YBlockStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), next);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), next + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), next + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), next + 3 * TSimd.Lanes);
        }
    }
}
