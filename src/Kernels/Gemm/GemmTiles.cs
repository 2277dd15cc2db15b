using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>What a register tile of a matrix product works on: <c>C[r,j] (+)= start[r] + Σₖ A[r,k]·B[k,j]</c> for six
/// rows and a few vectors of columns. Where <see cref="Rows"/> is below six the missing rows repeat row 0 and C must
/// still have room for six.</summary>
internal unsafe struct TileArgs
{
    /// <summary>A[0,0]; element (r,k) stands at <c>r·ARow + k·ADepth</c>.</summary>
    public float* A;

    /// <summary>Step to the next row of A.</summary>
    public nint ARow;

    /// <summary>Step along the depth of A.</summary>
    public nint ADepth;

    /// <summary>Rows of A that exist, 1…6.</summary>
    public int Rows;

    /// <summary>Terms of the sum.</summary>
    public int Depth;

    /// <summary>B[0,0]; whole vectors of each row are read.</summary>
    public float* B;

    /// <summary>Step to the next row of B.</summary>
    public nint BRow;

    /// <summary>Six start values.</summary>
    public float* Start;

    /// <summary>C[0,0]; whole vectors of six rows are written.</summary>
    public float* C;

    /// <summary>Step to the next row of C.</summary>
    public nint CRow;

    /// <summary>Whether C's old value is added.</summary>
    public bool Add;
}

/// <summary>Register tiles of the matrix product. A is read by broadcasts, B and C by whole vectors; the sums stay in
/// named locals over the whole depth.</summary>
internal static unsafe class GemmTiles
{
    /// <summary>Rows of every tile.</summary>
    public const int Rows = 6;

