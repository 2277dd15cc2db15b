using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// What a register tile of a stem's weight gradient works on: <c>to[t][v·L] += Σ_p x[offsets[t] + p·step]·dz[v·block +
/// p·L]</c> for one or two vectors v of output channels and some taps t, over runs of pixels.
/// </summary>
internal unsafe struct BlockedStemGradientTile
{
    /// <summary>What the offsets count from, at the first pixel.</summary>
    public float* X;

    /// <summary>Floats from one run to the next.</summary>
    public nint XRun;

    /// <summary>An offset for each tap.</summary>
    public int* Offsets;

    /// <summary>First pixel of the first vector.</summary>
    public float* Dz;

    /// <summary>Floats from one vector to the next.</summary>
    public nint DzBlock;

    /// <summary>Floats from one run to the next.</summary>
    public nint DzRun;

    /// <summary>Runs.</summary>
    public int Runs;

    /// <summary>Pixels of a run.</summary>
    public int Pixels;

    /// <summary>What the sums are added to, <c>[taps][vectors·L]</c>.</summary>
    public float* To;
}

/// <summary>Register tiles of one or two vectors of output channels by some taps: at most 18 sums, two vectors of dz
/// and a number of x in every lane; with 16 registers at most 12 sums.</summary>
internal static unsafe class BlockedStemGradientTiles<TSimd, TVector, TStep>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TStep : struct, IPixelStep
{
    /// <summary>Taps of the next tile where so many are left.</summary>
    public static int Taps(int vectors, int left) =>
        left >= 9 && (vectors == 1 || TSimd.Lanes >= 16) ? 9 : left >= 6 && vectors == 2 ? 6 : left >= 3 ? 3 : 1;

