using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Register tiles of some pixels by one vector of output channels: every multiply-add takes its number of
/// x from memory into all lanes.</summary>
internal static unsafe class BlockedTiles1<TSimd, TVector, TStep, TEnd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TStep : struct, IPixelStep
    where TEnd : struct, IActivationFunction
{
    /// <summary>Computes some tiles, one behind the other.</summary>
    /// <param name="pixels">One of 28, 14, 12, 8, 7, 6, 5, 4, 3, 2, 1.</param>
    /// <param name="t">The first tile.</param>
    public static void Run(int pixels, BlockedTile* t)
    {
        switch (pixels)
        {
            case 28:
                Tile28x1(t);
                break;
            case 14:
                Tile14x1(t);
                break;
            case 12:
                Tile12x1(t);
                break;
            case 8:
                Tile8x1(t);
                break;
            case 7:
                Tile7x1(t);
                break;
            case 6:
                Tile6x1(t);
                break;
            case 5:
                Tile5x1(t);
                break;
            case 4:
                Tile4x1(t);
                break;
            case 3:
                Tile3x1(t);
                break;
            case 2:
                Tile2x1(t);
                break;
            default:
                Tile1x1(t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile28x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 28 * step, to += 28 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0,
                a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0, a15 = a0, a16 = a0, a17 = a0, a18 = a0,
                a19 = a0, a20 = a0, a21 = a0, a22 = a0, a23 = a0, a24 = a0, a25 = a0, a26 = a0, a27 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
                a6 = TSimd.Fma(TSimd.Splat(p + 6 * step), w0, a6);
                a7 = TSimd.Fma(TSimd.Splat(p + 7 * step), w0, a7);
                a8 = TSimd.Fma(TSimd.Splat(p + 8 * step), w0, a8);
                a9 = TSimd.Fma(TSimd.Splat(p + 9 * step), w0, a9);
                a10 = TSimd.Fma(TSimd.Splat(p + 10 * step), w0, a10);
                a11 = TSimd.Fma(TSimd.Splat(p + 11 * step), w0, a11);
                a12 = TSimd.Fma(TSimd.Splat(p + 12 * step), w0, a12);
                a13 = TSimd.Fma(TSimd.Splat(p + 13 * step), w0, a13);
                a14 = TSimd.Fma(TSimd.Splat(p + 14 * step), w0, a14);
                a15 = TSimd.Fma(TSimd.Splat(p + 15 * step), w0, a15);
                a16 = TSimd.Fma(TSimd.Splat(p + 16 * step), w0, a16);
                a17 = TSimd.Fma(TSimd.Splat(p + 17 * step), w0, a17);
                a18 = TSimd.Fma(TSimd.Splat(p + 18 * step), w0, a18);
                a19 = TSimd.Fma(TSimd.Splat(p + 19 * step), w0, a19);
                a20 = TSimd.Fma(TSimd.Splat(p + 20 * step), w0, a20);
                a21 = TSimd.Fma(TSimd.Splat(p + 21 * step), w0, a21);
                a22 = TSimd.Fma(TSimd.Splat(p + 22 * step), w0, a22);
                a23 = TSimd.Fma(TSimd.Splat(p + 23 * step), w0, a23);
                a24 = TSimd.Fma(TSimd.Splat(p + 24 * step), w0, a24);
                a25 = TSimd.Fma(TSimd.Splat(p + 25 * step), w0, a25);
                a26 = TSimd.Fma(TSimd.Splat(p + 26 * step), w0, a26);
                a27 = TSimd.Fma(TSimd.Splat(p + 27 * step), w0, a27);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a7), to + 7 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a8), to + 8 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a9), to + 9 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a10), to + 10 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a11), to + 11 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a12), to + 12 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a13), to + 13 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a14), to + 14 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a15), to + 15 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a16), to + 16 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a17), to + 17 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a18), to + 18 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a19), to + 19 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a20), to + 20 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a21), to + 21 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a22), to + 22 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a23), to + 23 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a24), to + 24 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a25), to + 25 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a26), to + 26 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a27), to + 27 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile14x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 14 * step, to += 14 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0,
                a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
                a6 = TSimd.Fma(TSimd.Splat(p + 6 * step), w0, a6);
                a7 = TSimd.Fma(TSimd.Splat(p + 7 * step), w0, a7);
                a8 = TSimd.Fma(TSimd.Splat(p + 8 * step), w0, a8);
                a9 = TSimd.Fma(TSimd.Splat(p + 9 * step), w0, a9);
                a10 = TSimd.Fma(TSimd.Splat(p + 10 * step), w0, a10);
                a11 = TSimd.Fma(TSimd.Splat(p + 11 * step), w0, a11);
                a12 = TSimd.Fma(TSimd.Splat(p + 12 * step), w0, a12);
                a13 = TSimd.Fma(TSimd.Splat(p + 13 * step), w0, a13);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a7), to + 7 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a8), to + 8 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a9), to + 9 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a10), to + 10 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a11), to + 11 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a12), to + 12 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a13), to + 13 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 12 * step, to += 12 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0,
                a9 = a0, a10 = a0, a11 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
                a6 = TSimd.Fma(TSimd.Splat(p + 6 * step), w0, a6);
                a7 = TSimd.Fma(TSimd.Splat(p + 7 * step), w0, a7);
                a8 = TSimd.Fma(TSimd.Splat(p + 8 * step), w0, a8);
                a9 = TSimd.Fma(TSimd.Splat(p + 9 * step), w0, a9);
                a10 = TSimd.Fma(TSimd.Splat(p + 10 * step), w0, a10);
                a11 = TSimd.Fma(TSimd.Splat(p + 11 * step), w0, a11);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a7), to + 7 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a8), to + 8 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a9), to + 9 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a10), to + 10 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a11), to + 11 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 8 * step, to += 8 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
                a6 = TSimd.Fma(TSimd.Splat(p + 6 * step), w0, a6);
                a7 = TSimd.Fma(TSimd.Splat(p + 7 * step), w0, a7);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a7), to + 7 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile7x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 7 * step, to += 7 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
                a6 = TSimd.Fma(TSimd.Splat(p + 6 * step), w0, a6);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 6 * step, to += 6 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
                a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile5x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 5 * step, to += 5 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
                a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 4 * step, to += 4 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
                a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 3 * step, to += 3 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
                a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += 2 * step, to += 2 * TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start), a1 = a0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
                a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(BlockedTile* t)
    {
        float* x = t->X;
        float* to = t->To;
        int step = TStep.Floats(TSimd.Lanes);
        float* ahead = t->Ahead;
        for (int tiles = t->Tiles; tiles > 0; tiles--, x += step, to += TSimd.Lanes)
        {
            float* w = t->W;
            int* offsets = t->Offsets;
            nint line = t->Line(ahead);
            TVector a0 = TSimd.Load(t->Start);
            for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w);
                a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
        }

        t->Ahead = ahead;
    }
}
