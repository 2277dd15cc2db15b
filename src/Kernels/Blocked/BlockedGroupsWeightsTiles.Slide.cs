using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Sliding tiles of one column at a time: the inputs of all taps stand in registers and move on by a column,
/// so that a pixel is loaded once for each kernel row; the moves cost no execution. Register budget: a sum and an input
/// for each tap, a pixel of dy: 23 for a row of 11, 29 for two rows of 7.</content>
internal static unsafe partial class BlockedWeightsTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Slide<TSimd, TVector, TStep, TTaps, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTaps : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, a5 = TSimd.Zero,
            a6 = TSimd.Zero, a7 = TSimd.Zero, a8 = TSimd.Zero, a9 = TSimd.Zero, a10 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            TVector x0 = TSimd.Zero, x1 = TSimd.Zero, x2 = TSimd.Zero, x3 = TSimd.Zero, x4 = TSimd.Zero,
                x5 = TSimd.Zero, x6 = TSimd.Zero, x7 = TSimd.Zero, x8 = TSimd.Zero, x9 = TSimd.Zero, x10 = TSimd.Zero;
            if (TTaps.Value >= 3)
            {
                x0 = TSimd.Load(p);
                x1 = TSimd.Load(p + TSimd.Lanes);
            }

            if (TTaps.Value >= 5)
            {
                x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                x3 = TSimd.Load(p + 3 * TSimd.Lanes);
            }

            if (TTaps.Value >= 7)
            {
                x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                x5 = TSimd.Load(p + 5 * TSimd.Lanes);
            }

            if (TTaps.Value >= 9)
            {
                x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                x7 = TSimd.Load(p + 7 * TSimd.Lanes);
            }

            if (TTaps.Value >= 11)
            {
                x8 = TSimd.Load(p + 8 * TSimd.Lanes);
                x9 = TSimd.Load(p + 9 * TSimd.Lanes);
            }

            for (int columns = t->Columns; columns > 0; columns--)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                if (TTaps.Value == 1)
                {
                    x0 = TSimd.Load(p);
                }
                else if (TTaps.Value == 3)
                {
                    x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                    if (TStep.Value == 2)
                    {
                        x1 = TSimd.Load(p + TSimd.Lanes);
                    }
                }
                else if (TTaps.Value == 5)
                {
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    if (TStep.Value == 2)
                    {
                        x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    }
                }
                else if (TTaps.Value == 7)
                {
                    x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                    if (TStep.Value == 2)
                    {
                        x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    }
                }
                else if (TTaps.Value == 9)
                {
                    x8 = TSimd.Load(p + 8 * TSimd.Lanes);
                    if (TStep.Value == 2)
                    {
                        x7 = TSimd.Load(p + 7 * TSimd.Lanes);
                    }
                }
                else if (TTaps.Value == 11)
                {
                    x10 = TSimd.Load(p + 10 * TSimd.Lanes);
                    if (TStep.Value == 2)
                    {
                        x9 = TSimd.Load(p + 9 * TSimd.Lanes);
                    }
                }

                a0 = TSimd.Fma(d, x0, a0);
                if (TTaps.Value >= 3)
                {
                    a1 = TSimd.Fma(d, x1, a1);
                    a2 = TSimd.Fma(d, x2, a2);
                }

                if (TTaps.Value >= 5)
                {
                    a3 = TSimd.Fma(d, x3, a3);
                    a4 = TSimd.Fma(d, x4, a4);
                }

                if (TTaps.Value >= 7)
                {
                    a5 = TSimd.Fma(d, x5, a5);
                    a6 = TSimd.Fma(d, x6, a6);
                }

                if (TTaps.Value >= 9)
                {
                    a7 = TSimd.Fma(d, x7, a7);
                    a8 = TSimd.Fma(d, x8, a8);
                }

                if (TTaps.Value >= 11)
                {
                    a9 = TSimd.Fma(d, x9, a9);
                    a10 = TSimd.Fma(d, x10, a10);
                }

                if (TStep.Value == 2)
                {
                    if (TTaps.Value >= 3)
                    {
                        x0 = x2;
                        x1 = x3;
                    }

                    if (TTaps.Value >= 5)
                    {
                        x2 = x4;
                        x3 = x5;
                    }

                    if (TTaps.Value >= 7)
                    {
                        x4 = x6;
                        x5 = x7;
                    }

                    if (TTaps.Value >= 9)
                    {
                        x6 = x8;
                        x7 = x9;
                    }

                    if (TTaps.Value >= 11)
                    {
                        x8 = x10;
                    }
                }
                else
                {
                    if (TTaps.Value >= 3)
                    {
                        x0 = x1;
                        x1 = x2;
                    }

                    if (TTaps.Value >= 5)
                    {
                        x2 = x3;
                        x3 = x4;
                    }

                    if (TTaps.Value >= 7)
                    {
                        x4 = x5;
                        x5 = x6;
                    }

                    if (TTaps.Value >= 9)
                    {
                        x6 = x7;
                        x7 = x8;
                    }

                    if (TTaps.Value >= 11)
                    {
                        x8 = x9;
                        x9 = x10;
                    }
                }

                q += TSimd.Lanes;
                p += TStep.Value * TSimd.Lanes;
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
    private static void SlideTwo7<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, a5 = TSimd.Zero,
            a6 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero,
            b5 = TSimd.Zero, b6 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        nint kernelRow = t->KernelRowStep;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x, p1 = p + kernelRow;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Load(p + 2 * TSimd.Lanes),
                x3 = TSimd.Load(p + 3 * TSimd.Lanes), x4 = TSimd.Load(p + 4 * TSimd.Lanes),
                x5 = TSimd.Load(p + 5 * TSimd.Lanes), x6 = TSimd.Zero, u0 = TSimd.Load(p1),
                u1 = TSimd.Load(p1 + TSimd.Lanes), u2 = TSimd.Load(p1 + 2 * TSimd.Lanes),
                u3 = TSimd.Load(p1 + 3 * TSimd.Lanes), u4 = TSimd.Load(p1 + 4 * TSimd.Lanes),
                u5 = TSimd.Load(p1 + 5 * TSimd.Lanes), u6 = TSimd.Zero;
            for (int columns = t->Columns; columns > 0; columns--)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                u6 = TSimd.Load(p1 + 6 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    u5 = TSimd.Load(p1 + 5 * TSimd.Lanes);
                }

                a0 = TSimd.Fma(d, x0, a0);
                b0 = TSimd.Fma(d, u0, b0);
                a1 = TSimd.Fma(d, x1, a1);
                b1 = TSimd.Fma(d, u1, b1);
                a2 = TSimd.Fma(d, x2, a2);
                b2 = TSimd.Fma(d, u2, b2);
                a3 = TSimd.Fma(d, x3, a3);
                b3 = TSimd.Fma(d, u3, b3);
                a4 = TSimd.Fma(d, x4, a4);
                b4 = TSimd.Fma(d, u4, b4);
                a5 = TSimd.Fma(d, x5, a5);
                b5 = TSimd.Fma(d, u5, b5);
                a6 = TSimd.Fma(d, x6, a6);
                b6 = TSimd.Fma(d, u6, b6);
                if (TStep.Value == 2)
                {
                    x0 = x2;
                    x1 = x3;
                    u0 = u2;
                    u1 = u3;
                    x2 = x4;
                    x3 = x5;
                    u2 = u4;
                    u3 = u5;
                    x4 = x6;
                    u4 = u6;
                }
                else
                {
                    x0 = x1;
                    x1 = x2;
                    u0 = u1;
                    u1 = u2;
                    x2 = x3;
                    x3 = x4;
                    u2 = u3;
                    u3 = u4;
                    x4 = x5;
                    x5 = x6;
                    u4 = u5;
                    u5 = u6;
                }

                q += TSimd.Lanes;
                p += TStep.Value * TSimd.Lanes;
                p1 += TStep.Value * TSimd.Lanes;
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), a0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), a1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), a2), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), a3), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), a4), s + 4 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), a5), s + 5 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), a6), s + 6 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), b0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), b1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), b2), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), b3), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), b4), s + 4 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), b5), s + 5 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), b6), s + 6 * tap);
    }
}
