using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>3×3 taps of both blocks of a super-pixel pair: 4 fine rows for two.</summary>
internal readonly unsafe struct BlockedMuxPair3 : IBlockedMuxTile
{
    public static int Widest => 7;

    public static bool EvenOnly => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TSimd, TVector, TStep, TCount, TFunction>(BlockedMuxWork* work, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        nint step = TSimd.Lanes;
        float* w = work->W;
        TVector y0 = TSimd.Load(work->Bias), y7 = TSimd.Load(work->Bias + step);
        TVector y1 = y0, y2 = y0, y3 = y0, y4 = y0, y5 = y0, y6 = y0;
        TVector y8 = y7, y9 = y7, y10 = y7, y11 = y7, y12 = y7, y13 = y7;
        float* p = x + (-1 >> 1) * work->RowStride + work->BlockStride, v = w + 9 * step;
        {
            TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes), w2 = TSimd.Load(w + 2 * TSimd.Lanes);
            TVector x1 = TSimd.Load(p - step);
            TVector x0 = TSimd.Load(p);
            TVector s0 = TSimd.Adjoin(x1, x0);
            y0 = TSimd.Fma(w0, s0, y0);
            y0 = TSimd.Fma(w1, x0, y0);
            x1 = TSimd.Load(p + step);
            s0 = TSimd.Adjoin(x0, x1);
            y0 = TSimd.Fma(w2, s0, y0);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w0, s0, y1);
                y1 = TSimd.Fma(w1, x1, y1);
                x0 = TSimd.Load(p + 2 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y1 = TSimd.Fma(w2, s0, y1);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w0, s0, y2);
                y2 = TSimd.Fma(w1, x0, y2);
                x1 = TSimd.Load(p + 3 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y2 = TSimd.Fma(w2, s0, y2);
                y3 = TSimd.Fma(w0, s0, y3);
                y3 = TSimd.Fma(w1, x1, y3);
                x0 = TSimd.Load(p + 4 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y3 = TSimd.Fma(w2, s0, y3);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w0, s0, y4);
                y4 = TSimd.Fma(w1, x0, y4);
                x1 = TSimd.Load(p + 5 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y4 = TSimd.Fma(w2, s0, y4);
                y5 = TSimd.Fma(w0, s0, y5);
                y5 = TSimd.Fma(w1, x1, y5);
                x0 = TSimd.Load(p + 6 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y5 = TSimd.Fma(w2, s0, y5);
                y6 = TSimd.Fma(w0, s0, y6);
                y6 = TSimd.Fma(w1, x0, y6);
                x1 = TSimd.Load(p + 7 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y6 = TSimd.Fma(w2, s0, y6);
            }
        }

        for (int fine = 0; fine < 2; fine++)
        {
            p = x + (fine >> 1) * work->RowStride + (fine & 1) * work->BlockStride;
            w += 3 * step;
            TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes), w2 = TSimd.Load(w + 2 * TSimd.Lanes);
            TVector v0 = TSimd.Load(v), v1 = TSimd.Load(v + TSimd.Lanes), v2 = TSimd.Load(v + 2 * TSimd.Lanes);
            v += 3 * step;
            TVector x1 = TSimd.Load(p - step);
            TVector x0 = TSimd.Load(p);
            TVector s0 = TSimd.Adjoin(x1, x0);
            y0 = TSimd.Fma(w0, s0, y0);
            y7 = TSimd.Fma(v0, s0, y7);
            y0 = TSimd.Fma(w1, x0, y0);
            y7 = TSimd.Fma(v1, x0, y7);
            x1 = TSimd.Load(p + step);
            s0 = TSimd.Adjoin(x0, x1);
            y0 = TSimd.Fma(w2, s0, y0);
            y7 = TSimd.Fma(v2, s0, y7);

            if (TCount.Value >= 2)
            {
                y1 = TSimd.Fma(w0, s0, y1);
                y8 = TSimd.Fma(v0, s0, y8);
                y1 = TSimd.Fma(w1, x1, y1);
                y8 = TSimd.Fma(v1, x1, y8);
                x0 = TSimd.Load(p + 2 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y1 = TSimd.Fma(w2, s0, y1);
                y8 = TSimd.Fma(v2, s0, y8);
            }

            if (TCount.Value >= 4)
            {
                y2 = TSimd.Fma(w0, s0, y2);
                y9 = TSimd.Fma(v0, s0, y9);
                y2 = TSimd.Fma(w1, x0, y2);
                y9 = TSimd.Fma(v1, x0, y9);
                x1 = TSimd.Load(p + 3 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y2 = TSimd.Fma(w2, s0, y2);
                y9 = TSimd.Fma(v2, s0, y9);
                y3 = TSimd.Fma(w0, s0, y3);
                y10 = TSimd.Fma(v0, s0, y10);
                y3 = TSimd.Fma(w1, x1, y3);
                y10 = TSimd.Fma(v1, x1, y10);
                x0 = TSimd.Load(p + 4 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y3 = TSimd.Fma(w2, s0, y3);
                y10 = TSimd.Fma(v2, s0, y10);
            }

            if (TCount.Value >= 7)
            {
                y4 = TSimd.Fma(w0, s0, y4);
                y11 = TSimd.Fma(v0, s0, y11);
                y4 = TSimd.Fma(w1, x0, y4);
                y11 = TSimd.Fma(v1, x0, y11);
                x1 = TSimd.Load(p + 5 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y4 = TSimd.Fma(w2, s0, y4);
                y11 = TSimd.Fma(v2, s0, y11);
                y5 = TSimd.Fma(w0, s0, y5);
                y12 = TSimd.Fma(v0, s0, y12);
                y5 = TSimd.Fma(w1, x1, y5);
                y12 = TSimd.Fma(v1, x1, y12);
                x0 = TSimd.Load(p + 6 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y5 = TSimd.Fma(w2, s0, y5);
                y12 = TSimd.Fma(v2, s0, y12);
                y6 = TSimd.Fma(w0, s0, y6);
                y13 = TSimd.Fma(v0, s0, y13);
                y6 = TSimd.Fma(w1, x0, y6);
                y13 = TSimd.Fma(v1, x0, y13);
                x1 = TSimd.Load(p + 7 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y6 = TSimd.Fma(w2, s0, y6);
                y13 = TSimd.Fma(v2, s0, y13);
            }
        }

        p = x + work->RowStride;
        {
            TVector v0 = TSimd.Load(v), v1 = TSimd.Load(v + TSimd.Lanes), v2 = TSimd.Load(v + 2 * TSimd.Lanes);
            TVector x1 = TSimd.Load(p - step);
            TVector x0 = TSimd.Load(p);
            TVector s0 = TSimd.Adjoin(x1, x0);
            y7 = TSimd.Fma(v0, s0, y7);
            y7 = TSimd.Fma(v1, x0, y7);
            x1 = TSimd.Load(p + step);
            s0 = TSimd.Adjoin(x0, x1);
            y7 = TSimd.Fma(v2, s0, y7);

            if (TCount.Value >= 2)
            {
                y8 = TSimd.Fma(v0, s0, y8);
                y8 = TSimd.Fma(v1, x1, y8);
                x0 = TSimd.Load(p + 2 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y8 = TSimd.Fma(v2, s0, y8);
            }

            if (TCount.Value >= 4)
            {
                y9 = TSimd.Fma(v0, s0, y9);
                y9 = TSimd.Fma(v1, x0, y9);
                x1 = TSimd.Load(p + 3 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y9 = TSimd.Fma(v2, s0, y9);
                y10 = TSimd.Fma(v0, s0, y10);
                y10 = TSimd.Fma(v1, x1, y10);
                x0 = TSimd.Load(p + 4 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y10 = TSimd.Fma(v2, s0, y10);
            }

            if (TCount.Value >= 7)
            {
                y11 = TSimd.Fma(v0, s0, y11);
                y11 = TSimd.Fma(v1, x0, y11);
                x1 = TSimd.Load(p + 5 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y11 = TSimd.Fma(v2, s0, y11);
                y12 = TSimd.Fma(v0, s0, y12);
                y12 = TSimd.Fma(v1, x1, y12);
                x0 = TSimd.Load(p + 6 * step);
                s0 = TSimd.Adjoin(x1, x0);
                y12 = TSimd.Fma(v2, s0, y12);
                y13 = TSimd.Fma(v0, s0, y13);
                y13 = TSimd.Fma(v1, x0, y13);
                x1 = TSimd.Load(p + 7 * step);
                s0 = TSimd.Adjoin(x0, x1);
                y13 = TSimd.Fma(v2, s0, y13);
            }
        }

        nint second = work->YBlockStride;
        y0 = TFunction.Value<TSimd, TVector>(y0);
        y7 = TFunction.Value<TSimd, TVector>(y7);
        TSimd.Store(y0, y);
        TSimd.Store(y7, y + second);

        if (TCount.Value >= 2)
        {
            y1 = TFunction.Value<TSimd, TVector>(y1);
            y8 = TFunction.Value<TSimd, TVector>(y8);
            TSimd.Store(y1, y + step);
            TSimd.Store(y8, y + second + step);
        }

        if (TCount.Value >= 4)
        {
            y2 = TFunction.Value<TSimd, TVector>(y2);
            y9 = TFunction.Value<TSimd, TVector>(y9);
            TSimd.Store(y2, y + 2 * step);
            TSimd.Store(y9, y + second + 2 * step);
            y3 = TFunction.Value<TSimd, TVector>(y3);
            y10 = TFunction.Value<TSimd, TVector>(y10);
            TSimd.Store(y3, y + 3 * step);
            TSimd.Store(y10, y + second + 3 * step);
        }

        if (TCount.Value >= 7)
        {
            y4 = TFunction.Value<TSimd, TVector>(y4);
            y11 = TFunction.Value<TSimd, TVector>(y11);
            TSimd.Store(y4, y + 4 * step);
            TSimd.Store(y11, y + second + 4 * step);
            y5 = TFunction.Value<TSimd, TVector>(y5);
            y12 = TFunction.Value<TSimd, TVector>(y12);
            TSimd.Store(y5, y + 5 * step);
            TSimd.Store(y12, y + second + 5 * step);
            y6 = TFunction.Value<TSimd, TVector>(y6);
            y13 = TFunction.Value<TSimd, TVector>(y13);
            TSimd.Store(y6, y + 6 * step);
            TSimd.Store(y13, y + second + 6 * step);
        }

        if (work->Sums is not null)
        {
            float* lower = work->Sums + step;
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

            sum0 = TSimd.Add(sum0, sum1);
            TSimd.Store(TSimd.Add(TSimd.Load(work->Sums), sum0), work->Sums);
            TVector next0 = y7, next1 = TSimd.Zero;
            if (TCount.Value >= 2)
            {
                next1 = TSimd.Add(next1, y8);
            }

            if (TCount.Value >= 4)
            {
                next0 = TSimd.Add(next0, y9);
                next1 = TSimd.Add(next1, y10);
            }

            if (TCount.Value >= 7)
            {
                next0 = TSimd.Add(next0, y11);
                next1 = TSimd.Add(next1, y12);
                next0 = TSimd.Add(next0, y13);
            }

            next0 = TSimd.Add(next0, next1);
            TSimd.Store(TSimd.Add(TSimd.Load(lower), next0), lower);
        }
    }
}
