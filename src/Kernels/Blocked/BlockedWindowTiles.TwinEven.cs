using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Tiles of both column phases of an input's gradient with stride 2, where the first column reads the
/// even taps.</content>
internal static unsafe partial class BlockedWindowTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwinEven<TSimd, TVector, TPixel, TColumns>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPixel : struct, IPixel
        where TColumns : struct, ICount
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, weightStep = t->WeightStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13;
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = a8 = a9 = a10 = a11 = a12 = a13 = TSimd.Load(t->Bias);
            if (TPixel.IsSwapped)
            {
                a0 = TSimd.Load(y);
                if (TColumns.Value >= 2)
                {
                    a1 = TSimd.Load(y + TSimd.Lanes);
                }
                if (TColumns.Value >= 4)
                {
                    a2 = TSimd.Load(y + 2 * TSimd.Lanes);
                    a3 = TSimd.Load(y + 3 * TSimd.Lanes);
                }
                if (TColumns.Value >= 8)
                {
                    a4 = TSimd.Load(y + 4 * TSimd.Lanes);
                    a5 = TSimd.Load(y + 5 * TSimd.Lanes);
                    a6 = TSimd.Load(y + 6 * TSimd.Lanes);
                    a7 = TSimd.Load(y + 7 * TSimd.Lanes);
                }
                if (TColumns.Value >= 14)
                {
                    a8 = TSimd.Load(y + 8 * TSimd.Lanes);
                    a9 = TSimd.Load(y + 9 * TSimd.Lanes);
                    a10 = TSimd.Load(y + 10 * TSimd.Lanes);
                    a11 = TSimd.Load(y + 11 * TSimd.Lanes);
                    a12 = TSimd.Load(y + 12 * TSimd.Lanes);
                    a13 = TSimd.Load(y + 13 * TSimd.Lanes);
                }
            }

            float* block = x, weights = t->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = t->Rows; rows > 0; rows--)
                {
                    float* p = row, w = rowWeights;
                    int taps = t->Taps;
                    for (; taps == 4 || taps >= 6; taps -= 4)
                    {
                        TVector w0 = TSimd.Load(w);
                        TVector w1 = TSimd.Load(w + weightStep);
                        TVector w2 = TSimd.Load(w + 2 * weightStep);
                        TVector w3 = TSimd.Load(w + 3 * weightStep);
                        TVector v;
                        v = TPixel.Load<TSimd, TVector>(p - TSimd.Lanes);
                        a0 = TSimd.Fma(w2, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w3, v, a1);
                        }
                        v = TPixel.Load<TSimd, TVector>(p);
                        a0 = TSimd.Fma(w0, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w1, v, a1);
                        }
                        if (TColumns.Value >= 4)
                        {
                            a2 = TSimd.Fma(w2, v, a2);
                            a3 = TSimd.Fma(w3, v, a3);
                            v = TPixel.Load<TSimd, TVector>(p + TSimd.Lanes);
                            a2 = TSimd.Fma(w0, v, a2);
                            a3 = TSimd.Fma(w1, v, a3);
                        }
                        if (TColumns.Value >= 8)
                        {
                            a4 = TSimd.Fma(w2, v, a4);
                            a5 = TSimd.Fma(w3, v, a5);
                            v = TPixel.Load<TSimd, TVector>(p + 2 * TSimd.Lanes);
                            a4 = TSimd.Fma(w0, v, a4);
                            a5 = TSimd.Fma(w1, v, a5);
                            a6 = TSimd.Fma(w2, v, a6);
                            a7 = TSimd.Fma(w3, v, a7);
                            v = TPixel.Load<TSimd, TVector>(p + 3 * TSimd.Lanes);
                            a6 = TSimd.Fma(w0, v, a6);
                            a7 = TSimd.Fma(w1, v, a7);
                        }
                        if (TColumns.Value >= 14)
                        {
                            a8 = TSimd.Fma(w2, v, a8);
                            a9 = TSimd.Fma(w3, v, a9);
                            v = TPixel.Load<TSimd, TVector>(p + 4 * TSimd.Lanes);
                            a8 = TSimd.Fma(w0, v, a8);
                            a9 = TSimd.Fma(w1, v, a9);
                            a10 = TSimd.Fma(w2, v, a10);
                            a11 = TSimd.Fma(w3, v, a11);
                            v = TPixel.Load<TSimd, TVector>(p + 5 * TSimd.Lanes);
                            a10 = TSimd.Fma(w0, v, a10);
                            a11 = TSimd.Fma(w1, v, a11);
                            a12 = TSimd.Fma(w2, v, a12);
                            a13 = TSimd.Fma(w3, v, a13);
                            v = TPixel.Load<TSimd, TVector>(p + 6 * TSimd.Lanes);
                            a12 = TSimd.Fma(w0, v, a12);
                            a13 = TSimd.Fma(w1, v, a13);
                        }
                        p -= 2 * TSimd.Lanes;
                        w += 4 * weightStep;
                    }

                    if (taps == 3)
                    {
                        TVector w0 = TSimd.Load(w);
                        TVector w1 = TSimd.Load(w + weightStep);
                        TVector w2 = TSimd.Load(w + 2 * weightStep);
                        TVector v;
                        v = TPixel.Load<TSimd, TVector>(p - TSimd.Lanes);
                        a0 = TSimd.Fma(w2, v, a0);
                        v = TPixel.Load<TSimd, TVector>(p);
                        a0 = TSimd.Fma(w0, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w1, v, a1);
                        }
                        if (TColumns.Value >= 4)
                        {
                            a2 = TSimd.Fma(w2, v, a2);
                            v = TPixel.Load<TSimd, TVector>(p + TSimd.Lanes);
                            a2 = TSimd.Fma(w0, v, a2);
                            a3 = TSimd.Fma(w1, v, a3);
                        }
                        if (TColumns.Value >= 8)
                        {
                            a4 = TSimd.Fma(w2, v, a4);
                            v = TPixel.Load<TSimd, TVector>(p + 2 * TSimd.Lanes);
                            a4 = TSimd.Fma(w0, v, a4);
                            a5 = TSimd.Fma(w1, v, a5);
                            a6 = TSimd.Fma(w2, v, a6);
                            v = TPixel.Load<TSimd, TVector>(p + 3 * TSimd.Lanes);
                            a6 = TSimd.Fma(w0, v, a6);
                            a7 = TSimd.Fma(w1, v, a7);
                        }
                        if (TColumns.Value >= 14)
                        {
                            a8 = TSimd.Fma(w2, v, a8);
                            v = TPixel.Load<TSimd, TVector>(p + 4 * TSimd.Lanes);
                            a8 = TSimd.Fma(w0, v, a8);
                            a9 = TSimd.Fma(w1, v, a9);
                            a10 = TSimd.Fma(w2, v, a10);
                            v = TPixel.Load<TSimd, TVector>(p + 5 * TSimd.Lanes);
                            a10 = TSimd.Fma(w0, v, a10);
                            a11 = TSimd.Fma(w1, v, a11);
                            a12 = TSimd.Fma(w2, v, a12);
                            v = TPixel.Load<TSimd, TVector>(p + 6 * TSimd.Lanes);
                            a12 = TSimd.Fma(w0, v, a12);
                            a13 = TSimd.Fma(w1, v, a13);
                        }
                    }
                    else if (taps == 5)
                    {
                        TVector w0 = TSimd.Load(w);
                        TVector w1 = TSimd.Load(w + weightStep);
                        TVector w2 = TSimd.Load(w + 2 * weightStep);
                        TVector w3 = TSimd.Load(w + 3 * weightStep);
                        TVector w4 = TSimd.Load(w + 4 * weightStep);
                        TVector v;
                        v = TPixel.Load<TSimd, TVector>(p - 2 * TSimd.Lanes);
                        a0 = TSimd.Fma(w4, v, a0);
                        v = TPixel.Load<TSimd, TVector>(p - TSimd.Lanes);
                        a0 = TSimd.Fma(w2, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w3, v, a1);
                        }
                        if (TColumns.Value >= 4)
                        {
                            a2 = TSimd.Fma(w4, v, a2);
                        }
                        v = TPixel.Load<TSimd, TVector>(p);
                        a0 = TSimd.Fma(w0, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w1, v, a1);
                        }
                        if (TColumns.Value >= 4)
                        {
                            a2 = TSimd.Fma(w2, v, a2);
                            a3 = TSimd.Fma(w3, v, a3);
                        }
                        if (TColumns.Value >= 8)
                        {
                            a4 = TSimd.Fma(w4, v, a4);
                        }
                        if (TColumns.Value >= 4)
                        {
                            v = TPixel.Load<TSimd, TVector>(p + TSimd.Lanes);
                            a2 = TSimd.Fma(w0, v, a2);
                            a3 = TSimd.Fma(w1, v, a3);
                        }
                        if (TColumns.Value >= 8)
                        {
                            a4 = TSimd.Fma(w2, v, a4);
                            a5 = TSimd.Fma(w3, v, a5);
                            a6 = TSimd.Fma(w4, v, a6);
                            v = TPixel.Load<TSimd, TVector>(p + 2 * TSimd.Lanes);
                            a4 = TSimd.Fma(w0, v, a4);
                            a5 = TSimd.Fma(w1, v, a5);
                            a6 = TSimd.Fma(w2, v, a6);
                            a7 = TSimd.Fma(w3, v, a7);
                        }
                        if (TColumns.Value >= 14)
                        {
                            a8 = TSimd.Fma(w4, v, a8);
                        }
                        if (TColumns.Value >= 8)
                        {
                            v = TPixel.Load<TSimd, TVector>(p + 3 * TSimd.Lanes);
                            a6 = TSimd.Fma(w0, v, a6);
                            a7 = TSimd.Fma(w1, v, a7);
                        }
                        if (TColumns.Value >= 14)
                        {
                            a8 = TSimd.Fma(w2, v, a8);
                            a9 = TSimd.Fma(w3, v, a9);
                            a10 = TSimd.Fma(w4, v, a10);
                            v = TPixel.Load<TSimd, TVector>(p + 4 * TSimd.Lanes);
                            a8 = TSimd.Fma(w0, v, a8);
                            a9 = TSimd.Fma(w1, v, a9);
                            a10 = TSimd.Fma(w2, v, a10);
                            a11 = TSimd.Fma(w3, v, a11);
                            a12 = TSimd.Fma(w4, v, a12);
                            v = TPixel.Load<TSimd, TVector>(p + 5 * TSimd.Lanes);
                            a10 = TSimd.Fma(w0, v, a10);
                            a11 = TSimd.Fma(w1, v, a11);
                            a12 = TSimd.Fma(w2, v, a12);
                            a13 = TSimd.Fma(w3, v, a13);
                            v = TPixel.Load<TSimd, TVector>(p + 6 * TSimd.Lanes);
                            a12 = TSimd.Fma(w0, v, a12);
                            a13 = TSimd.Fma(w1, v, a13);
                        }
                    }
                    else if (taps == 2)
                    {
                        TVector w0 = TSimd.Load(w);
                        TVector w1 = TSimd.Load(w + weightStep);
                        TVector v;
                        v = TPixel.Load<TSimd, TVector>(p);
                        a0 = TSimd.Fma(w0, v, a0);
                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w1, v, a1);
                        }
                        if (TColumns.Value >= 4)
                        {
                            v = TPixel.Load<TSimd, TVector>(p + TSimd.Lanes);
                            a2 = TSimd.Fma(w0, v, a2);
                            a3 = TSimd.Fma(w1, v, a3);
                        }
                        if (TColumns.Value >= 8)
                        {
                            v = TPixel.Load<TSimd, TVector>(p + 2 * TSimd.Lanes);
                            a4 = TSimd.Fma(w0, v, a4);
                            a5 = TSimd.Fma(w1, v, a5);
                            v = TPixel.Load<TSimd, TVector>(p + 3 * TSimd.Lanes);
                            a6 = TSimd.Fma(w0, v, a6);
                            a7 = TSimd.Fma(w1, v, a7);
                        }
                        if (TColumns.Value >= 14)
                        {
                            v = TPixel.Load<TSimd, TVector>(p + 4 * TSimd.Lanes);
                            a8 = TSimd.Fma(w0, v, a8);
                            a9 = TSimd.Fma(w1, v, a9);
                            v = TPixel.Load<TSimd, TVector>(p + 5 * TSimd.Lanes);
                            a10 = TSimd.Fma(w0, v, a10);
                            a11 = TSimd.Fma(w1, v, a11);
                            v = TPixel.Load<TSimd, TVector>(p + 6 * TSimd.Lanes);
                            a12 = TSimd.Fma(w0, v, a12);
                            a13 = TSimd.Fma(w1, v, a13);
                        }
                    }

                    row += rowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
            }

            TSimd.Store(a0, y);
            if (TColumns.Value >= 2)
            {
                TSimd.Store(a1, y + TSimd.Lanes);
            }
            if (TColumns.Value >= 4)
            {
                TSimd.Store(a2, y + 2 * TSimd.Lanes);
                TSimd.Store(a3, y + 3 * TSimd.Lanes);
            }
            if (TColumns.Value >= 8)
            {
                TSimd.Store(a4, y + 4 * TSimd.Lanes);
                TSimd.Store(a5, y + 5 * TSimd.Lanes);
                TSimd.Store(a6, y + 6 * TSimd.Lanes);
                TSimd.Store(a7, y + 7 * TSimd.Lanes);
            }
            if (TColumns.Value >= 14)
            {
                TSimd.Store(a8, y + 8 * TSimd.Lanes);
                TSimd.Store(a9, y + 9 * TSimd.Lanes);
                TSimd.Store(a10, y + 10 * TSimd.Lanes);
                TSimd.Store(a11, y + 11 * TSimd.Lanes);
                TSimd.Store(a12, y + 12 * TSimd.Lanes);
                TSimd.Store(a13, y + 13 * TSimd.Lanes);
            }
        }
    }
}
