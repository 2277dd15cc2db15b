using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Register tiles of some pixels by two vectors of output channels: at most 28 sums, two vectors of
/// weights and a number of x in every lane.</summary>
internal static unsafe class BlockedTiles2<TSimd, TVector, TStep, TEnd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TStep : struct, IPixelStep
    where TEnd : struct, IActivationFunction
{
    /// <summary>Computes some tiles, one behind the other.</summary>
    /// <param name="pixels">One of 14, 12, 8, 7, 6, 5, 4, 3, 2, 1.</param>
    /// <param name="t">The first tile.</param>
    public static void Run(int pixels, BlockedTile* t)
    {
        switch (pixels)
        {
            case 14:
                Tile14x2(t);
                break;
            case 12:
                Tile12x2(t);
                break;
            case 8:
                Tile8x2(t);
                break;
            case 7:
                Tile7x2(t);
                break;
            case 6:
                Tile6x2(t);
                break;
            case 5:
                Tile5x2(t);
                break;
            case 4:
                Tile4x2(t);
                break;
            case 3:
                Tile3x2(t);
                break;
            case 2:
                Tile2x2(t);
                break;
            default:
                Tile1x2(t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile14x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0,
                b7 = b0, b8 = b0, b9 = b0, b10 = b0, b11 = b0, b12 = b0, b13 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
                v = TSimd.Splat(p + 5 * step);
                a5 = TSimd.Fma(v, w0, a5); b5 = TSimd.Fma(v, w1, b5);
                v = TSimd.Splat(p + 6 * step);
                a6 = TSimd.Fma(v, w0, a6); b6 = TSimd.Fma(v, w1, b6);
                v = TSimd.Splat(p + 7 * step);
                a7 = TSimd.Fma(v, w0, a7); b7 = TSimd.Fma(v, w1, b7);
                v = TSimd.Splat(p + 8 * step);
                a8 = TSimd.Fma(v, w0, a8); b8 = TSimd.Fma(v, w1, b8);
                v = TSimd.Splat(p + 9 * step);
                a9 = TSimd.Fma(v, w0, a9); b9 = TSimd.Fma(v, w1, b9);
                v = TSimd.Splat(p + 10 * step);
                a10 = TSimd.Fma(v, w0, a10); b10 = TSimd.Fma(v, w1, b10);
                v = TSimd.Splat(p + 11 * step);
                a11 = TSimd.Fma(v, w0, a11); b11 = TSimd.Fma(v, w1, b11);
                v = TSimd.Splat(p + 12 * step);
                a12 = TSimd.Fma(v, w0, a12); b12 = TSimd.Fma(v, w1, b12);
                v = TSimd.Splat(p + 13 * step);
                a13 = TSimd.Fma(v, w0, a13); b13 = TSimd.Fma(v, w1, b13);
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
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b5), second + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b6), second + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b7), second + 7 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b8), second + 8 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b9), second + 9 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b10), second + 10 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b11), second + 11 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b12), second + 12 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b13), second + 13 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0,
                b7 = b0, b8 = b0, b9 = b0, b10 = b0, b11 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
                v = TSimd.Splat(p + 5 * step);
                a5 = TSimd.Fma(v, w0, a5); b5 = TSimd.Fma(v, w1, b5);
                v = TSimd.Splat(p + 6 * step);
                a6 = TSimd.Fma(v, w0, a6); b6 = TSimd.Fma(v, w1, b6);
                v = TSimd.Splat(p + 7 * step);
                a7 = TSimd.Fma(v, w0, a7); b7 = TSimd.Fma(v, w1, b7);
                v = TSimd.Splat(p + 8 * step);
                a8 = TSimd.Fma(v, w0, a8); b8 = TSimd.Fma(v, w1, b8);
                v = TSimd.Splat(p + 9 * step);
                a9 = TSimd.Fma(v, w0, a9); b9 = TSimd.Fma(v, w1, b9);
                v = TSimd.Splat(p + 10 * step);
                a10 = TSimd.Fma(v, w0, a10); b10 = TSimd.Fma(v, w1, b10);
                v = TSimd.Splat(p + 11 * step);
                a11 = TSimd.Fma(v, w0, a11); b11 = TSimd.Fma(v, w1, b11);
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
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b5), second + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b6), second + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b7), second + 7 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b8), second + 8 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b9), second + 9 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b10), second + 10 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b11), second + 11 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0,
                b7 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
                v = TSimd.Splat(p + 5 * step);
                a5 = TSimd.Fma(v, w0, a5); b5 = TSimd.Fma(v, w1, b5);
                v = TSimd.Splat(p + 6 * step);
                a6 = TSimd.Fma(v, w0, a6); b6 = TSimd.Fma(v, w1, b6);
                v = TSimd.Splat(p + 7 * step);
                a7 = TSimd.Fma(v, w0, a7); b7 = TSimd.Fma(v, w1, b7);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a7), to + 7 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b5), second + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b6), second + 6 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b7), second + 7 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile7x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
                v = TSimd.Splat(p + 5 * step);
                a5 = TSimd.Fma(v, w0, a5); b5 = TSimd.Fma(v, w1, b5);
                v = TSimd.Splat(p + 6 * step);
                a6 = TSimd.Fma(v, w0, a6); b6 = TSimd.Fma(v, w1, b6);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a6), to + 6 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b5), second + 5 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b6), second + 6 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
                v = TSimd.Splat(p + 5 * step);
                a5 = TSimd.Fma(v, w0, a5); b5 = TSimd.Fma(v, w1, b5);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a5), to + 5 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b5), second + 5 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile5x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0, b4 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
                v = TSimd.Splat(p + 4 * step);
                a4 = TSimd.Fma(v, w0, a4); b4 = TSimd.Fma(v, w1, b4);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a4), to + 4 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b4), second + 4 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0, b3 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
                v = TSimd.Splat(p + 3 * step);
                a3 = TSimd.Fma(v, w0, a3); b3 = TSimd.Fma(v, w1, b3);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a3), to + 3 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b3), second + 3 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0, b2 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
                v = TSimd.Splat(p + 2 * step);
                a2 = TSimd.Fma(v, w0, a2); b2 = TSimd.Fma(v, w1, b2);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a2), to + 2 * TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b2), second + 2 * TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes), b1 = b0;
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
                v = TSimd.Splat(p + step);
                a1 = TSimd.Fma(v, w0, a1); b1 = TSimd.Fma(v, w1, b1);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            TSimd.Store(TEnd.Value<TSimd, TVector>(a1), to + TSimd.Lanes);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
            TSimd.Store(TEnd.Value<TSimd, TVector>(b1), second + TSimd.Lanes);
        }

        t->Ahead = ahead;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2(BlockedTile* t)
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
            TVector b0 = TSimd.Load(t->Start + TSimd.Lanes);
            for (int i = t->Depth; i > 0; i--, offsets++, w += 2 * TSimd.Lanes, ahead += line)
            {
                TSimd.Prefetch(ahead);
                float* p = x + *offsets;
                TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes);
                TVector v = TSimd.Splat(p);
                a0 = TSimd.Fma(v, w0, a0); b0 = TSimd.Fma(v, w1, b0);
            }

            TSimd.Store(TEnd.Value<TSimd, TVector>(a0), to);
            float* second = to + t->ToVector;
            TSimd.Store(TEnd.Value<TSimd, TVector>(b0), second);
        }

        t->Ahead = ahead;
    }
}
