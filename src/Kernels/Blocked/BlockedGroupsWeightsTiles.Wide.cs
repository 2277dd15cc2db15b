using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Sliding tiles of two columns at a time, which halves the moves. 3×3: even and odd columns have their own
/// sums, for nine are too few that none waits for its last multiply-add. Register budget: 28 for 3×3 (18 sums, two
/// inputs that stay for each kernel row, two new ones, two pixels of dy), 24 for two rows of 5 (10 sums, 12 inputs, two
/// pixels of dy; 26 with stride 2).</content>
internal static unsafe partial class BlockedWeightsTiles
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WideThree3<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, b0 = TSimd.Zero, b1 = TSimd.Zero, b2 = TSimd.Zero,
            c0 = TSimd.Zero, c1 = TSimd.Zero, c2 = TSimd.Zero, e0 = TSimd.Zero, e1 = TSimd.Zero, e2 = TSimd.Zero,
            f0 = TSimd.Zero, f1 = TSimd.Zero, f2 = TSimd.Zero, g0 = TSimd.Zero, g1 = TSimd.Zero, g2 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        nint kernelRow = t->KernelRowStep;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x, p1 = p + kernelRow, p2 = p1 + kernelRow;
            int columns = t->Columns;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Zero, x3 = TSimd.Zero,
                x4 = TSimd.Zero, u0 = TSimd.Load(p1), u1 = TSimd.Load(p1 + TSimd.Lanes), u2 = TSimd.Zero,
                u3 = TSimd.Zero, u4 = TSimd.Zero, v0 = TSimd.Load(p2), v1 = TSimd.Load(p2 + TSimd.Lanes),
                v2 = TSimd.Zero, v3 = TSimd.Zero, v4 = TSimd.Zero;
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
                    e0 = TSimd.Fma(d1, x2, e0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    e1 = TSimd.Fma(d1, x3, e1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    e2 = TSimd.Fma(d1, x4, e2);
                    x0 = x4;
                    p += 4 * TSimd.Lanes;
                    u1 = TSimd.Load(p1 + TSimd.Lanes);
                    u2 = TSimd.Load(p1 + 2 * TSimd.Lanes);
                    u3 = TSimd.Load(p1 + 3 * TSimd.Lanes);
                    u4 = TSimd.Load(p1 + 4 * TSimd.Lanes);
                    b0 = TSimd.Fma(d0, u0, b0);
                    f0 = TSimd.Fma(d1, u2, f0);
                    b1 = TSimd.Fma(d0, u1, b1);
                    f1 = TSimd.Fma(d1, u3, f1);
                    b2 = TSimd.Fma(d0, u2, b2);
                    f2 = TSimd.Fma(d1, u4, f2);
                    u0 = u4;
                    p1 += 4 * TSimd.Lanes;
                    v1 = TSimd.Load(p2 + TSimd.Lanes);
                    v2 = TSimd.Load(p2 + 2 * TSimd.Lanes);
                    v3 = TSimd.Load(p2 + 3 * TSimd.Lanes);
                    v4 = TSimd.Load(p2 + 4 * TSimd.Lanes);
                    c0 = TSimd.Fma(d0, v0, c0);
                    g0 = TSimd.Fma(d1, v2, g0);
                    c1 = TSimd.Fma(d0, v1, c1);
                    g1 = TSimd.Fma(d1, v3, g1);
                    c2 = TSimd.Fma(d0, v2, c2);
                    g2 = TSimd.Fma(d1, v4, g2);
                    v0 = v4;
                    p2 += 4 * TSimd.Lanes;
                    q += 2 * TSimd.Lanes;
                }
                else
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    e0 = TSimd.Fma(d1, x1, e0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    e1 = TSimd.Fma(d1, x2, e1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    e2 = TSimd.Fma(d1, x3, e2);
                    x0 = x2;
                    x1 = x3;
                    p += 2 * TSimd.Lanes;
                    u2 = TSimd.Load(p1 + 2 * TSimd.Lanes);
                    u3 = TSimd.Load(p1 + 3 * TSimd.Lanes);
                    b0 = TSimd.Fma(d0, u0, b0);
                    f0 = TSimd.Fma(d1, u1, f0);
                    b1 = TSimd.Fma(d0, u1, b1);
                    f1 = TSimd.Fma(d1, u2, f1);
                    b2 = TSimd.Fma(d0, u2, b2);
                    f2 = TSimd.Fma(d1, u3, f2);
                    u0 = u2;
                    u1 = u3;
                    p1 += 2 * TSimd.Lanes;
                    v2 = TSimd.Load(p2 + 2 * TSimd.Lanes);
                    v3 = TSimd.Load(p2 + 3 * TSimd.Lanes);
                    c0 = TSimd.Fma(d0, v0, c0);
                    g0 = TSimd.Fma(d1, v1, g0);
                    c1 = TSimd.Fma(d0, v1, c1);
                    g1 = TSimd.Fma(d1, v2, g1);
                    c2 = TSimd.Fma(d0, v2, c2);
                    g2 = TSimd.Fma(d1, v3, g2);
                    v0 = v2;
                    v1 = v3;
                    p2 += 2 * TSimd.Lanes;
                    q += 2 * TSimd.Lanes;
                }
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x2 = TSimd.Load(p + 2 * TSimd.Lanes);
                u2 = TSimd.Load(p1 + 2 * TSimd.Lanes);
                v2 = TSimd.Load(p2 + 2 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x1 = TSimd.Load(p + TSimd.Lanes);
                    u1 = TSimd.Load(p1 + TSimd.Lanes);
                    v1 = TSimd.Load(p2 + TSimd.Lanes);
                }

                a0 = TSimd.Fma(d, x0, a0);
                b0 = TSimd.Fma(d, u0, b0);
                c0 = TSimd.Fma(d, v0, c0);
                a1 = TSimd.Fma(d, x1, a1);
                b1 = TSimd.Fma(d, u1, b1);
                c1 = TSimd.Fma(d, v1, c1);
                a2 = TSimd.Fma(d, x2, a2);
                b2 = TSimd.Fma(d, u2, b2);
                c2 = TSimd.Fma(d, v2, c2);
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(a0, e0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(a1, e1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(a2, e2)), s + 2 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(b0, f0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(b1, f1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(b2, f2)), s + 2 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), TSimd.Add(c0, g0)), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), TSimd.Add(c1, g1)), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), TSimd.Add(c2, g2)), s + 2 * tap);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WideTwo5<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        TVector a0 = TSimd.Zero, a1 = TSimd.Zero, a2 = TSimd.Zero, a3 = TSimd.Zero, a4 = TSimd.Zero, b0 = TSimd.Zero,
            b1 = TSimd.Zero, b2 = TSimd.Zero, b3 = TSimd.Zero, b4 = TSimd.Zero;
        float* x = t->X, dy = t->Dy;
        nint kernelRow = t->KernelRowStep;
        for (int rows = t->Rows; rows > 0; rows--, x += t->XRowStep, dy += t->DyRowStep)
        {
            float* q = dy, p = x, p1 = p + kernelRow;
            int columns = t->Columns;
            TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + TSimd.Lanes), x2 = TSimd.Load(p + 2 * TSimd.Lanes),
                x3 = TSimd.Load(p + 3 * TSimd.Lanes), x4 = TSimd.Zero, x5 = TSimd.Zero, x6 = TSimd.Zero,
                u0 = TSimd.Load(p1), u1 = TSimd.Load(p1 + TSimd.Lanes), u2 = TSimd.Load(p1 + 2 * TSimd.Lanes),
                u3 = TSimd.Load(p1 + 3 * TSimd.Lanes), u4 = TSimd.Zero, u5 = TSimd.Zero, u6 = TSimd.Zero;
            for (; columns >= 2; columns -= 2)
            {
                if (TStep.Value == 2)
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    u3 = TSimd.Load(p1 + 3 * TSimd.Lanes);
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    u4 = TSimd.Load(p1 + 4 * TSimd.Lanes);
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    u5 = TSimd.Load(p1 + 5 * TSimd.Lanes);
                    x6 = TSimd.Load(p + 6 * TSimd.Lanes);
                    u6 = TSimd.Load(p1 + 6 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    b0 = TSimd.Fma(d0, u0, b0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    b1 = TSimd.Fma(d0, u1, b1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    b2 = TSimd.Fma(d0, u2, b2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    b3 = TSimd.Fma(d0, u3, b3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    b4 = TSimd.Fma(d0, u4, b4);
                    a0 = TSimd.Fma(d1, x2, a0);
                    b0 = TSimd.Fma(d1, u2, b0);
                    a1 = TSimd.Fma(d1, x3, a1);
                    b1 = TSimd.Fma(d1, u3, b1);
                    a2 = TSimd.Fma(d1, x4, a2);
                    b2 = TSimd.Fma(d1, u4, b2);
                    a3 = TSimd.Fma(d1, x5, a3);
                    b3 = TSimd.Fma(d1, u5, b3);
                    a4 = TSimd.Fma(d1, x6, a4);
                    b4 = TSimd.Fma(d1, u6, b4);
                    x0 = x4;
                    u0 = u4;
                    x1 = x5;
                    u1 = u5;
                    x2 = x6;
                    u2 = u6;
                    q += 2 * TSimd.Lanes;
                    p += 4 * TSimd.Lanes;
                    p1 += 4 * TSimd.Lanes;
                }
                else
                {
                    TVector d0 = TDy.Load<TSimd, TVector>(q);
                    TVector d1 = TDy.Load<TSimd, TVector>(q + TSimd.Lanes);
                    x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                    u4 = TSimd.Load(p1 + 4 * TSimd.Lanes);
                    x5 = TSimd.Load(p + 5 * TSimd.Lanes);
                    u5 = TSimd.Load(p1 + 5 * TSimd.Lanes);
                    a0 = TSimd.Fma(d0, x0, a0);
                    b0 = TSimd.Fma(d0, u0, b0);
                    a1 = TSimd.Fma(d0, x1, a1);
                    b1 = TSimd.Fma(d0, u1, b1);
                    a2 = TSimd.Fma(d0, x2, a2);
                    b2 = TSimd.Fma(d0, u2, b2);
                    a3 = TSimd.Fma(d0, x3, a3);
                    b3 = TSimd.Fma(d0, u3, b3);
                    a4 = TSimd.Fma(d0, x4, a4);
                    b4 = TSimd.Fma(d0, u4, b4);
                    a0 = TSimd.Fma(d1, x1, a0);
                    b0 = TSimd.Fma(d1, u1, b0);
                    a1 = TSimd.Fma(d1, x2, a1);
                    b1 = TSimd.Fma(d1, u2, b1);
                    a2 = TSimd.Fma(d1, x3, a2);
                    b2 = TSimd.Fma(d1, u3, b2);
                    a3 = TSimd.Fma(d1, x4, a3);
                    b3 = TSimd.Fma(d1, u4, b3);
                    a4 = TSimd.Fma(d1, x5, a4);
                    b4 = TSimd.Fma(d1, u5, b4);
                    x0 = x2;
                    u0 = u2;
                    x1 = x3;
                    u1 = u3;
                    x2 = x4;
                    u2 = u4;
                    x3 = x5;
                    u3 = u5;
                    q += 2 * TSimd.Lanes;
                    p += 2 * TSimd.Lanes;
                    p1 += 2 * TSimd.Lanes;
                }
            }

            if (columns > 0)
            {
                TVector d = TDy.Load<TSimd, TVector>(q);
                x4 = TSimd.Load(p + 4 * TSimd.Lanes);
                u4 = TSimd.Load(p1 + 4 * TSimd.Lanes);
                if (TStep.Value == 2)
                {
                    x3 = TSimd.Load(p + 3 * TSimd.Lanes);
                    u3 = TSimd.Load(p1 + 3 * TSimd.Lanes);
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
            }
        }

        float* s = t->Sums;
        nint tap = t->SumStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), a0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), a1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), a2), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), a3), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), a4), s + 4 * tap);
        s += t->SumRowStep;
        TSimd.Store(TSimd.Add(TSimd.Load(s), b0), s);
        TSimd.Store(TSimd.Add(TSimd.Load(s + tap), b1), s + tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 2 * tap), b2), s + 2 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 3 * tap), b3), s + 3 * tap);
        TSimd.Store(TSimd.Add(TSimd.Load(s + 4 * tap), b4), s + 4 * tap);
    }
}
