using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Any kernel, taps half a vector apart (fine columns), by loads that straddle two pixels.</summary>
internal readonly unsafe struct BlockedMuxFineTaps : IBlockedMuxTile
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
        nint step = TSimd.Lanes, half = step / 2;
        float* w = work->W;
        int kernel = work->Kernel, reach = kernel / 2;
        TVector b = TSimd.Load(work->Bias);
        TVector y0 = b, y1 = b, y2 = b, y3 = b, y4 = b, y5 = b, y6 = b,
            y7 = b, y8 = b, y9 = b, y10 = b, y11 = b, y12 = b, y13 = b;
        for (int kh = 0, fine = work->Phase - reach; kh < kernel; kh++, fine++)
        {
            float* p = x + (fine >> 1) * work->RowStride - reach * half, q = p + work->RowStride;
            bool straddles = (fine & 1) != 0 && work->BlockStride == 0;
            p += (fine & 1) * work->BlockStride;
            for (int kw = 0; kw < kernel; kw++, w += TSimd.Lanes, p += half, q += half)
            {
                TVector tap = TSimd.Load(w);
                if (!straddles)
                {
                    y0 = TSimd.Fma(tap, TSimd.Load(p), y0);

                    if (TCount.Value >= 2)
                    {
                        y1 = TSimd.Fma(tap, TSimd.Load(p + step), y1);
                    }

                    if (TCount.Value >= 4)
                    {
                        y2 = TSimd.Fma(tap, TSimd.Load(p + 2 * step), y2);
                        y3 = TSimd.Fma(tap, TSimd.Load(p + 3 * step), y3);
                    }

                    if (TCount.Value >= 7)
                    {
                        y4 = TSimd.Fma(tap, TSimd.Load(p + 4 * step), y4);
                        y5 = TSimd.Fma(tap, TSimd.Load(p + 5 * step), y5);
                        y6 = TSimd.Fma(tap, TSimd.Load(p + 6 * step), y6);
                    }

                    if (TCount.Value >= 8)
                    {
                        y7 = TSimd.Fma(tap, TSimd.Load(p + 7 * step), y7);
                    }

                    if (TCount.Value >= 14)
                    {
                        y8 = TSimd.Fma(tap, TSimd.Load(p + 8 * step), y8);
                        y9 = TSimd.Fma(tap, TSimd.Load(p + 9 * step), y9);
                        y10 = TSimd.Fma(tap, TSimd.Load(p + 10 * step), y10);
                        y11 = TSimd.Fma(tap, TSimd.Load(p + 11 * step), y11);
                        y12 = TSimd.Fma(tap, TSimd.Load(p + 12 * step), y12);
                        y13 = TSimd.Fma(tap, TSimd.Load(p + 13 * step), y13);
                    }
                }
                else
                {
                    y0 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p), TSimd.Load(q)), y0);

                    if (TCount.Value >= 2)
                    {
                        y1 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + step), TSimd.Load(q + step)), y1);
                    }

                    if (TCount.Value >= 4)
                    {
                        y2 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 2 * step), TSimd.Load(q + 2 * step)), y2);
                        y3 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 3 * step), TSimd.Load(q + 3 * step)), y3);
                    }

                    if (TCount.Value >= 7)
                    {
                        y4 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 4 * step), TSimd.Load(q + 4 * step)), y4);
                        y5 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 5 * step), TSimd.Load(q + 5 * step)), y5);
                        y6 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 6 * step), TSimd.Load(q + 6 * step)), y6);
                    }

                    if (TCount.Value >= 8)
                    {
                        y7 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 7 * step), TSimd.Load(q + 7 * step)), y7);
                    }

                    if (TCount.Value >= 14)
                    {
                        y8 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 8 * step), TSimd.Load(q + 8 * step)), y8);
                        y9 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 9 * step), TSimd.Load(q + 9 * step)), y9);
                        y10 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 10 * step), TSimd.Load(q + 10 * step)), y10);
                        y11 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 11 * step), TSimd.Load(q + 11 * step)), y11);
                        y12 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 12 * step), TSimd.Load(q + 12 * step)), y12);
                        y13 = TSimd.Fma(tap, TSimd.Straddle(TSimd.Load(p + 13 * step), TSimd.Load(q + 13 * step)), y13);
                    }
                }
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
