using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Sliding tiles of one kernel row and two columns: even and odd columns have their own sums, so that none
/// waits for its last multiply-add. Register budget: 18 for a row of 5 (19 with stride 2), 24 (25) for a row of
/// 7.</content>
internal static unsafe partial class BlockedWeightsTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide3<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            int columns = t->Columns;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Zero, x3 = TSimd.Zero,
                x4 = TSimd.Zero;
            for (; columns >= 2; columns -= 2)
            {
                if (TStep.Value == 2)
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x1 = TSimd.Load(p + TSimd.Lanes);
                    x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    b0 = TSimd.Fma(d1, x2, b0);
                    b1 = TSimd.Fma(d1, x3, b1);
                    b2 = TSimd.Fma(d1, x4, b2);
                    x0 = x4;
                    q += 2 * TSimd.Lanes;
                    p += 4 * TSimd.Lanes;
                }
                else
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    b0 = TSimd.Fma(d1, x1, b0);
                    b1 = TSimd.Fma(d1, x2, b1);
                    b2 = TSimd.Fma(d1, x3, b2);
                    x0 = x2;
                    x1 = x3;
                    q += 2 * TSimd.Lanes;
                    p += 2 * TSimd.Lanes;
                }
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x1 = TSimd.Load(p + TSimd.Lanes);
                }

                a0 = TSimd.Fma(d, x0, a0);
                a1 = TSimd.Fma(d, x1, a1);
                a2 = TSimd.Fma(d, x2, a2);
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(a0, b0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(a1, b1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(a2, b2)), s + 2 * tap);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide5<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, b0 = TSimd.Zero,
            b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            int columns = t->Columns;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Load(p + 2 * TSimd.Lanes),
                x3 = TSimd.Load(p + 3 * TSimd.Lanes), x4 = TSimd.Zero, x5 = TSimd.Zero, x6 = TSimd.Zero;
            for (; columns >= 2; columns -= 2)
            {
                if (TStep.Value == 2)
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    b0 = TSimd.Fma(d1, x2, b0);
                    b1 = TSimd.Fma(d1, x3, b1);
                    b2 = TSimd.Fma(d1, x4, b2);
                    b3 = TSimd.Fma(d1, x5, b3);
                    b4 = TSimd.Fma(d1, x6, b4);
                    x0 = x4;
                    x1 = x5;
                    x2 = x6;
                    q += 2 * TSimd.Lanes;
                    p += 4 * TSimd.Lanes;
                }
                else
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    b0 = TSimd.Fma(d1, x1, b0);
                    b1 = TSimd.Fma(d1, x2, b1);
                    b2 = TSimd.Fma(d1, x3, b2);
                    b3 = TSimd.Fma(d1, x4, b3);
                    b4 = TSimd.Fma(d1, x5, b4);
                    x0 = x2;
                    x1 = x3;
                    x2 = x4;
                    x3 = x5;
                    q += 2 * TSimd.Lanes;
                    p += 2 * TSimd.Lanes;
                }
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                }

                a0 = TSimd.Fma(d, x0, a0);
                a1 = TSimd.Fma(d, x1, a1);
                a2 = TSimd.Fma(d, x2, a2);
                a3 = TSimd.Fma(d, x3, a3);
                a4 = TSimd.Fma(d, x4, a4);
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
    private static void Wide7<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, a5 = TSimd.Zero,
            a6 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero,
            b5 = TSimd.Zero, b6 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x;
            int columns = t->Columns;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Load(p + 2 * TSimd.Lanes),
                x3 = TSimd.Load(p + 3 * TSimd.Lanes), x4 = TSimd.Load(p + 4 * TSimd.Lanes),
                x5 = TSimd.Load(p + 5 * TSimd.Lanes), x6 = TSimd.Zero, x7 = TSimd.Zero, x8 = TSimd.Zero;
            for (; columns >= 2; columns -= 2)
            {
                if (TStep.Value == 2)
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                    x7 = TSimd.Load(p + 7 * TSimd.Lanes);
                    x8 = TSimd.Load(p + 8 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    a5 = TSimd.Fma(d0, x5, a5);
                    a6 = TSimd.Fma(d0, x6, a6);
                    b0 = TSimd.Fma(d1, x2, b0);
                    b1 = TSimd.Fma(d1, x3, b1);
                    b2 = TSimd.Fma(d1, x4, b2);
                    b3 = TSimd.Fma(d1, x5, b3);
                    b4 = TSimd.Fma(d1, x6, b4);
                    b5 = TSimd.Fma(d1, x7, b5);
                    b6 = TSimd.Fma(d1, x8, b6);
                    x0 = x4;
                    x1 = x5;
                    x2 = x6;
                    x3 = x7;
                    x4 = x8;
                    q += 2 * TSimd.Lanes;
                    p += 4 * TSimd.Lanes;
                }
                else
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                    x7 = TSimd.Load(p + 7 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    a5 = TSimd.Fma(d0, x5, a5);
                    a6 = TSimd.Fma(d0, x6, a6);
                    b0 = TSimd.Fma(d1, x1, b0);
                    b1 = TSimd.Fma(d1, x2, b1);
                    b2 = TSimd.Fma(d1, x3, b2);
                    b3 = TSimd.Fma(d1, x4, b3);
                    b4 = TSimd.Fma(d1, x5, b4);
                    b5 = TSimd.Fma(d1, x6, b5);
                    b6 = TSimd.Fma(d1, x7, b6);
                    x0 = x2;
                    x1 = x3;
                    x2 = x4;
                    x3 = x5;
                    x4 = x6;
                    x5 = x7;
                    q += 2 * TSimd.Lanes;
                    p += 2 * TSimd.Lanes;
                }
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                }

                a0 = TSimd.Fma(d, x0, a0);
                a1 = TSimd.Fma(d, x1, a1);
                a2 = TSimd.Fma(d, x2, a2);
                a3 = TSimd.Fma(d, x3, a3);
                a4 = TSimd.Fma(d, x4, a4);
                a5 = TSimd.Fma(d, x5, a5);
                a6 = TSimd.Fma(d, x6, a6);
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(a0, b0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(a1, b1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(a2, b2)), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), TSimd.Add(a3, b3)), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), TSimd.Add(a4, b4)), s + 4 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 5 * tap), TSimd.Add(a5, b5)), s + 5 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 6 * tap), TSimd.Add(a6, b6)), s + 6 * tap);
    }
}