    /// <summary>Adds what a tile's pixels give.</summary>
    /// <param name="vectors">1 or 2.</param>
    /// <param name="taps">What <see cref="Taps"/> says.</param>
    /// <param name="t">The tile.</param>
    public static void Run(int vectors, int taps, BlockedStemGradientTile* t)
    {
        switch (vectors * 16 + taps)
        {
            case 2 * 16 + 9:
                Tile2x9(t);
                break;
            case 2 * 16 + 6:
                Tile2x6(t);
                break;
            case 2 * 16 + 3:
                Tile2x3(t);
                break;
            case 2 * 16 + 1:
                Tile2x1(t);
                break;
            case 1 * 16 + 9:
                Tile1x9(t);
                break;
            case 1 * 16 + 3:
                Tile1x3(t);
                break;
            default:
                Tile1x1(t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x9(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3], o4 = offsets[4], o5 = offsets[5],
            o6 = offsets[6], o7 = offsets[7], o8 = offsets[8];
        nint block = t->DzBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0, b8 = b0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), d1 = TSimd.Load(q + block), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0); b0 = TSimd.Fma(k, d1, b0);
                k = TSimd.Splat(p + o1);
                a1 = TSimd.Fma(k, d0, a1); b1 = TSimd.Fma(k, d1, b1);
                k = TSimd.Splat(p + o2);
                a2 = TSimd.Fma(k, d0, a2); b2 = TSimd.Fma(k, d1, b2);
                k = TSimd.Splat(p + o3);
                a3 = TSimd.Fma(k, d0, a3); b3 = TSimd.Fma(k, d1, b3);
                k = TSimd.Splat(p + o4);
                a4 = TSimd.Fma(k, d0, a4); b4 = TSimd.Fma(k, d1, b4);
                k = TSimd.Splat(p + o5);
                a5 = TSimd.Fma(k, d0, a5); b5 = TSimd.Fma(k, d1, b5);
                k = TSimd.Splat(p + o6);
                a6 = TSimd.Fma(k, d0, a6); b6 = TSimd.Fma(k, d1, b6);
                k = TSimd.Splat(p + o7);
                a7 = TSimd.Fma(k, d0, a7); b7 = TSimd.Fma(k, d1, b7);
                k = TSimd.Splat(p + o8);
                a8 = TSimd.Fma(k, d0, a8); b8 = TSimd.Fma(k, d1, b8);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), b0), to + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 2 * TSimd.Lanes), a1), to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 3 * TSimd.Lanes), b1), to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 4 * TSimd.Lanes), a2), to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 5 * TSimd.Lanes), b2), to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 6 * TSimd.Lanes), a3), to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 7 * TSimd.Lanes), b3), to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 8 * TSimd.Lanes), a4), to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 9 * TSimd.Lanes), b4), to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 10 * TSimd.Lanes), a5), to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 11 * TSimd.Lanes), b5), to + 11 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 12 * TSimd.Lanes), a6), to + 12 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 13 * TSimd.Lanes), b6), to + 13 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 14 * TSimd.Lanes), a7), to + 14 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 15 * TSimd.Lanes), b7), to + 15 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 16 * TSimd.Lanes), a8), to + 16 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 17 * TSimd.Lanes), b8), to + 17 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x6(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3], o4 = offsets[4], o5 = offsets[5];
        nint block = t->DzBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), d1 = TSimd.Load(q + block), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0); b0 = TSimd.Fma(k, d1, b0);
                k = TSimd.Splat(p + o1);
                a1 = TSimd.Fma(k, d0, a1); b1 = TSimd.Fma(k, d1, b1);
                k = TSimd.Splat(p + o2);
                a2 = TSimd.Fma(k, d0, a2); b2 = TSimd.Fma(k, d1, b2);
                k = TSimd.Splat(p + o3);
                a3 = TSimd.Fma(k, d0, a3); b3 = TSimd.Fma(k, d1, b3);
                k = TSimd.Splat(p + o4);
                a4 = TSimd.Fma(k, d0, a4); b4 = TSimd.Fma(k, d1, b4);
                k = TSimd.Splat(p + o5);
                a5 = TSimd.Fma(k, d0, a5); b5 = TSimd.Fma(k, d1, b5);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), b0), to + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 2 * TSimd.Lanes), a1), to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 3 * TSimd.Lanes), b1), to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 4 * TSimd.Lanes), a2), to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 5 * TSimd.Lanes), b2), to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 6 * TSimd.Lanes), a3), to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 7 * TSimd.Lanes), b3), to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 8 * TSimd.Lanes), a4), to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 9 * TSimd.Lanes), b4), to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 10 * TSimd.Lanes), a5), to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 11 * TSimd.Lanes), b5), to + 11 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x3(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2];
        nint block = t->DzBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), d1 = TSimd.Load(q + block), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0); b0 = TSimd.Fma(k, d1, b0);
                k = TSimd.Splat(p + o1);
                a1 = TSimd.Fma(k, d0, a1); b1 = TSimd.Fma(k, d1, b1);
                k = TSimd.Splat(p + o2);
                a2 = TSimd.Fma(k, d0, a2); b2 = TSimd.Fma(k, d1, b2);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), b0), to + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 2 * TSimd.Lanes), a1), to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 3 * TSimd.Lanes), b1), to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 4 * TSimd.Lanes), a2), to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 5 * TSimd.Lanes), b2), to + 5 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x1(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = *offsets;
        nint block = t->DzBlock;
        TVector a0 = TSimd.Zero;
        TVector b0 = TSimd.Zero;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), d1 = TSimd.Load(q + block), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0); b0 = TSimd.Fma(k, d1, b0);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), b0), to + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x9(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3], o4 = offsets[4], o5 = offsets[5],
            o6 = offsets[6], o7 = offsets[7], o8 = offsets[8];
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0);
                k = TSimd.Splat(p + o1);
                a1 = TSimd.Fma(k, d0, a1);
                k = TSimd.Splat(p + o2);
                a2 = TSimd.Fma(k, d0, a2);
                k = TSimd.Splat(p + o3);
                a3 = TSimd.Fma(k, d0, a3);
                k = TSimd.Splat(p + o4);
                a4 = TSimd.Fma(k, d0, a4);
                k = TSimd.Splat(p + o5);
                a5 = TSimd.Fma(k, d0, a5);
                k = TSimd.Splat(p + o6);
                a6 = TSimd.Fma(k, d0, a6);
                k = TSimd.Splat(p + o7);
                a7 = TSimd.Fma(k, d0, a7);
                k = TSimd.Splat(p + o8);
                a8 = TSimd.Fma(k, d0, a8);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), a1), to + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 2 * TSimd.Lanes), a2), to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 3 * TSimd.Lanes), a3), to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 4 * TSimd.Lanes), a4), to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 5 * TSimd.Lanes), a5), to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 6 * TSimd.Lanes), a6), to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 7 * TSimd.Lanes), a7), to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 8 * TSimd.Lanes), a8), to + 8 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x3(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2];
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0);
                k = TSimd.Splat(p + o1);
                a1 = TSimd.Fma(k, d0, a1);
                k = TSimd.Splat(p + o2);
                a2 = TSimd.Fma(k, d0, a2);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
        TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Lanes), a1), to + TSimd.Lanes);
        TSimd.Store(TSimd.Add(TSimd.Load(to + 2 * TSimd.Lanes), a2), to + 2 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(BlockedStemGradientTile* t)
    {
        float* x = t->X, dz = t->Dz;
        int* offsets = t->Offsets;
        nint o0 = *offsets;
        TVector a0 = TSimd.Zero;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, dz += t->DzRun)
        {
            float* p = x, q = dz;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TStep.Floats(TSimd.Lanes), q += TSimd.Lanes)
            {
                TVector d0 = TSimd.Load(q), k = TSimd.Splat(p + o0);
                a0 = TSimd.Fma(k, d0, a0);
            }
        }

        float* to = t->To;
        TSimd.Store(TSimd.Add(TSimd.Load(to), a0), to);
    }
}
