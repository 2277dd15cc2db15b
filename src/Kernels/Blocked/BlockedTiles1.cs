using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Register tiles of some pixels by one vector of output channels: every multiply-add takes its number of
/// x from memory into all lanes.</summary>
internal static unsafe class BlockedTiles1<TSimd, TVector, TStep>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TStep : struct, IPixelStep
{
    /// <summary>Computes a tile.</summary>
    /// <param name="pixels">One of 14, 12, 8, 7, 6, 5, 4, 3, 2, 1.</param>
    /// <param name="t">The tile.</param>
    public static void Run(int pixels, BlockedTile* t)
    {
        switch (pixels)
        {
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
    private static void Tile14x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0,
            a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
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

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
        TSimd.Store(a5, to + 5 * TSimd.Lanes);
        TSimd.Store(a6, to + 6 * TSimd.Lanes);
        TSimd.Store(a7, to + 7 * TSimd.Lanes);
        TSimd.Store(a8, to + 8 * TSimd.Lanes);
        TSimd.Store(a9, to + 9 * TSimd.Lanes);
        TSimd.Store(a10, to + 10 * TSimd.Lanes);
        TSimd.Store(a11, to + 11 * TSimd.Lanes);
        TSimd.Store(a12, to + 12 * TSimd.Lanes);
        TSimd.Store(a13, to + 13 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0,
            a9 = a0, a10 = a0, a11 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
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

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
        TSimd.Store(a5, to + 5 * TSimd.Lanes);
        TSimd.Store(a6, to + 6 * TSimd.Lanes);
        TSimd.Store(a7, to + 7 * TSimd.Lanes);
        TSimd.Store(a8, to + 8 * TSimd.Lanes);
        TSimd.Store(a9, to + 9 * TSimd.Lanes);
        TSimd.Store(a10, to + 10 * TSimd.Lanes);
        TSimd.Store(a11, to + 11 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
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

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
        TSimd.Store(a5, to + 5 * TSimd.Lanes);
        TSimd.Store(a6, to + 6 * TSimd.Lanes);
        TSimd.Store(a7, to + 7 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile7x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
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

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
        TSimd.Store(a5, to + 5 * TSimd.Lanes);
        TSimd.Store(a6, to + 6 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
            a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
            a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
            a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
            a5 = TSimd.Fma(TSimd.Splat(p + 5 * step), w0, a5);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
        TSimd.Store(a5, to + 5 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile5x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0, a4 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
            a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
            a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
            a4 = TSimd.Fma(TSimd.Splat(p + 4 * step), w0, a4);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
        TSimd.Store(a4, to + 4 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0, a3 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
            a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
            a3 = TSimd.Fma(TSimd.Splat(p + 3 * step), w0, a3);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
        TSimd.Store(a3, to + 3 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0, a2 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
            a2 = TSimd.Fma(TSimd.Splat(p + 2 * step), w0, a2);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
        TSimd.Store(a2, to + 2 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start), a1 = a0;
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
            a1 = TSimd.Fma(TSimd.Splat(p + step), w0, a1);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
        TSimd.Store(a1, to + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(BlockedTile* t)
    {
        float* x = t->X;
        float* w = t->W;
        int* offsets = t->Offsets;
        int step = TStep.Floats(TSimd.Lanes);
        TVector a0 = TSimd.Load(t->Start);
        for (int i = t->Depth; i > 0; i--, offsets++, w += TSimd.Lanes)
        {
            float* p = x + *offsets;
            TVector w0 = TSimd.Load(w);
            a0 = TSimd.Fma(TSimd.Splat(p), w0, a0);
        }

        float* to = t->To;
        TSimd.Store(a0, to);
    }
}
