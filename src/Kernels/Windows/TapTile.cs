using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// A block of weight gradients of some planes: <c>sum[m, q] += Σ_{h,v} dy[h, v]·x[h·HPitch + m·RowPitch + t_q + v]</c>,
/// for a run of kernel rows m and some kernel columns q, lane by lane (the lanes are added up when every image is
/// done). Each row of dy is loaded once for all taps. Registers: up to 25 sums + 1 on AVX-512, 9 + 1 elsewhere.
/// </summary>
internal unsafe struct TapTile
{
    /// <summary>Padded plane, moved to the run's first row.</summary>
    public float* Source;

    /// <summary>Elements between the source rows of neighbouring output rows.</summary>
    public nint HPitch;

    /// <summary>Elements between the source rows of neighbouring taps of the run.</summary>
    public nint RowPitch;

    /// <summary>First of the kernel columns.</summary>
    public ColumnTap* Taps;

    /// <summary>Planes that are added up in one go.</summary>
    public int Planes;

    /// <summary>Elements from one plane of the source to the next.</summary>
    public nint Plane;

    /// <summary>Elements from one plane of dy to the next.</summary>
    public nint DyPlane;

    /// <summary>Output gradient, <c>[Height, Width]</c>.</summary>
    public float* Dy;

    /// <summary>Output rows.</summary>
    public int Height;

    /// <summary>Output columns.</summary>
    public int Width;

    /// <summary>Vectors of sums, of the run's first kernel row; column <c>kw</c> stands <c>kw</c> vectors on.</summary>
    public float* Sums;

    /// <summary>Elements between the sums of neighbouring taps of the run.</summary>
    public nint RowSums;

    /// <summary>Adds the planes to the sums of <paramref name="rows"/> × <paramref name="columns"/> taps (each 1, 2, 3
    /// or 5).</summary>
    public static void Run<TSimd, TVector>(TapTile* tile, int rows, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (rows)
        {
            case 1: Run<TSimd, TVector, One>(tile, columns); break;
            case 2: Run<TSimd, TVector, Two>(tile, columns); break;
            case 3: Run<TSimd, TVector, Three>(tile, columns); break;
            default: Run<TSimd, TVector, Five>(tile, columns); break;
        }
    }