    /// <summary>Six rows, four vectors of columns: 24 sums + 4 b + 1 a = 29 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile6x4<TSimd, TVector>(in TileArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* a0 = t.A;
        float* a1 = t.A + (t.Rows > 1 ? t.ARow : 0);
        float* a2 = t.A + (t.Rows > 2 ? 2 * t.ARow : 0);
        float* a3 = t.A + (t.Rows > 3 ? 3 * t.ARow : 0);
        float* a4 = t.A + (t.Rows > 4 ? 4 * t.ARow : 0);
        float* a5 = t.A + (t.Rows > 5 ? 5 * t.ARow : 0);
        float* b = t.B;
        nint bRow = t.BRow, aDepth = t.ADepth;
        TVector s00 = TSimd.Splat(t.Start + 0), s01 = s00, s02 = s00, s03 = s00;
        TVector s10 = TSimd.Splat(t.Start + 1), s11 = s10, s12 = s10, s13 = s10;
        TVector s20 = TSimd.Splat(t.Start + 2), s21 = s20, s22 = s20, s23 = s20;
        TVector s30 = TSimd.Splat(t.Start + 3), s31 = s30, s32 = s30, s33 = s30;
        TVector s40 = TSimd.Splat(t.Start + 4), s41 = s40, s42 = s40, s43 = s40;
        TVector s50 = TSimd.Splat(t.Start + 5), s51 = s50, s52 = s50, s53 = s50;
        nint i = 0;
        for (int k = t.Depth; k > 0; k--, b += bRow, i += aDepth)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + TSimd.Lanes),
                b2 = TSimd.Load(b + 2 * TSimd.Lanes), b3 = TSimd.Load(b + 3 * TSimd.Lanes);
            TVector a = TSimd.Splat(a0 + i);
            s00 = TSimd.Fma(a, b0, s00); s01 = TSimd.Fma(a, b1, s01);
            s02 = TSimd.Fma(a, b2, s02); s03 = TSimd.Fma(a, b3, s03);
            a = TSimd.Splat(a1 + i);
            s10 = TSimd.Fma(a, b0, s10); s11 = TSimd.Fma(a, b1, s11);
            s12 = TSimd.Fma(a, b2, s12); s13 = TSimd.Fma(a, b3, s13);
            a = TSimd.Splat(a2 + i);
            s20 = TSimd.Fma(a, b0, s20); s21 = TSimd.Fma(a, b1, s21);
            s22 = TSimd.Fma(a, b2, s22); s23 = TSimd.Fma(a, b3, s23);
            a = TSimd.Splat(a3 + i);
            s30 = TSimd.Fma(a, b0, s30); s31 = TSimd.Fma(a, b1, s31);
            s32 = TSimd.Fma(a, b2, s32); s33 = TSimd.Fma(a, b3, s33);
            a = TSimd.Splat(a4 + i);
            s40 = TSimd.Fma(a, b0, s40); s41 = TSimd.Fma(a, b1, s41);
            s42 = TSimd.Fma(a, b2, s42); s43 = TSimd.Fma(a, b3, s43);
            a = TSimd.Splat(a5 + i);
            s50 = TSimd.Fma(a, b0, s50); s51 = TSimd.Fma(a, b1, s51);
            s52 = TSimd.Fma(a, b2, s52); s53 = TSimd.Fma(a, b3, s53);
        }

        float* c = t.C;
        if (t.Add)
        {
            s00 = TSimd.Add(TSimd.Load(c), s00);
            s01 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s01);
            s02 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s02);
            s03 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s03);
            c += t.CRow;
            s10 = TSimd.Add(TSimd.Load(c), s10);
            s11 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s11);
            s12 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s12);
            s13 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s13);
            c += t.CRow;
            s20 = TSimd.Add(TSimd.Load(c), s20);
            s21 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s21);
            s22 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s22);
            s23 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s23);
            c += t.CRow;
            s30 = TSimd.Add(TSimd.Load(c), s30);
            s31 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s31);
            s32 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s32);
            s33 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s33);
            c += t.CRow;
            s40 = TSimd.Add(TSimd.Load(c), s40);
            s41 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s41);
            s42 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s42);
            s43 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s43);
            c += t.CRow;
            s50 = TSimd.Add(TSimd.Load(c), s50);
            s51 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s51);
            s52 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s52);
            s53 = TSimd.Add(TSimd.Load(c + 3 * TSimd.Lanes), s53);
            c = t.C;
        }

        TSimd.Store(s00, c);
        TSimd.Store(s01, c + TSimd.Lanes);
        TSimd.Store(s02, c + 2 * TSimd.Lanes);
        TSimd.Store(s03, c + 3 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s10, c);
        TSimd.Store(s11, c + TSimd.Lanes);
        TSimd.Store(s12, c + 2 * TSimd.Lanes);
        TSimd.Store(s13, c + 3 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s20, c);
        TSimd.Store(s21, c + TSimd.Lanes);
        TSimd.Store(s22, c + 2 * TSimd.Lanes);
        TSimd.Store(s23, c + 3 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s30, c);
        TSimd.Store(s31, c + TSimd.Lanes);
        TSimd.Store(s32, c + 2 * TSimd.Lanes);
        TSimd.Store(s33, c + 3 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s40, c);
        TSimd.Store(s41, c + TSimd.Lanes);
        TSimd.Store(s42, c + 2 * TSimd.Lanes);
        TSimd.Store(s43, c + 3 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s50, c);
        TSimd.Store(s51, c + TSimd.Lanes);
        TSimd.Store(s52, c + 2 * TSimd.Lanes);
        TSimd.Store(s53, c + 3 * TSimd.Lanes);
    }

    /// <summary>Six rows, three vectors of columns: 18 sums + 3 b + 1 a = 22 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile6x3<TSimd, TVector>(in TileArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* a0 = t.A;
        float* a1 = t.A + (t.Rows > 1 ? t.ARow : 0);
        float* a2 = t.A + (t.Rows > 2 ? 2 * t.ARow : 0);
        float* a3 = t.A + (t.Rows > 3 ? 3 * t.ARow : 0);
        float* a4 = t.A + (t.Rows > 4 ? 4 * t.ARow : 0);
        float* a5 = t.A + (t.Rows > 5 ? 5 * t.ARow : 0);
        float* b = t.B;
        nint bRow = t.BRow, aDepth = t.ADepth;
        TVector s00 = TSimd.Splat(t.Start + 0), s01 = s00, s02 = s00;
        TVector s10 = TSimd.Splat(t.Start + 1), s11 = s10, s12 = s10;
        TVector s20 = TSimd.Splat(t.Start + 2), s21 = s20, s22 = s20;
        TVector s30 = TSimd.Splat(t.Start + 3), s31 = s30, s32 = s30;
        TVector s40 = TSimd.Splat(t.Start + 4), s41 = s40, s42 = s40;
        TVector s50 = TSimd.Splat(t.Start + 5), s51 = s50, s52 = s50;
        nint i = 0;
        for (int k = t.Depth; k > 0; k--, b += bRow, i += aDepth)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + TSimd.Lanes),
                b2 = TSimd.Load(b + 2 * TSimd.Lanes);
            TVector a = TSimd.Splat(a0 + i);
            s00 = TSimd.Fma(a, b0, s00); s01 = TSimd.Fma(a, b1, s01);
            s02 = TSimd.Fma(a, b2, s02);
            a = TSimd.Splat(a1 + i);
            s10 = TSimd.Fma(a, b0, s10); s11 = TSimd.Fma(a, b1, s11);
            s12 = TSimd.Fma(a, b2, s12);
            a = TSimd.Splat(a2 + i);
            s20 = TSimd.Fma(a, b0, s20); s21 = TSimd.Fma(a, b1, s21);
            s22 = TSimd.Fma(a, b2, s22);
            a = TSimd.Splat(a3 + i);
            s30 = TSimd.Fma(a, b0, s30); s31 = TSimd.Fma(a, b1, s31);
            s32 = TSimd.Fma(a, b2, s32);
            a = TSimd.Splat(a4 + i);
            s40 = TSimd.Fma(a, b0, s40); s41 = TSimd.Fma(a, b1, s41);
            s42 = TSimd.Fma(a, b2, s42);
            a = TSimd.Splat(a5 + i);
            s50 = TSimd.Fma(a, b0, s50); s51 = TSimd.Fma(a, b1, s51);
            s52 = TSimd.Fma(a, b2, s52);
        }

        float* c = t.C;
        if (t.Add)
        {
            s00 = TSimd.Add(TSimd.Load(c), s00);
            s01 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s01);
            s02 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s02);
            c += t.CRow;
            s10 = TSimd.Add(TSimd.Load(c), s10);
            s11 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s11);
            s12 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s12);
            c += t.CRow;
            s20 = TSimd.Add(TSimd.Load(c), s20);
            s21 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s21);
            s22 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s22);
            c += t.CRow;
            s30 = TSimd.Add(TSimd.Load(c), s30);
            s31 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s31);
            s32 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s32);
            c += t.CRow;
            s40 = TSimd.Add(TSimd.Load(c), s40);
            s41 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s41);
            s42 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s42);
            c += t.CRow;
            s50 = TSimd.Add(TSimd.Load(c), s50);
            s51 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s51);
            s52 = TSimd.Add(TSimd.Load(c + 2 * TSimd.Lanes), s52);
            c = t.C;
        }

        TSimd.Store(s00, c);
        TSimd.Store(s01, c + TSimd.Lanes);
        TSimd.Store(s02, c + 2 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s10, c);
        TSimd.Store(s11, c + TSimd.Lanes);
        TSimd.Store(s12, c + 2 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s20, c);
        TSimd.Store(s21, c + TSimd.Lanes);
        TSimd.Store(s22, c + 2 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s30, c);
        TSimd.Store(s31, c + TSimd.Lanes);
        TSimd.Store(s32, c + 2 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s40, c);
        TSimd.Store(s41, c + TSimd.Lanes);
        TSimd.Store(s42, c + 2 * TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s50, c);
        TSimd.Store(s51, c + TSimd.Lanes);
        TSimd.Store(s52, c + 2 * TSimd.Lanes);
    }

    /// <summary>Six rows, two vectors of columns: 12 sums + 2 b + 1 a = 15 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile6x2<TSimd, TVector>(in TileArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* a0 = t.A;
        float* a1 = t.A + (t.Rows > 1 ? t.ARow : 0);
        float* a2 = t.A + (t.Rows > 2 ? 2 * t.ARow : 0);
        float* a3 = t.A + (t.Rows > 3 ? 3 * t.ARow : 0);
        float* a4 = t.A + (t.Rows > 4 ? 4 * t.ARow : 0);
        float* a5 = t.A + (t.Rows > 5 ? 5 * t.ARow : 0);
        float* b = t.B;
        nint bRow = t.BRow, aDepth = t.ADepth;
        TVector s00 = TSimd.Splat(t.Start + 0), s01 = s00;
        TVector s10 = TSimd.Splat(t.Start + 1), s11 = s10;
        TVector s20 = TSimd.Splat(t.Start + 2), s21 = s20;
        TVector s30 = TSimd.Splat(t.Start + 3), s31 = s30;
        TVector s40 = TSimd.Splat(t.Start + 4), s41 = s40;
        TVector s50 = TSimd.Splat(t.Start + 5), s51 = s50;
        nint i = 0;
        for (int k = t.Depth; k > 0; k--, b += bRow, i += aDepth)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + TSimd.Lanes);
            TVector a = TSimd.Splat(a0 + i);
            s00 = TSimd.Fma(a, b0, s00); s01 = TSimd.Fma(a, b1, s01);
            a = TSimd.Splat(a1 + i);
            s10 = TSimd.Fma(a, b0, s10); s11 = TSimd.Fma(a, b1, s11);
            a = TSimd.Splat(a2 + i);
            s20 = TSimd.Fma(a, b0, s20); s21 = TSimd.Fma(a, b1, s21);
            a = TSimd.Splat(a3 + i);
            s30 = TSimd.Fma(a, b0, s30); s31 = TSimd.Fma(a, b1, s31);
            a = TSimd.Splat(a4 + i);
            s40 = TSimd.Fma(a, b0, s40); s41 = TSimd.Fma(a, b1, s41);
            a = TSimd.Splat(a5 + i);
            s50 = TSimd.Fma(a, b0, s50); s51 = TSimd.Fma(a, b1, s51);
        }

        float* c = t.C;
        if (t.Add)
        {
            s00 = TSimd.Add(TSimd.Load(c), s00);
            s01 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s01);
            c += t.CRow;
            s10 = TSimd.Add(TSimd.Load(c), s10);
            s11 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s11);
            c += t.CRow;
            s20 = TSimd.Add(TSimd.Load(c), s20);
            s21 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s21);
            c += t.CRow;
            s30 = TSimd.Add(TSimd.Load(c), s30);
            s31 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s31);
            c += t.CRow;
            s40 = TSimd.Add(TSimd.Load(c), s40);
            s41 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s41);
            c += t.CRow;
            s50 = TSimd.Add(TSimd.Load(c), s50);
            s51 = TSimd.Add(TSimd.Load(c + TSimd.Lanes), s51);
            c = t.C;
        }

        TSimd.Store(s00, c);
        TSimd.Store(s01, c + TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s10, c);
        TSimd.Store(s11, c + TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s20, c);
        TSimd.Store(s21, c + TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s30, c);
        TSimd.Store(s31, c + TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s40, c);
        TSimd.Store(s41, c + TSimd.Lanes);
        c += t.CRow;
        TSimd.Store(s50, c);
        TSimd.Store(s51, c + TSimd.Lanes);
    }

    /// <summary>Six rows, one vector of columns: 6 sums + 1 b + 1 a = 8 vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile6x1<TSimd, TVector>(in TileArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* a0 = t.A;
        float* a1 = t.A + (t.Rows > 1 ? t.ARow : 0);
        float* a2 = t.A + (t.Rows > 2 ? 2 * t.ARow : 0);
        float* a3 = t.A + (t.Rows > 3 ? 3 * t.ARow : 0);
        float* a4 = t.A + (t.Rows > 4 ? 4 * t.ARow : 0);
        float* a5 = t.A + (t.Rows > 5 ? 5 * t.ARow : 0);
        float* b = t.B;
        nint bRow = t.BRow, aDepth = t.ADepth;
        TVector s00 = TSimd.Splat(t.Start + 0);
        TVector s10 = TSimd.Splat(t.Start + 1);
        TVector s20 = TSimd.Splat(t.Start + 2);
        TVector s30 = TSimd.Splat(t.Start + 3);
        TVector s40 = TSimd.Splat(t.Start + 4);
        TVector s50 = TSimd.Splat(t.Start + 5);
        nint i = 0;
        for (int k = t.Depth; k > 0; k--, b += bRow, i += aDepth)
        {
            TVector b0 = TSimd.Load(b);
            TVector a = TSimd.Splat(a0 + i);
            s00 = TSimd.Fma(a, b0, s00);
            a = TSimd.Splat(a1 + i);
            s10 = TSimd.Fma(a, b0, s10);
            a = TSimd.Splat(a2 + i);
            s20 = TSimd.Fma(a, b0, s20);
            a = TSimd.Splat(a3 + i);
            s30 = TSimd.Fma(a, b0, s30);
            a = TSimd.Splat(a4 + i);
            s40 = TSimd.Fma(a, b0, s40);
            a = TSimd.Splat(a5 + i);
            s50 = TSimd.Fma(a, b0, s50);
        }

        float* c = t.C;
        if (t.Add)
        {
            s00 = TSimd.Add(TSimd.Load(c), s00);
            c += t.CRow;
            s10 = TSimd.Add(TSimd.Load(c), s10);
            c += t.CRow;
            s20 = TSimd.Add(TSimd.Load(c), s20);
            c += t.CRow;
            s30 = TSimd.Add(TSimd.Load(c), s30);
            c += t.CRow;
            s40 = TSimd.Add(TSimd.Load(c), s40);
            c += t.CRow;
            s50 = TSimd.Add(TSimd.Load(c), s50);
            c = t.C;
        }

        TSimd.Store(s00, c);
        c += t.CRow;
        TSimd.Store(s10, c);
        c += t.CRow;
        TSimd.Store(s20, c);
        c += t.CRow;
        TSimd.Store(s30, c);
        c += t.CRow;
        TSimd.Store(s40, c);
        c += t.CRow;
        TSimd.Store(s50, c);
    }
}
