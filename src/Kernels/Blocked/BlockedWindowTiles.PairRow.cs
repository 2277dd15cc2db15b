using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in two blocks, 3×3 and 5×5 kernels with stride 1: the weights of a whole kernel row
/// from one input block stand in registers, each pixel that is loaded feeds all the sums that it reaches. Register
/// budget: 14 sums, ten weights, a pixel.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels of both output blocks.</summary>
    /// <param name="tile">The rows; X and Y are those of the first pixel; taps and pixels a vector apart.</param>
    /// <param name="columns">Output pixels of a row.</param>
    /// <returns>Whether there is a tile for such rows.</returns>
    public static bool PairRow<TSimd, TVector, TFunction>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        int width = columns % 7 == 0 ? 7 : columns % 8 == 0 ? 8 : columns == 4 ? 4 : 0;
        if (TSimd.Lanes < 16 || tile->Taps is not (3 or 5) || width == 0)
        {
            return false;
        }

        float* x = tile->X, y = tile->Y;
        for (; columns > 0; columns -= width, x += width * TSimd.Lanes, y += width * TSimd.Lanes)
        {
            switch (tile->Taps * 10 + width)
            {
                case 38:
                    PairRow3Eight<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 37:
                    PairRow3<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 34:
                    PairRow3Four<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 58:
                    PairRow5Eight<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                case 57:
                    PairRow5<TSimd, TVector, TFunction>(tile, x, y);
                    break;
                default:
                    PairRow5Four<TSimd, TVector, TFunction>(tile, x, y);
                    break;
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PairRow3<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, blockStep = t->BlockStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector even = TSimd.Load(t->Bias), odd = TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = even, a1 = even, a2 = even, a3 = even, a4 = even, a5 = even, a6 = even;
            TVector b0 = odd, b1 = odd, b2 = odd, b3 = odd, b4 = odd, b5 = odd, b6 = odd;
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
                a4 = TSimd.Fma(w0, v, a4);
                b4 = TSimd.Fma(u0, v, b4);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v, a5);
                b5 = TSimd.Fma(u0, v, b5);
                a4 = TSimd.Fma(w1, v, a4);
                b4 = TSimd.Fma(u1, v, b4);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                v = TSimd.Load(p + 6 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v, a6);
                b6 = TSimd.Fma(u0, v, b6);
                a5 = TSimd.Fma(w1, v, a5);
                b5 = TSimd.Fma(u1, v, b5);
                a4 = TSimd.Fma(w2, v, a4);
                b4 = TSimd.Fma(u2, v, b4);
                v = TSimd.Load(p + 7 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v, a6);
                b6 = TSimd.Fma(u1, v, b6);
                a5 = TSimd.Fma(w2, v, a5);
                b5 = TSimd.Fma(u2, v, b5);
                v = TSimd.Load(p + 8 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v, a6);
                b6 = TSimd.Fma(u2, v, b6);

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
                a4 = TSimd.Fma(w0, v, a4);
                b4 = TSimd.Fma(u0, v, b4);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                v = TSimd.Load(q + 5 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v, a5);
                b5 = TSimd.Fma(u0, v, b5);
                a4 = TSimd.Fma(w1, v, a4);
                b4 = TSimd.Fma(u1, v, b4);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                v = TSimd.Load(q + 6 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v, a6);
                b6 = TSimd.Fma(u0, v, b6);
                a5 = TSimd.Fma(w1, v, a5);
                b5 = TSimd.Fma(u1, v, b5);
                a4 = TSimd.Fma(w2, v, a4);
                b4 = TSimd.Fma(u2, v, b4);
                v = TSimd.Load(q + 7 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v, a6);
                b6 = TSimd.Fma(u1, v, b6);
                a5 = TSimd.Fma(w2, v, a5);
                b5 = TSimd.Fma(u2, v, b5);
                v = TSimd.Load(q + 8 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v, a6);
                b6 = TSimd.Fma(u2, v, b6);
            }

            float* next = y + t->YBlockStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), next);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), next + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), next + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), next + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), next + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), next + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), next + 6 * TSimd.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PairRow5<TSimd, TVector, TFunction>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, blockStep = t->BlockStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector even = TSimd.Load(t->Bias), odd = TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = even, a1 = even, a2 = even, a3 = even, a4 = even, a5 = even, a6 = even;
            TVector b0 = odd, b1 = odd, b2 = odd, b3 = odd, b4 = odd, b5 = odd, b6 = odd;
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
                a4 = TSimd.Fma(w0, v, a4);
                b4 = TSimd.Fma(u0, v, b4);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                a1 = TSimd.Fma(w3, v, a1);
                b1 = TSimd.Fma(u3, v, b1);
                a0 = TSimd.Fma(w4, v, a0);
                b0 = TSimd.Fma(u4, v, b0);
                v = TSimd.Load(p + 5 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v, a5);
                b5 = TSimd.Fma(u0, v, b5);
                a4 = TSimd.Fma(w1, v, a4);
                b4 = TSimd.Fma(u1, v, b4);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                a2 = TSimd.Fma(w3, v, a2);
                b2 = TSimd.Fma(u3, v, b2);
                a1 = TSimd.Fma(w4, v, a1);
                b1 = TSimd.Fma(u4, v, b1);
                v = TSimd.Load(p + 6 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v, a6);
                b6 = TSimd.Fma(u0, v, b6);
                a5 = TSimd.Fma(w1, v, a5);
                b5 = TSimd.Fma(u1, v, b5);
                a4 = TSimd.Fma(w2, v, a4);
                b4 = TSimd.Fma(u2, v, b4);
                a3 = TSimd.Fma(w3, v, a3);
                b3 = TSimd.Fma(u3, v, b3);
                a2 = TSimd.Fma(w4, v, a2);
                b2 = TSimd.Fma(u4, v, b2);
                v = TSimd.Load(p + 7 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v, a6);
                b6 = TSimd.Fma(u1, v, b6);
                a5 = TSimd.Fma(w2, v, a5);
                b5 = TSimd.Fma(u2, v, b5);
                a4 = TSimd.Fma(w3, v, a4);
                b4 = TSimd.Fma(u3, v, b4);
                a3 = TSimd.Fma(w4, v, a3);
                b3 = TSimd.Fma(u4, v, b3);
                v = TSimd.Load(p + 8 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v, a6);
                b6 = TSimd.Fma(u2, v, b6);
                a5 = TSimd.Fma(w3, v, a5);
                b5 = TSimd.Fma(u3, v, b5);
                a4 = TSimd.Fma(w4, v, a4);
                b4 = TSimd.Fma(u4, v, b4);
                v = TSimd.Load(p + 9 * TSimd.Lanes);
                a6 = TSimd.Fma(w3, v, a6);
                b6 = TSimd.Fma(u3, v, b6);
                a5 = TSimd.Fma(w4, v, a5);
                b5 = TSimd.Fma(u4, v, b5);
                v = TSimd.Load(p + 10 * TSimd.Lanes);
                a6 = TSimd.Fma(w4, v, a6);
                b6 = TSimd.Fma(u4, v, b6);

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
                a4 = TSimd.Fma(w0, v, a4);
                b4 = TSimd.Fma(u0, v, b4);
                a3 = TSimd.Fma(w1, v, a3);
                b3 = TSimd.Fma(u1, v, b3);
                a2 = TSimd.Fma(w2, v, a2);
                b2 = TSimd.Fma(u2, v, b2);
                a1 = TSimd.Fma(w3, v, a1);
                b1 = TSimd.Fma(u3, v, b1);
                a0 = TSimd.Fma(w4, v, a0);
                b0 = TSimd.Fma(u4, v, b0);
                v = TSimd.Load(q + 5 * TSimd.Lanes);
                a5 = TSimd.Fma(w0, v, a5);
                b5 = TSimd.Fma(u0, v, b5);
                a4 = TSimd.Fma(w1, v, a4);
                b4 = TSimd.Fma(u1, v, b4);
                a3 = TSimd.Fma(w2, v, a3);
                b3 = TSimd.Fma(u2, v, b3);
                a2 = TSimd.Fma(w3, v, a2);
                b2 = TSimd.Fma(u3, v, b2);
                a1 = TSimd.Fma(w4, v, a1);
                b1 = TSimd.Fma(u4, v, b1);
                v = TSimd.Load(q + 6 * TSimd.Lanes);
                a6 = TSimd.Fma(w0, v, a6);
                b6 = TSimd.Fma(u0, v, b6);
                a5 = TSimd.Fma(w1, v, a5);
                b5 = TSimd.Fma(u1, v, b5);
                a4 = TSimd.Fma(w2, v, a4);
                b4 = TSimd.Fma(u2, v, b4);
                a3 = TSimd.Fma(w3, v, a3);
                b3 = TSimd.Fma(u3, v, b3);
                a2 = TSimd.Fma(w4, v, a2);
                b2 = TSimd.Fma(u4, v, b2);
                v = TSimd.Load(q + 7 * TSimd.Lanes);
                a6 = TSimd.Fma(w1, v, a6);
                b6 = TSimd.Fma(u1, v, b6);
                a5 = TSimd.Fma(w2, v, a5);
                b5 = TSimd.Fma(u2, v, b5);
                a4 = TSimd.Fma(w3, v, a4);
                b4 = TSimd.Fma(u3, v, b4);
                a3 = TSimd.Fma(w4, v, a3);
                b3 = TSimd.Fma(u4, v, b3);
                v = TSimd.Load(q + 8 * TSimd.Lanes);
                a6 = TSimd.Fma(w2, v, a6);
                b6 = TSimd.Fma(u2, v, b6);
                a5 = TSimd.Fma(w3, v, a5);
                b5 = TSimd.Fma(u3, v, b5);
                a4 = TSimd.Fma(w4, v, a4);
                b4 = TSimd.Fma(u4, v, b4);
                v = TSimd.Load(q + 9 * TSimd.Lanes);
                a6 = TSimd.Fma(w3, v, a6);
                b6 = TSimd.Fma(u3, v, b6);
                a5 = TSimd.Fma(w4, v, a5);
                b5 = TSimd.Fma(u4, v, b5);
                v = TSimd.Load(q + 10 * TSimd.Lanes);
                a6 = TSimd.Fma(w4, v, a6);
                b6 = TSimd.Fma(u4, v, b6);
            }

            float* next = y + t->YBlockStep;
            TSimd.Store(TFunction.Value<TSimd, TVector>(a0), y);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a1), y + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a2), y + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a3), y + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a4), y + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a5), y + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(a6), y + 6 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b0), next);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b1), next + TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b2), next + 2 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b3), next + 3 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b4), next + 4 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b5), next + 5 * TSimd.Lanes);
            TSimd.Store(TFunction.Value<TSimd, TVector>(b6), next + 6 * TSimd.Lanes);
        }
    }
}
