using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Direct tiles: sums and a pixel of dy stand in registers, every multiply-add takes its input from memory
/// (256 bits are loaded three at a time). Any stride and dilation. Register budget: 15 for two rows of 7 taps, 12 for a
/// row of 11 or of 5 in two columns.</content>
internal static unsafe partial class BlockedWeightsTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Direct<TSimd, TVector, TStep, TTaps, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTaps : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, a5 = TSimd.Zero,
            a6 = TSimd.Zero, a7 = TSimd.Zero, a8 = TSimd.Zero, a9 = TSimd.Zero, a10 = TSimd.Zero;
        nint x1 = TStep.Value == 0 ? t->TapStep : TSimd.Lanes, pixel = t->PixelStep;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            for (int columns = t->Columns; columns > 0; columns--)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                a0 = TSimd.Fma(d, TSimd.Load(p), a0);
                if (TTaps.Value >= 3)
                {
                    a1 = TSimd.Fma(d, TSimd.Load(p + x1), a1);
                    a2 = TSimd.Fma(d, TSimd.Load(p + 2 * x1), a2);
                }

                if (TTaps.Value >= 5)
                {
                    a3 = TSimd.Fma(d, TSimd.Load(p + 3 * x1), a3);
                    a4 = TSimd.Fma(d, TSimd.Load(p + 4 * x1), a4);
                }

                if (TTaps.Value >= 7)
                {
                    a5 = TSimd.Fma(d, TSimd.Load(p + 5 * x1), a5);
                    a6 = TSimd.Fma(d, TSimd.Load(p + 6 * x1), a6);
                }

                if (TTaps.Value >= 9)
                {
                    a7 = TSimd.Fma(d, TSimd.Load(p + 7 * x1), a7);
                    a8 = TSimd.Fma(d, TSimd.Load(p + 8 * x1), a8);
                }

                if (TTaps.Value >= 11)
                {
                    a9 = TSimd.Fma(d, TSimd.Load(p + 9 * x1), a9);
                    a10 = TSimd.Fma(d, TSimd.Load(p + 10 * x1), a10);
                }

                q += TSimd.Lanes;
                p += pixel;
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), a0), s);
        if (TTaps.Value >= 3)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + tap), a1), s + tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), a2), s + 2 * tap);
        }

        if (TTaps.Value >= 5)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), a3), s + 3 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), a4), s + 4 * tap);
        }

        if (TTaps.Value >= 7)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), a5), s + 5 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), a6), s + 6 * tap);
        }

        if (TTaps.Value >= 9)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 7 * tap), a7), s + 7 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 8 * tap), a8), s + 8 * tap);
        }

        if (TTaps.Value >= 11)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 9 * tap), a9), s + 9 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 10 * tap), a10), s + 10 * tap);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DirectPair5<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, b0 = TSimd.Zero,
            b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero;
        nint x1 = TStep.Value == 0 ? t->TapStep : TSimd.Lanes, pixel = t->PixelStep;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            int columns = t->Columns;
            for (; columns >= 2; columns -= 2)
            {
                float* p1 = p + pixel;
                TVector d0 = TDy.Load<TSimd, TVector>(q), d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                a0 = TSimd.Fma(d0, TSimd.Load(p), a0);
                b0 = TSimd.Fma(d1, TSimd.Load(p1), b0);
                a1 = TSimd.Fma(d0, TSimd.Load(p + x1), a1);
                b1 = TSimd.Fma(d1, TSimd.Load(p1 + x1), b1);
                a2 = TSimd.Fma(d0, TSimd.Load(p + 2 * x1), a2);
                b2 = TSimd.Fma(d1, TSimd.Load(p1 + 2 * x1), b2);
                a3 = TSimd.Fma(d0, TSimd.Load(p + 3 * x1), a3);
                b3 = TSimd.Fma(d1, TSimd.Load(p1 + 3 * x1), b3);
                a4 = TSimd.Fma(d0, TSimd.Load(p + 4 * x1), a4);
                b4 = TSimd.Fma(d1, TSimd.Load(p1 + 4 * x1), b4);
                q += 2 * TSimd.Lanes;
                p += 2 * pixel;
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                a0 = TSimd.Fma(d, TSimd.Load(p), a0);
                a1 = TSimd.Fma(d, TSimd.Load(p + x1), a1);
                a2 = TSimd.Fma(d, TSimd.Load(p + 2 * x1), a2);
                a3 = TSimd.Fma(d, TSimd.Load(p + 3 * x1), a3);
                a4 = TSimd.Fma(d, TSimd.Load(p + 4 * x1), a4);
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(a0, b0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(a1, b1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(a2, b2)), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), TSimd.Add(a3, b3)), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), TSimd.Add(a4, b4)), s + 4 * tap);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DirectTwo<TSimd, TVector, TStep, TTaps, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTaps : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, a5 = TSimd.Zero,
            a6 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero,
            b5 = TSimd.Zero, b6 = TSimd.Zero;
        nint x1 = TStep.Value == 0 ? t->TapStep : TSimd.Lanes, pixel = t->PixelStep;
        nint kernelRow = t->KernelRowStep;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x, p1 = p + kernelRow;
            for (int columns = t->Columns; columns > 0; columns--)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                a0 = TSimd.Fma(d, TSimd.Load(p), a0);
                b0 = TSimd.Fma(d, TSimd.Load(p1), b0);
                if (TTaps.Value >= 3)
                {
                    a1 = TSimd.Fma(d, TSimd.Load(p + x1), a1);
                    b1 = TSimd.Fma(d, TSimd.Load(p1 + x1), b1);
                    a2 = TSimd.Fma(d, TSimd.Load(p + 2 * x1), a2);
                    b2 = TSimd.Fma(d, TSimd.Load(p1 + 2 * x1), b2);
                }

                if (TTaps.Value >= 5)
                {
                    a3 = TSimd.Fma(d, TSimd.Load(p + 3 * x1), a3);
                    b3 = TSimd.Fma(d, TSimd.Load(p1 + 3 * x1), b3);
                    a4 = TSimd.Fma(d, TSimd.Load(p + 4 * x1), a4);
                    b4 = TSimd.Fma(d, TSimd.Load(p1 + 4 * x1), b4);
                }

                if (TTaps.Value >= 7)
                {
                    a5 = TSimd.Fma(d, TSimd.Load(p + 5 * x1), a5);
                    b5 = TSimd.Fma(d, TSimd.Load(p1 + 5 * x1), b5);
                    a6 = TSimd.Fma(d, TSimd.Load(p + 6 * x1), a6);
                    b6 = TSimd.Fma(d, TSimd.Load(p1 + 6 * x1), b6);
                }

                q += TSimd.Lanes;
                p += pixel;
                p1 += pixel;
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), a0), s);
        if (TTaps.Value >= 3)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + tap), a1), s + tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), a2), s + 2 * tap);
        }

        if (TTaps.Value >= 5)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), a3), s + 3 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), a4), s + 4 * tap);
        }

        if (TTaps.Value >= 7)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), a5), s + 5 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), a6), s + 6 * tap);
        }

        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), b0), s);
        if (TTaps.Value >= 3)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + tap), b1), s + tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), b2), s + 2 * tap);
        }

        if (TTaps.Value >= 5)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), b3), s + 3 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), b4), s + 4 * tap);
        }

        if (TTaps.Value >= 7)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), b5), s + 5 * tap);
            TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), b6), s + 6 * tap);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DirectThree<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero,
            c0 = TSimd.Zero, c1 = TSimd.Zero, c2 = TSimd.Zero;
        nint x1 = TStep.Value == 0 ? t->TapStep : TSimd.Lanes, pixel = t->PixelStep;
        nint kernelRow = t->KernelRowStep;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x, p1 = p + kernelRow, p2 = p1 + kernelRow;
            for (int columns = t->Columns; columns > 0; columns--)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                a0 = TSimd.Fma(d, TSimd.Load(p), a0);
                b0 = TSimd.Fma(d, TSimd.Load(p1), b0);
                c0 = TSimd.Fma(d, TSimd.Load(p2), c0);
                a1 = TSimd.Fma(d, TSimd.Load(p + x1), a1);
                b1 = TSimd.Fma(d, TSimd.Load(p1 + x1), b1);
                c1 = TSimd.Fma(d, TSimd.Load(p2 + x1), c1);
                a2 = TSimd.Fma(d, TSimd.Load(p + 2 * x1), a2);
                b2 = TSimd.Fma(d, TSimd.Load(p1 + 2 * x1), b2);
                c2 = TSimd.Fma(d, TSimd.Load(p2 + 2 * x1), c2);
                q += TSimd.Lanes;
                p += pixel;
                p1 += pixel;
                p2 += pixel;
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), a0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), a1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), a2), s + 2 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), b0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), b1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), b2), s + 2 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), c0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), c1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), c2), s + 2 * tap);
    }
}