    private static void Run<TSimd, TVector, TRows>(TapTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRows : struct, ICount
    {
        switch (columns)
        {
            case 1: Run<TSimd, TVector, TRows, One>(tile); break;
            case 2: Run<TSimd, TVector, TRows, Two>(tile); break;
            case 3: Run<TSimd, TVector, TRows, Three>(tile); break;
            default: Run<TSimd, TVector, TRows, Five>(tile); break;
        }
    }

    private static void Run<TSimd, TVector, TRows, TColumns>(TapTile* tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRows : struct, ICount
        where TColumns : struct, ICount
    {
        int whole = tile->Width / TSimd.Lanes * TSimd.Lanes;
        if (whole > 0)
        {
            Tile<TSimd, TVector, TRows, TColumns>(tile, 0, whole);
        }

        if (whole < tile->Width)
        {
            Tail<TSimd, TVector, TRows, TColumns>(tile, whole, tile->Width - whole);
        }
    }

    /// <summary>Whole vectors.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TSimd, TVector, TRows, TColumns>(TapTile* tile, int first, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRows : struct, ICount
        where TColumns : struct, ICount
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero, s04 = TSimd.Zero,
            s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero, s14 = TSimd.Zero,
            s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero, s24 = TSimd.Zero,
            s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero, s34 = TSimd.Zero,
            s40 = TSimd.Zero, s41 = TSimd.Zero, s42 = TSimd.Zero, s43 = TSimd.Zero, s44 = TSimd.Zero;
        nint pitch = tile->RowPitch;
        ColumnTap* taps = tile->Taps;
        nint t0 = taps[0].Source;
        nint t1 = TColumns.Value > 1 ? taps[1].Source : t0;
        nint t2 = TColumns.Value > 2 ? taps[2].Source : t0;
        nint t3 = TColumns.Value > 3 ? taps[3].Source : t0;
        nint t4 = TColumns.Value > 4 ? taps[4].Source : t0;
        int planes = tile->Planes, height = tile->Height;
        nint hPitch = tile->HPitch, width = tile->Width;
        nint nextSource = tile->Plane - height * hPitch, nextDy = tile->DyPlane - height * width;
        float* dy = tile->Dy + first;
        float* source = tile->Source + first;
        for (int h = height; planes > 0; dy += width, source += hPitch)
        {
            for (int v = 0; v < count; v += TSimd.Lanes)
            {
                TVector d = TSimd.Load(dy + v);
                float* x = source + v;
                s00 = TSimd.Fma(d, TSimd.Load(x + t0), s00);
                if (TColumns.Value > 1) s01 = TSimd.Fma(d, TSimd.Load(x + t1), s01);
                if (TColumns.Value > 2) s02 = TSimd.Fma(d, TSimd.Load(x + t2), s02);
                if (TColumns.Value > 3) s03 = TSimd.Fma(d, TSimd.Load(x + t3), s03);
                if (TColumns.Value > 4) s04 = TSimd.Fma(d, TSimd.Load(x + t4), s04);

                if (TRows.Value > 1)
                {
                    x += pitch;
                    s10 = TSimd.Fma(d, TSimd.Load(x + t0), s10);
                    if (TColumns.Value > 1) s11 = TSimd.Fma(d, TSimd.Load(x + t1), s11);
                    if (TColumns.Value > 2) s12 = TSimd.Fma(d, TSimd.Load(x + t2), s12);
                    if (TColumns.Value > 3) s13 = TSimd.Fma(d, TSimd.Load(x + t3), s13);
                    if (TColumns.Value > 4) s14 = TSimd.Fma(d, TSimd.Load(x + t4), s14);
                }

                if (TRows.Value > 2)
                {
                    x += pitch;
                    s20 = TSimd.Fma(d, TSimd.Load(x + t0), s20);
                    if (TColumns.Value > 1) s21 = TSimd.Fma(d, TSimd.Load(x + t1), s21);
                    if (TColumns.Value > 2) s22 = TSimd.Fma(d, TSimd.Load(x + t2), s22);
                    if (TColumns.Value > 3) s23 = TSimd.Fma(d, TSimd.Load(x + t3), s23);
                    if (TColumns.Value > 4) s24 = TSimd.Fma(d, TSimd.Load(x + t4), s24);
                }

                if (TRows.Value > 3)
                {
                    x += pitch;
                    s30 = TSimd.Fma(d, TSimd.Load(x + t0), s30);
                    if (TColumns.Value > 1) s31 = TSimd.Fma(d, TSimd.Load(x + t1), s31);
                    if (TColumns.Value > 2) s32 = TSimd.Fma(d, TSimd.Load(x + t2), s32);
                    if (TColumns.Value > 3) s33 = TSimd.Fma(d, TSimd.Load(x + t3), s33);
                    if (TColumns.Value > 4) s34 = TSimd.Fma(d, TSimd.Load(x + t4), s34);
                }

                if (TRows.Value > 4)
                {
                    x += pitch;
                    s40 = TSimd.Fma(d, TSimd.Load(x + t0), s40);
                    if (TColumns.Value > 1) s41 = TSimd.Fma(d, TSimd.Load(x + t1), s41);
                    if (TColumns.Value > 2) s42 = TSimd.Fma(d, TSimd.Load(x + t2), s42);
                    if (TColumns.Value > 3) s43 = TSimd.Fma(d, TSimd.Load(x + t3), s43);
                    if (TColumns.Value > 4) s44 = TSimd.Fma(d, TSimd.Load(x + t4), s44);
                }
            }

            if (--h == 0)
            {
                planes--;
                h = height;
                dy += nextDy;
                source += nextSource;
            }
        }

        float* sums = tile->Sums;
        float* at0 = sums + taps[0].Weight * TSimd.Lanes;
        float* at1 = TColumns.Value > 1 ? sums + taps[1].Weight * TSimd.Lanes : at0;
        float* at2 = TColumns.Value > 2 ? sums + taps[2].Weight * TSimd.Lanes : at0;
        float* at3 = TColumns.Value > 3 ? sums + taps[3].Weight * TSimd.Lanes : at0;
        float* at4 = TColumns.Value > 4 ? sums + taps[4].Weight * TSimd.Lanes : at0;
        nint rowSums = tile->RowSums;
        Add<TSimd, TVector>(s00, at0);
        if (TColumns.Value > 1) Add<TSimd, TVector>(s01, at1);
        if (TColumns.Value > 2) Add<TSimd, TVector>(s02, at2);
        if (TColumns.Value > 3) Add<TSimd, TVector>(s03, at3);
        if (TColumns.Value > 4) Add<TSimd, TVector>(s04, at4);
        if (TRows.Value > 1) Add<TSimd, TVector>(s10, at0 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 1) Add<TSimd, TVector>(s11, at1 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 2) Add<TSimd, TVector>(s12, at2 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 3) Add<TSimd, TVector>(s13, at3 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 4) Add<TSimd, TVector>(s14, at4 + rowSums);
        if (TRows.Value > 2) Add<TSimd, TVector>(s20, at0 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 1) Add<TSimd, TVector>(s21, at1 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 2) Add<TSimd, TVector>(s22, at2 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 3) Add<TSimd, TVector>(s23, at3 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 4) Add<TSimd, TVector>(s24, at4 + 2 * rowSums);
        if (TRows.Value > 3) Add<TSimd, TVector>(s30, at0 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 1) Add<TSimd, TVector>(s31, at1 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 2) Add<TSimd, TVector>(s32, at2 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 3) Add<TSimd, TVector>(s33, at3 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 4) Add<TSimd, TVector>(s34, at4 + 3 * rowSums);
        if (TRows.Value > 4) Add<TSimd, TVector>(s40, at0 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 1) Add<TSimd, TVector>(s41, at1 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 2) Add<TSimd, TVector>(s42, at2 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 3) Add<TSimd, TVector>(s43, at3 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 4) Add<TSimd, TVector>(s44, at4 + 4 * rowSums);
    }

    /// <summary>The last columns. Lanes beyond the map are not loaded from x: a number that no output reads must not
    /// meet the zeros of dy.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tail<TSimd, TVector, TRows, TColumns>(TapTile* tile, int first, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRows : struct, ICount
        where TColumns : struct, ICount
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero, s04 = TSimd.Zero,
            s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero, s14 = TSimd.Zero,
            s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero, s24 = TSimd.Zero,
            s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero, s34 = TSimd.Zero,
            s40 = TSimd.Zero, s41 = TSimd.Zero, s42 = TSimd.Zero, s43 = TSimd.Zero, s44 = TSimd.Zero;
        nint pitch = tile->RowPitch;
        ColumnTap* taps = tile->Taps;
        nint t0 = taps[0].Source;
        nint t1 = TColumns.Value > 1 ? taps[1].Source : t0;
        nint t2 = TColumns.Value > 2 ? taps[2].Source : t0;
        nint t3 = TColumns.Value > 3 ? taps[3].Source : t0;
        nint t4 = TColumns.Value > 4 ? taps[4].Source : t0;
        int planes = tile->Planes, height = tile->Height;
        nint hPitch = tile->HPitch, width = tile->Width;
        nint nextSource = tile->Plane - height * hPitch, nextDy = tile->DyPlane - height * width;
        float* dy = tile->Dy + first;
        float* source = tile->Source + first;
        for (int h = height; planes > 0; dy += width, source += hPitch)
        {
            TVector d = TSimd.LoadPartial(dy, count);
            float* x = source;
            s00 = TSimd.Fma(d, TSimd.LoadPartial(x + t0, count), s00);
            if (TColumns.Value > 1) s01 = TSimd.Fma(d, TSimd.LoadPartial(x + t1, count), s01);
            if (TColumns.Value > 2) s02 = TSimd.Fma(d, TSimd.LoadPartial(x + t2, count), s02);
            if (TColumns.Value > 3) s03 = TSimd.Fma(d, TSimd.LoadPartial(x + t3, count), s03);
            if (TColumns.Value > 4) s04 = TSimd.Fma(d, TSimd.LoadPartial(x + t4, count), s04);

            if (TRows.Value > 1)
            {
                x += pitch;
                s10 = TSimd.Fma(d, TSimd.LoadPartial(x + t0, count), s10);
                if (TColumns.Value > 1) s11 = TSimd.Fma(d, TSimd.LoadPartial(x + t1, count), s11);
                if (TColumns.Value > 2) s12 = TSimd.Fma(d, TSimd.LoadPartial(x + t2, count), s12);
                if (TColumns.Value > 3) s13 = TSimd.Fma(d, TSimd.LoadPartial(x + t3, count), s13);
                if (TColumns.Value > 4) s14 = TSimd.Fma(d, TSimd.LoadPartial(x + t4, count), s14);
            }

            if (TRows.Value > 2)
            {
                x += pitch;
                s20 = TSimd.Fma(d, TSimd.LoadPartial(x + t0, count), s20);
                if (TColumns.Value > 1) s21 = TSimd.Fma(d, TSimd.LoadPartial(x + t1, count), s21);
                if (TColumns.Value > 2) s22 = TSimd.Fma(d, TSimd.LoadPartial(x + t2, count), s22);
                if (TColumns.Value > 3) s23 = TSimd.Fma(d, TSimd.LoadPartial(x + t3, count), s23);
                if (TColumns.Value > 4) s24 = TSimd.Fma(d, TSimd.LoadPartial(x + t4, count), s24);
            }

            if (TRows.Value > 3)
            {
                x += pitch;
                s30 = TSimd.Fma(d, TSimd.LoadPartial(x + t0, count), s30);
                if (TColumns.Value > 1) s31 = TSimd.Fma(d, TSimd.LoadPartial(x + t1, count), s31);
                if (TColumns.Value > 2) s32 = TSimd.Fma(d, TSimd.LoadPartial(x + t2, count), s32);
                if (TColumns.Value > 3) s33 = TSimd.Fma(d, TSimd.LoadPartial(x + t3, count), s33);
                if (TColumns.Value > 4) s34 = TSimd.Fma(d, TSimd.LoadPartial(x + t4, count), s34);
            }

            if (TRows.Value > 4)
            {
                x += pitch;
                s40 = TSimd.Fma(d, TSimd.LoadPartial(x + t0, count), s40);
                if (TColumns.Value > 1) s41 = TSimd.Fma(d, TSimd.LoadPartial(x + t1, count), s41);
                if (TColumns.Value > 2) s42 = TSimd.Fma(d, TSimd.LoadPartial(x + t2, count), s42);
                if (TColumns.Value > 3) s43 = TSimd.Fma(d, TSimd.LoadPartial(x + t3, count), s43);
                if (TColumns.Value > 4) s44 = TSimd.Fma(d, TSimd.LoadPartial(x + t4, count), s44);
            }

            if (--h == 0)
            {
                planes--;
                h = height;
                dy += nextDy;
                source += nextSource;
            }
        }

        float* sums = tile->Sums;
        float* at0 = sums + taps[0].Weight * TSimd.Lanes;
        float* at1 = TColumns.Value > 1 ? sums + taps[1].Weight * TSimd.Lanes : at0;
        float* at2 = TColumns.Value > 2 ? sums + taps[2].Weight * TSimd.Lanes : at0;
        float* at3 = TColumns.Value > 3 ? sums + taps[3].Weight * TSimd.Lanes : at0;
        float* at4 = TColumns.Value > 4 ? sums + taps[4].Weight * TSimd.Lanes : at0;
        nint rowSums = tile->RowSums;
        Add<TSimd, TVector>(s00, at0);
        if (TColumns.Value > 1) Add<TSimd, TVector>(s01, at1);
        if (TColumns.Value > 2) Add<TSimd, TVector>(s02, at2);
        if (TColumns.Value > 3) Add<TSimd, TVector>(s03, at3);
        if (TColumns.Value > 4) Add<TSimd, TVector>(s04, at4);
        if (TRows.Value > 1) Add<TSimd, TVector>(s10, at0 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 1) Add<TSimd, TVector>(s11, at1 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 2) Add<TSimd, TVector>(s12, at2 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 3) Add<TSimd, TVector>(s13, at3 + rowSums);
        if (TRows.Value > 1 && TColumns.Value > 4) Add<TSimd, TVector>(s14, at4 + rowSums);
        if (TRows.Value > 2) Add<TSimd, TVector>(s20, at0 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 1) Add<TSimd, TVector>(s21, at1 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 2) Add<TSimd, TVector>(s22, at2 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 3) Add<TSimd, TVector>(s23, at3 + 2 * rowSums);
        if (TRows.Value > 2 && TColumns.Value > 4) Add<TSimd, TVector>(s24, at4 + 2 * rowSums);
        if (TRows.Value > 3) Add<TSimd, TVector>(s30, at0 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 1) Add<TSimd, TVector>(s31, at1 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 2) Add<TSimd, TVector>(s32, at2 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 3) Add<TSimd, TVector>(s33, at3 + 3 * rowSums);
        if (TRows.Value > 3 && TColumns.Value > 4) Add<TSimd, TVector>(s34, at4 + 3 * rowSums);
        if (TRows.Value > 4) Add<TSimd, TVector>(s40, at0 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 1) Add<TSimd, TVector>(s41, at1 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 2) Add<TSimd, TVector>(s42, at2 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 3) Add<TSimd, TVector>(s43, at3 + 4 * rowSums);
        if (TRows.Value > 4 && TColumns.Value > 4) Add<TSimd, TVector>(s44, at4 + 4 * rowSums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TSimd, TVector>(TVector sum, float* at)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Store(TSimd.Add(TSimd.Load(at), sum), at);
}
