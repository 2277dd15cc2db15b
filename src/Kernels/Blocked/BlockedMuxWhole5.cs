using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>5×5 taps a column apart: a vector of x is loaded once for five columns.</summary>
internal readonly unsafe struct BlockedMuxWhole5 : IBlockedMuxTile
{
    public static int Widest => 14;

    public static bool EvenOnly => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TCount, TFunction>(BlockedMuxWork* work, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TStep.Value * TSimd.Lanes;
        float* w = work->W;
        TVector b = TSimd.Load(work->Bias);
        TVector y0 = b, y1 = b, y2 = b, y3 = b, y4 = b, y5 = b, y6 = b,
            y7 = b, y8 = b, y9 = b, y10 = b, y11 = b, y12 = b, y13 = b;
        float* p = x - 2 * (work->RowStride + step);
        for (int kh = 0; kh < 5; kh++, w += 5 * TSimd.Lanes, p += work->RowStride)
        {
            TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes), w2 = TSimd.Load(w + 2 * TSimd.Lanes);
            TVector w3 = TSimd.Load(w + 3 * TSimd.Lanes), w4 = TSimd.Load(w + 4 * TSimd.Lanes);
            TVector x0 = TSimd.Load(p);
            y0 = TSimd.Fma(w0, x0, y0);
            TVector x1 = TSimd.Load(p + step);
            y0 = TSimd.Fma(w1, x1, y0);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w0, x1, y1);
            }

            x0 = TSimd.Load(p + 2 * step);
            y0 = TSimd.Fma(w2, x0, y0);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w1, x0, y1);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w0, x0, y2);
            }

            x1 = TSimd.Load(p + 3 * step);
            y0 = TSimd.Fma(w3, x1, y0);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w2, x1, y1);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w1, x1, y2);
                y3 = TSimd.Fma(w0, x1, y3);
            }

            x0 = TSimd.Load(p + 4 * step);
            y0 = TSimd.Fma(w4, x0, y0);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w3, x0, y1);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w2, x0, y2);
                y3 = TSimd.Fma(w1, x0, y3);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w0, x0, y4);
            }

            if (TCount.Value >= 2)
            {
                x1 = TSimd.Load(p + 5 * step);
                y1 = TSimd.Fma(w4, x1, y1);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w3, x1, y2);
                y3 = TSimd.Fma(w2, x1, y3);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w1, x1, y4);
                y5 = TSimd.Fma(w0, x1, y5);
            }

            if (TCount.Value >= 4)
            {
                x0 = TSimd.Load(p + 6 * step);
                y2 = TSimd.Fma(w4, x0, y2);
                y3 = TSimd.Fma(w3, x0, y3);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w2, x0, y4);
                y5 = TSimd.Fma(w1, x0, y5);
                y6 = TSimd.Fma(w0, x0, y6);
            }

            if (TCount.Value >= 4)
            {
                x1 = TSimd.Load(p + 7 * step);
                y3 = TSimd.Fma(w4, x1, y3);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w3, x1, y4);
                y5 = TSimd.Fma(w2, x1, y5);
                y6 = TSimd.Fma(w1, x1, y6);
            }

            if (TCount.Value >= 8)
            {
                y7 = TSimd.Fma(w0, x1, y7);
            }

            if (TCount.Value >= 7)
            {
                x0 = TSimd.Load(p + 8 * step);
                y4 = TSimd.Fma(w4, x0, y4);
                y5 = TSimd.Fma(w3, x0, y5);
                y6 = TSimd.Fma(w2, x0, y6);
            }

            if (TCount.Value >= 8)
            {
                y7 = TSimd.Fma(w1, x0, y7);
            }

            if (TCount.Value >= 14)
            {
                y8 = TSimd.Fma(w0, x0, y8);
            }

            if (TCount.Value >= 7)
            {
                x1 = TSimd.Load(p + 9 * step);
                y5 = TSimd.Fma(w4, x1, y5);
                y6 = TSimd.Fma(w3, x1, y6);
            }

            if (TCount.Value >= 8)
            {
                y7 = TSimd.Fma(w2, x1, y7);
            }

            if (TCount.Value >= 14)
            {
                y8 = TSimd.Fma(w1, x1, y8);
                y9 = TSimd.Fma(w0, x1, y9);
            }

            if (TCount.Value >= 7)
            {
                x0 = TSimd.Load(p + 10 * step);
                y6 = TSimd.Fma(w4, x0, y6);
            }

            if (TCount.Value >= 8)
            {
                y7 = TSimd.Fma(w3, x0, y7);
            }

            if (TCount.Value >= 14)
            {
                y8 = TSimd.Fma(w2, x0, y8);
                y9 = TSimd.Fma(w1, x0, y9);
                y10 = TSimd.Fma(w0, x0, y10);
            }

            if (TCount.Value >= 8)
            {
                x1 = TSimd.Load(p + 11 * step);
                y7 = TSimd.Fma(w4, x1, y7);
            }

            if (TCount.Value >= 14)
            {
                y8 = TSimd.Fma(w3, x1, y8);
                y9 = TSimd.Fma(w2, x1, y9);
                y10 = TSimd.Fma(w1, x1, y10);
                y11 = TSimd.Fma(w0, x1, y11);
                x0 = TSimd.Load(p + 12 * step);
                y8 = TSimd.Fma(w4, x0, y8);
                y9 = TSimd.Fma(w3, x0, y9);
                y10 = TSimd.Fma(w2, x0, y10);
                y11 = TSimd.Fma(w1, x0, y11);
                y12 = TSimd.Fma(w0, x0, y12);
                x1 = TSimd.Load(p + 13 * step);
                y9 = TSimd.Fma(w4, x1, y9);
                y10 = TSimd.Fma(w3, x1, y10);
                y11 = TSimd.Fma(w2, x1, y11);
                y12 = TSimd.Fma(w1, x1, y12);
                y13 = TSimd.Fma(w0, x1, y13);
                x0 = TSimd.Load(p + 14 * step);
                y10 = TSimd.Fma(w4, x0, y10);
                y11 = TSimd.Fma(w3, x0, y11);
                y12 = TSimd.Fma(w2, x0, y12);
                y13 = TSimd.Fma(w1, x0, y13);
                x1 = TSimd.Load(p + 15 * step);
                y11 = TSimd.Fma(w4, x1, y11);
                y12 = TSimd.Fma(w3, x1, y12);
                y13 = TSimd.Fma(w2, x1, y13);
                x0 = TSimd.Load(p + 16 * step);
                y12 = TSimd.Fma(w4, x0, y12);
                y13 = TSimd.Fma(w3, x0, y13);
                x1 = TSimd.Load(p + 17 * step);
                y13 = TSimd.Fma(w4, x1, y13);
            }
        }

        y0 = TFunction.Value<TSimd, TVector>(y0);
        TSimd.Store(y0, y);

        if (TCount.Value >= 2)
        {
            y1 = TFunction.Value<TSimd, TVector>(y1);
            TSimd.Store(y1, y + step);
        }

        if (TCount.Value >= 4)
        {
            y2 = TFunction.Value<TSimd, TVector>(y2);
            TSimd.Store(y2, y + 2 * step);
            y3 = TFunction.Value<TSimd, TVector>(y3);
            TSimd.Store(y3, y + 3 * step);
        }

        if (TCount.Value >= 7)
        {
            y4 = TFunction.Value<TSimd, TVector>(y4);
            TSimd.Store(y4, y + 4 * step);
            y5 = TFunction.Value<TSimd, TVector>(y5);
            TSimd.Store(y5, y + 5 * step);
            y6 = TFunction.Value<TSimd, TVector>(y6);
            TSimd.Store(y6, y + 6 * step);
        }

        if (TCount.Value >= 8)
        {
            y7 = TFunction.Value<TSimd, TVector>(y7);
            TSimd.Store(y7, y + 7 * step);
        }

        if (TCount.Value >= 14)
        {
            y8 = TFunction.Value<TSimd, TVector>(y8);
            TSimd.Store(y8, y + 8 * step);
            y9 = TFunction.Value<TSimd, TVector>(y9);
            TSimd.Store(y9, y + 9 * step);
            y10 = TFunction.Value<TSimd, TVector>(y10);
            TSimd.Store(y10, y + 10 * step);
            y11 = TFunction.Value<TSimd, TVector>(y11);
            TSimd.Store(y11, y + 11 * step);
            y12 = TFunction.Value<TSimd, TVector>(y12);
            TSimd.Store(y12, y + 12 * step);
            y13 = TFunction.Value<TSimd, TVector>(y13);
            TSimd.Store(y13, y + 13 * step);
        }

        if (work->Sums is not null)
        {
            TVector sum0 = y0, sum1 = TSimd.Zero;
            if (TCount.Value >= 2)
            {
                sum1 = TSimd.Add(sum1, y1);
            }

            if (TCount.Value >= 4)
            {
                sum0 = TSimd.Add(sum0, y2);
                sum1 = TSimd.Add(sum1, y3);
            }

            if (TCount.Value >= 7)
            {
                sum0 = TSimd.Add(sum0, y4);
                sum1 = TSimd.Add(sum1, y5);
                sum0 = TSimd.Add(sum0, y6);
            }

            if (TCount.Value >= 8)
            {
                sum1 = TSimd.Add(sum1, y7);
            }

            if (TCount.Value >= 14)
            {
                sum0 = TSimd.Add(sum0, y8);
                sum1 = TSimd.Add(sum1, y9);
                sum0 = TSimd.Add(sum0, y10);
                sum1 = TSimd.Add(sum1, y11);
                sum0 = TSimd.Add(sum0, y12);
                sum1 = TSimd.Add(sum1, y13);
            }

            sum0 = TSimd.Add(sum0, sum1);
            TSimd.Store(TSimd.Add(TSimd.Load(work->Sums), sum0), work->Sums);
        }
    }
}
