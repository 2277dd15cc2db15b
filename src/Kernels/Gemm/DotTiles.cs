using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>What a register tile of dot products works on: <c>sums[r,j] = Σ A[r,·]·B[j,·]</c>, along memory, over
/// several runs of equal length (the images of a batch). Missing rows repeat row 0.</summary>
internal unsafe struct DotArgs
{
    /// <summary>First element of row 0 of A.</summary>
    public float* A;

    /// <summary>Step to the next row of A.</summary>
    public nint ARow;

    /// <summary>Step to the next run of A.</summary>
    public nint ARun;

    /// <summary>First element of row 0 of B.</summary>
    public float* B;

    /// <summary>Step to the next row of B.</summary>
    public nint BRow;

    /// <summary>Step to the next run of B.</summary>
    public nint BRun;

    /// <summary>Rows of A that exist, 1…6.</summary>
    public int Rows;

    /// <summary>Rows of B that exist, 1…4.</summary>
    public int Columns;

    /// <summary>Number of runs.</summary>
    public int Runs;

    /// <summary>Elements of a run.</summary>
    public int Length;

    /// <summary>One vector of partial sums for each (r,j).</summary>
    public float* Sums;
}

/// <summary>Register tiles of dot products; the lanes of each sum are added afterwards by <see cref="Fold"/>.</summary>
internal static unsafe class DotTiles
{
    /// <summary>Adds the lanes of <paramref name="count"/> vectors in place, pair by pair in a fixed order: afterwards
    /// the first <paramref name="count"/> floats are the sums.</summary>
    public static void Fold<TSimd, TVector>(float* sums, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int width = TSimd.Lanes; width > 1; width /= 2)
        {
            int half = (count + 1) / 2;
            for (int i = 0; i < half; i++)
            {
                TVector a = TSimd.Load(sums + 2 * i * TSimd.Lanes);
                TVector b = TSimd.Load(sums + Math.Min(2 * i + 1, count - 1) * TSimd.Lanes);
                TSimd.Store(TSimd.Add(TSimd.Even(a, b), TSimd.Odd(a, b)), sums + i * TSimd.Lanes);
            }

            count = half;
        }
    }

    /// <summary>Six rows of A, four rows of B: 24 sums + 4 b + 1 a = 29 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot6x4<TSimd, TVector>(in DotArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVector s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        TVector s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero;
        TVector s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero;
        TVector s40 = TSimd.Zero, s41 = TSimd.Zero, s42 = TSimd.Zero, s43 = TSimd.Zero;
        TVector s50 = TSimd.Zero, s51 = TSimd.Zero, s52 = TSimd.Zero, s53 = TSimd.Zero;
        float* a0 = t.A, b0 = t.B;
        nint a1 = t.Rows > 1 ? t.ARow : 0;
        nint a2 = t.Rows > 2 ? 2 * t.ARow : 0;
        nint a3 = t.Rows > 3 ? 3 * t.ARow : 0;
        nint a4 = t.Rows > 4 ? 4 * t.ARow : 0;
        nint a5 = t.Rows > 5 ? 5 * t.ARow : 0;
        nint b1 = t.Columns > 1 ? t.BRow : 0;
        nint b2 = t.Columns > 2 ? 2 * t.BRow : 0;
        nint b3 = t.Columns > 3 ? 3 * t.BRow : 0;
        int whole = t.Length / TSimd.Lanes, tail = t.Length % TSimd.Lanes;
        for (int run = t.Runs; run > 0; run--, a0 += t.ARun, b0 += t.BRun)
        {
            float* a = a0, b = b0;
            for (int k = whole; k > 0; k--, a += TSimd.Lanes, b += TSimd.Lanes)
            {
                TVector y0 = TSimd.Load(b), y1 = TSimd.Load(b + b1),
                    y2 = TSimd.Load(b + b2), y3 = TSimd.Load(b + b3);
                TVector x = TSimd.Load(a);
                s00 = TSimd.Fma(x, y0, s00); s01 = TSimd.Fma(x, y1, s01);
                s02 = TSimd.Fma(x, y2, s02); s03 = TSimd.Fma(x, y3, s03);
                x = TSimd.Load(a + a1);
                s10 = TSimd.Fma(x, y0, s10); s11 = TSimd.Fma(x, y1, s11);
                s12 = TSimd.Fma(x, y2, s12); s13 = TSimd.Fma(x, y3, s13);
                x = TSimd.Load(a + a2);
                s20 = TSimd.Fma(x, y0, s20); s21 = TSimd.Fma(x, y1, s21);
                s22 = TSimd.Fma(x, y2, s22); s23 = TSimd.Fma(x, y3, s23);
                x = TSimd.Load(a + a3);
                s30 = TSimd.Fma(x, y0, s30); s31 = TSimd.Fma(x, y1, s31);
                s32 = TSimd.Fma(x, y2, s32); s33 = TSimd.Fma(x, y3, s33);
                x = TSimd.Load(a + a4);
                s40 = TSimd.Fma(x, y0, s40); s41 = TSimd.Fma(x, y1, s41);
                s42 = TSimd.Fma(x, y2, s42); s43 = TSimd.Fma(x, y3, s43);
                x = TSimd.Load(a + a5);
                s50 = TSimd.Fma(x, y0, s50); s51 = TSimd.Fma(x, y1, s51);
                s52 = TSimd.Fma(x, y2, s52); s53 = TSimd.Fma(x, y3, s53);
            }

            if (tail != 0)
            {
                TVector y0 = TSimd.LoadPartial(b, tail), y1 = TSimd.LoadPartial(b + b1, tail),
                    y2 = TSimd.LoadPartial(b + b2, tail), y3 = TSimd.LoadPartial(b + b3, tail);
                TVector x = TSimd.LoadPartial(a, tail);
                s00 = TSimd.Fma(x, y0, s00); s01 = TSimd.Fma(x, y1, s01);
                s02 = TSimd.Fma(x, y2, s02); s03 = TSimd.Fma(x, y3, s03);
                x = TSimd.LoadPartial(a + a1, tail);
                s10 = TSimd.Fma(x, y0, s10); s11 = TSimd.Fma(x, y1, s11);
                s12 = TSimd.Fma(x, y2, s12); s13 = TSimd.Fma(x, y3, s13);
                x = TSimd.LoadPartial(a + a2, tail);
                s20 = TSimd.Fma(x, y0, s20); s21 = TSimd.Fma(x, y1, s21);
                s22 = TSimd.Fma(x, y2, s22); s23 = TSimd.Fma(x, y3, s23);
                x = TSimd.LoadPartial(a + a3, tail);
                s30 = TSimd.Fma(x, y0, s30); s31 = TSimd.Fma(x, y1, s31);
                s32 = TSimd.Fma(x, y2, s32); s33 = TSimd.Fma(x, y3, s33);
                x = TSimd.LoadPartial(a + a4, tail);
                s40 = TSimd.Fma(x, y0, s40); s41 = TSimd.Fma(x, y1, s41);
                s42 = TSimd.Fma(x, y2, s42); s43 = TSimd.Fma(x, y3, s43);
                x = TSimd.LoadPartial(a + a5, tail);
                s50 = TSimd.Fma(x, y0, s50); s51 = TSimd.Fma(x, y1, s51);
                s52 = TSimd.Fma(x, y2, s52); s53 = TSimd.Fma(x, y3, s53);
            }
        }

        float* c = t.Sums;
        TSimd.Store(s00, c);
        TSimd.Store(s01, c + TSimd.Lanes);
        TSimd.Store(s02, c + 2 * TSimd.Lanes);
        TSimd.Store(s03, c + 3 * TSimd.Lanes);
        TSimd.Store(s10, c + 4 * TSimd.Lanes);
        TSimd.Store(s11, c + 5 * TSimd.Lanes);
        TSimd.Store(s12, c + 6 * TSimd.Lanes);
        TSimd.Store(s13, c + 7 * TSimd.Lanes);
        TSimd.Store(s20, c + 8 * TSimd.Lanes);
        TSimd.Store(s21, c + 9 * TSimd.Lanes);
        TSimd.Store(s22, c + 10 * TSimd.Lanes);
        TSimd.Store(s23, c + 11 * TSimd.Lanes);
        TSimd.Store(s30, c + 12 * TSimd.Lanes);
        TSimd.Store(s31, c + 13 * TSimd.Lanes);
        TSimd.Store(s32, c + 14 * TSimd.Lanes);
        TSimd.Store(s33, c + 15 * TSimd.Lanes);
        TSimd.Store(s40, c + 16 * TSimd.Lanes);
        TSimd.Store(s41, c + 17 * TSimd.Lanes);
        TSimd.Store(s42, c + 18 * TSimd.Lanes);
        TSimd.Store(s43, c + 19 * TSimd.Lanes);
        TSimd.Store(s50, c + 20 * TSimd.Lanes);
        TSimd.Store(s51, c + 21 * TSimd.Lanes);
        TSimd.Store(s52, c + 22 * TSimd.Lanes);
        TSimd.Store(s53, c + 23 * TSimd.Lanes);
    }

    /// <summary>Six rows of A, two rows of B: 12 sums + 2 b + 1 a = 15 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot6x2<TSimd, TVector>(in DotArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero;
        TVector s10 = TSimd.Zero, s11 = TSimd.Zero;
        TVector s20 = TSimd.Zero, s21 = TSimd.Zero;
        TVector s30 = TSimd.Zero, s31 = TSimd.Zero;
        TVector s40 = TSimd.Zero, s41 = TSimd.Zero;
        TVector s50 = TSimd.Zero, s51 = TSimd.Zero;
        float* a0 = t.A, b0 = t.B;
        nint a1 = t.Rows > 1 ? t.ARow : 0;
        nint a2 = t.Rows > 2 ? 2 * t.ARow : 0;
        nint a3 = t.Rows > 3 ? 3 * t.ARow : 0;
        nint a4 = t.Rows > 4 ? 4 * t.ARow : 0;
        nint a5 = t.Rows > 5 ? 5 * t.ARow : 0;
        nint b1 = t.Columns > 1 ? t.BRow : 0;
        int whole = t.Length / TSimd.Lanes, tail = t.Length % TSimd.Lanes;
        for (int run = t.Runs; run > 0; run--, a0 += t.ARun, b0 += t.BRun)
        {
            float* a = a0, b = b0;
            for (int k = whole; k > 0; k--, a += TSimd.Lanes, b += TSimd.Lanes)
            {
                TVector y0 = TSimd.Load(b), y1 = TSimd.Load(b + b1);
                TVector x = TSimd.Load(a);
                s00 = TSimd.Fma(x, y0, s00); s01 = TSimd.Fma(x, y1, s01);
                x = TSimd.Load(a + a1);
                s10 = TSimd.Fma(x, y0, s10); s11 = TSimd.Fma(x, y1, s11);
                x = TSimd.Load(a + a2);
                s20 = TSimd.Fma(x, y0, s20); s21 = TSimd.Fma(x, y1, s21);
                x = TSimd.Load(a + a3);
                s30 = TSimd.Fma(x, y0, s30); s31 = TSimd.Fma(x, y1, s31);
                x = TSimd.Load(a + a4);
                s40 = TSimd.Fma(x, y0, s40); s41 = TSimd.Fma(x, y1, s41);
                x = TSimd.Load(a + a5);
                s50 = TSimd.Fma(x, y0, s50); s51 = TSimd.Fma(x, y1, s51);
            }

            if (tail != 0)
            {
                TVector y0 = TSimd.LoadPartial(b, tail), y1 = TSimd.LoadPartial(b + b1, tail);
                TVector x = TSimd.LoadPartial(a, tail);
                s00 = TSimd.Fma(x, y0, s00); s01 = TSimd.Fma(x, y1, s01);
                x = TSimd.LoadPartial(a + a1, tail);
                s10 = TSimd.Fma(x, y0, s10); s11 = TSimd.Fma(x, y1, s11);
                x = TSimd.LoadPartial(a + a2, tail);
                s20 = TSimd.Fma(x, y0, s20); s21 = TSimd.Fma(x, y1, s21);
                x = TSimd.LoadPartial(a + a3, tail);
                s30 = TSimd.Fma(x, y0, s30); s31 = TSimd.Fma(x, y1, s31);
                x = TSimd.LoadPartial(a + a4, tail);
                s40 = TSimd.Fma(x, y0, s40); s41 = TSimd.Fma(x, y1, s41);
                x = TSimd.LoadPartial(a + a5, tail);
                s50 = TSimd.Fma(x, y0, s50); s51 = TSimd.Fma(x, y1, s51);
            }
        }

        float* c = t.Sums;
        TSimd.Store(s00, c);
        TSimd.Store(s01, c + TSimd.Lanes);
        TSimd.Store(s10, c + 2 * TSimd.Lanes);
        TSimd.Store(s11, c + 3 * TSimd.Lanes);
        TSimd.Store(s20, c + 4 * TSimd.Lanes);
        TSimd.Store(s21, c + 5 * TSimd.Lanes);
        TSimd.Store(s30, c + 6 * TSimd.Lanes);
        TSimd.Store(s31, c + 7 * TSimd.Lanes);
        TSimd.Store(s40, c + 8 * TSimd.Lanes);
        TSimd.Store(s41, c + 9 * TSimd.Lanes);
        TSimd.Store(s50, c + 10 * TSimd.Lanes);
        TSimd.Store(s51, c + 11 * TSimd.Lanes);
    }

    /// <summary>Six rows of A, one row of B: 6 sums + 1 b + 1 a = 8 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot6x1<TSimd, TVector>(in DotArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector s00 = TSimd.Zero;
        TVector s10 = TSimd.Zero;
        TVector s20 = TSimd.Zero;
        TVector s30 = TSimd.Zero;
        TVector s40 = TSimd.Zero;
        TVector s50 = TSimd.Zero;
        float* a0 = t.A, b0 = t.B;
        nint a1 = t.Rows > 1 ? t.ARow : 0;
        nint a2 = t.Rows > 2 ? 2 * t.ARow : 0;
        nint a3 = t.Rows > 3 ? 3 * t.ARow : 0;
        nint a4 = t.Rows > 4 ? 4 * t.ARow : 0;
        nint a5 = t.Rows > 5 ? 5 * t.ARow : 0;
        int whole = t.Length / TSimd.Lanes, tail = t.Length % TSimd.Lanes;
        for (int run = t.Runs; run > 0; run--, a0 += t.ARun, b0 += t.BRun)
        {
            float* a = a0, b = b0;
            for (int k = whole; k > 0; k--, a += TSimd.Lanes, b += TSimd.Lanes)
            {
                TVector y0 = TSimd.Load(b);
                TVector x = TSimd.Load(a);
                s00 = TSimd.Fma(x, y0, s00);
                x = TSimd.Load(a + a1);
                s10 = TSimd.Fma(x, y0, s10);
                x = TSimd.Load(a + a2);
                s20 = TSimd.Fma(x, y0, s20);
                x = TSimd.Load(a + a3);
                s30 = TSimd.Fma(x, y0, s30);
                x = TSimd.Load(a + a4);
                s40 = TSimd.Fma(x, y0, s40);
                x = TSimd.Load(a + a5);
                s50 = TSimd.Fma(x, y0, s50);
            }

            if (tail != 0)
            {
                TVector y0 = TSimd.LoadPartial(b, tail);
                TVector x = TSimd.LoadPartial(a, tail);
                s00 = TSimd.Fma(x, y0, s00);
                x = TSimd.LoadPartial(a + a1, tail);
                s10 = TSimd.Fma(x, y0, s10);
                x = TSimd.LoadPartial(a + a2, tail);
                s20 = TSimd.Fma(x, y0, s20);
                x = TSimd.LoadPartial(a + a3, tail);
                s30 = TSimd.Fma(x, y0, s30);
                x = TSimd.LoadPartial(a + a4, tail);
                s40 = TSimd.Fma(x, y0, s40);
                x = TSimd.LoadPartial(a + a5, tail);
                s50 = TSimd.Fma(x, y0, s50);
            }
        }

        float* c = t.Sums;
        TSimd.Store(s00, c);
        TSimd.Store(s10, c + TSimd.Lanes);
        TSimd.Store(s20, c + 2 * TSimd.Lanes);
        TSimd.Store(s30, c + 3 * TSimd.Lanes);
        TSimd.Store(s40, c + 4 * TSimd.Lanes);
        TSimd.Store(s50, c + 5 * TSimd.Lanes);
    }
}
