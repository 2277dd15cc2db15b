using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Register tiles of one to three vectors of one map by some slots of another: at most 24 sums, three vectors
/// and a number in every lane; with 16 registers at most 12 sums.</summary>
internal static unsafe class BlockedPointwiseGradientTiles<TSimd, TVector, TFactor>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TFactor : struct, IGradientFactor
{
    /// <summary>Adds what a tile's pixels give.</summary>
    /// <param name="vectors">1, 2 or 3.</param>
    /// <param name="slots">4 or 8, for one vector also 16; they stand in one block.</param>
    /// <param name="t">The tile.</param>
    public static void Run(int vectors, int slots, BlockedPointwiseGradientTile* t)
    {
        switch (vectors * 32 + slots)
        {
            case 3 * 32 + 8:
                Tile3x8(t);
                break;
            case 3 * 32 + 4:
                Tile3x4(t);
                break;
            case 2 * 32 + 8:
                Tile2x8(t);
                break;
            case 2 * 32 + 4:
                Tile2x4(t);
                break;
            case 1 * 32 + 16:
                Tile1x16(t);
                break;
            case 1 * 32 + 8:
                Tile1x8(t);
                break;
            default:
                Tile1x4(t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x8(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        nint block = t->XBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0;
        TVector c0 = TSimd.Zero, c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + block), x2 = TSimd.Load(p + 2 * block),
                    k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0); b0 = TSimd.Fma(k, x1, b0); c0 = TSimd.Fma(k, x2, c0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1); b1 = TSimd.Fma(k, x1, b1); c1 = TSimd.Fma(k, x2, c1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2); b2 = TSimd.Fma(k, x1, b2); c2 = TSimd.Fma(k, x2, c2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3); b3 = TSimd.Fma(k, x1, b3); c3 = TSimd.Fma(k, x2, c3);
                k = TSimd.Splat(q + 4);
                a4 = TSimd.Fma(k, x0, a4); b4 = TSimd.Fma(k, x1, b4); c4 = TSimd.Fma(k, x2, c4);
                k = TSimd.Splat(q + 5);
                a5 = TSimd.Fma(k, x0, a5); b5 = TSimd.Fma(k, x1, b5); c5 = TSimd.Fma(k, x2, c5);
                k = TSimd.Splat(q + 6);
                a6 = TSimd.Fma(k, x0, a6); b6 = TSimd.Fma(k, x1, b6); c6 = TSimd.Fma(k, x2, c6);
                k = TSimd.Splat(q + 7);
                a7 = TSimd.Fma(k, x0, a7); b7 = TSimd.Fma(k, x1, b7); c7 = TSimd.Fma(k, x2, c7);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(b0, TFactor.At<TSimd, TVector>(factors, 1, 0), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c0, TFactor.At<TSimd, TVector>(factors, 2, 0), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b1, TFactor.At<TSimd, TVector>(factors, 1, 1), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c1, TFactor.At<TSimd, TVector>(factors, 2, 1), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b2, TFactor.At<TSimd, TVector>(factors, 1, 2), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c2, TFactor.At<TSimd, TVector>(factors, 2, 2), TSimd.Load(to + 8 * TSimd.Lanes)),
            to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 9 * TSimd.Lanes)),
            to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b3, TFactor.At<TSimd, TVector>(factors, 1, 3), TSimd.Load(to + 10 * TSimd.Lanes)),
            to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c3, TFactor.At<TSimd, TVector>(factors, 2, 3), TSimd.Load(to + 11 * TSimd.Lanes)),
            to + 11 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a4, TFactor.At<TSimd, TVector>(factors, 0, 4), TSimd.Load(to + 12 * TSimd.Lanes)),
            to + 12 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b4, TFactor.At<TSimd, TVector>(factors, 1, 4), TSimd.Load(to + 13 * TSimd.Lanes)),
            to + 13 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c4, TFactor.At<TSimd, TVector>(factors, 2, 4), TSimd.Load(to + 14 * TSimd.Lanes)),
            to + 14 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a5, TFactor.At<TSimd, TVector>(factors, 0, 5), TSimd.Load(to + 15 * TSimd.Lanes)),
            to + 15 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b5, TFactor.At<TSimd, TVector>(factors, 1, 5), TSimd.Load(to + 16 * TSimd.Lanes)),
            to + 16 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c5, TFactor.At<TSimd, TVector>(factors, 2, 5), TSimd.Load(to + 17 * TSimd.Lanes)),
            to + 17 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a6, TFactor.At<TSimd, TVector>(factors, 0, 6), TSimd.Load(to + 18 * TSimd.Lanes)),
            to + 18 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b6, TFactor.At<TSimd, TVector>(factors, 1, 6), TSimd.Load(to + 19 * TSimd.Lanes)),
            to + 19 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c6, TFactor.At<TSimd, TVector>(factors, 2, 6), TSimd.Load(to + 20 * TSimd.Lanes)),
            to + 20 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a7, TFactor.At<TSimd, TVector>(factors, 0, 7), TSimd.Load(to + 21 * TSimd.Lanes)),
            to + 21 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b7, TFactor.At<TSimd, TVector>(factors, 1, 7), TSimd.Load(to + 22 * TSimd.Lanes)),
            to + 22 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c7, TFactor.At<TSimd, TVector>(factors, 2, 7), TSimd.Load(to + 23 * TSimd.Lanes)),
            to + 23 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x4(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        nint block = t->XBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0;
        TVector c0 = TSimd.Zero, c1 = c0, c2 = c0, c3 = c0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + block), x2 = TSimd.Load(p + 2 * block),
                    k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0); b0 = TSimd.Fma(k, x1, b0); c0 = TSimd.Fma(k, x2, c0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1); b1 = TSimd.Fma(k, x1, b1); c1 = TSimd.Fma(k, x2, c1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2); b2 = TSimd.Fma(k, x1, b2); c2 = TSimd.Fma(k, x2, c2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3); b3 = TSimd.Fma(k, x1, b3); c3 = TSimd.Fma(k, x2, c3);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(b0, TFactor.At<TSimd, TVector>(factors, 1, 0), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c0, TFactor.At<TSimd, TVector>(factors, 2, 0), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b1, TFactor.At<TSimd, TVector>(factors, 1, 1), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c1, TFactor.At<TSimd, TVector>(factors, 2, 1), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b2, TFactor.At<TSimd, TVector>(factors, 1, 2), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c2, TFactor.At<TSimd, TVector>(factors, 2, 2), TSimd.Load(to + 8 * TSimd.Lanes)),
            to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 9 * TSimd.Lanes)),
            to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b3, TFactor.At<TSimd, TVector>(factors, 1, 3), TSimd.Load(to + 10 * TSimd.Lanes)),
            to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(c3, TFactor.At<TSimd, TVector>(factors, 2, 3), TSimd.Load(to + 11 * TSimd.Lanes)),
            to + 11 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x8(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        nint block = t->XBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + block), k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0); b0 = TSimd.Fma(k, x1, b0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1); b1 = TSimd.Fma(k, x1, b1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2); b2 = TSimd.Fma(k, x1, b2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3); b3 = TSimd.Fma(k, x1, b3);
                k = TSimd.Splat(q + 4);
                a4 = TSimd.Fma(k, x0, a4); b4 = TSimd.Fma(k, x1, b4);
                k = TSimd.Splat(q + 5);
                a5 = TSimd.Fma(k, x0, a5); b5 = TSimd.Fma(k, x1, b5);
                k = TSimd.Splat(q + 6);
                a6 = TSimd.Fma(k, x0, a6); b6 = TSimd.Fma(k, x1, b6);
                k = TSimd.Splat(q + 7);
                a7 = TSimd.Fma(k, x0, a7); b7 = TSimd.Fma(k, x1, b7);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(b0, TFactor.At<TSimd, TVector>(factors, 1, 0), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b1, TFactor.At<TSimd, TVector>(factors, 1, 1), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b2, TFactor.At<TSimd, TVector>(factors, 1, 2), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b3, TFactor.At<TSimd, TVector>(factors, 1, 3), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a4, TFactor.At<TSimd, TVector>(factors, 0, 4), TSimd.Load(to + 8 * TSimd.Lanes)),
            to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b4, TFactor.At<TSimd, TVector>(factors, 1, 4), TSimd.Load(to + 9 * TSimd.Lanes)),
            to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a5, TFactor.At<TSimd, TVector>(factors, 0, 5), TSimd.Load(to + 10 * TSimd.Lanes)),
            to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b5, TFactor.At<TSimd, TVector>(factors, 1, 5), TSimd.Load(to + 11 * TSimd.Lanes)),
            to + 11 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a6, TFactor.At<TSimd, TVector>(factors, 0, 6), TSimd.Load(to + 12 * TSimd.Lanes)),
            to + 12 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b6, TFactor.At<TSimd, TVector>(factors, 1, 6), TSimd.Load(to + 13 * TSimd.Lanes)),
            to + 13 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a7, TFactor.At<TSimd, TVector>(factors, 0, 7), TSimd.Load(to + 14 * TSimd.Lanes)),
            to + 14 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b7, TFactor.At<TSimd, TVector>(factors, 1, 7), TSimd.Load(to + 15 * TSimd.Lanes)),
            to + 15 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x4(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        nint block = t->XBlock;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0;
        TVector b0 = TSimd.Zero, b1 = b0, b2 = b0, b3 = b0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), x1 = TSimd.Load(p + block), k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0); b0 = TSimd.Fma(k, x1, b0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1); b1 = TSimd.Fma(k, x1, b1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2); b2 = TSimd.Fma(k, x1, b2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3); b3 = TSimd.Fma(k, x1, b3);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(b0, TFactor.At<TSimd, TVector>(factors, 1, 0), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b1, TFactor.At<TSimd, TVector>(factors, 1, 1), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b2, TFactor.At<TSimd, TVector>(factors, 1, 2), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(b3, TFactor.At<TSimd, TVector>(factors, 1, 3), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x16(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0,
            a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0, a15 = a0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3);
                k = TSimd.Splat(q + 4);
                a4 = TSimd.Fma(k, x0, a4);
                k = TSimd.Splat(q + 5);
                a5 = TSimd.Fma(k, x0, a5);
                k = TSimd.Splat(q + 6);
                a6 = TSimd.Fma(k, x0, a6);
                k = TSimd.Splat(q + 7);
                a7 = TSimd.Fma(k, x0, a7);
                k = TSimd.Splat(q + 8);
                a8 = TSimd.Fma(k, x0, a8);
                k = TSimd.Splat(q + 9);
                a9 = TSimd.Fma(k, x0, a9);
                k = TSimd.Splat(q + 10);
                a10 = TSimd.Fma(k, x0, a10);
                k = TSimd.Splat(q + 11);
                a11 = TSimd.Fma(k, x0, a11);
                k = TSimd.Splat(q + 12);
                a12 = TSimd.Fma(k, x0, a12);
                k = TSimd.Splat(q + 13);
                a13 = TSimd.Fma(k, x0, a13);
                k = TSimd.Splat(q + 14);
                a14 = TSimd.Fma(k, x0, a14);
                k = TSimd.Splat(q + 15);
                a15 = TSimd.Fma(k, x0, a15);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a4, TFactor.At<TSimd, TVector>(factors, 0, 4), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a5, TFactor.At<TSimd, TVector>(factors, 0, 5), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a6, TFactor.At<TSimd, TVector>(factors, 0, 6), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a7, TFactor.At<TSimd, TVector>(factors, 0, 7), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a8, TFactor.At<TSimd, TVector>(factors, 0, 8), TSimd.Load(to + 8 * TSimd.Lanes)),
            to + 8 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a9, TFactor.At<TSimd, TVector>(factors, 0, 9), TSimd.Load(to + 9 * TSimd.Lanes)),
            to + 9 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a10, TFactor.At<TSimd, TVector>(factors, 0, 10), TSimd.Load(to + 10 * TSimd.Lanes)),
            to + 10 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a11, TFactor.At<TSimd, TVector>(factors, 0, 11), TSimd.Load(to + 11 * TSimd.Lanes)),
            to + 11 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a12, TFactor.At<TSimd, TVector>(factors, 0, 12), TSimd.Load(to + 12 * TSimd.Lanes)),
            to + 12 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a13, TFactor.At<TSimd, TVector>(factors, 0, 13), TSimd.Load(to + 13 * TSimd.Lanes)),
            to + 13 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a14, TFactor.At<TSimd, TVector>(factors, 0, 14), TSimd.Load(to + 14 * TSimd.Lanes)),
            to + 14 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a15, TFactor.At<TSimd, TVector>(factors, 0, 15), TSimd.Load(to + 15 * TSimd.Lanes)),
            to + 15 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x8(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3);
                k = TSimd.Splat(q + 4);
                a4 = TSimd.Fma(k, x0, a4);
                k = TSimd.Splat(q + 5);
                a5 = TSimd.Fma(k, x0, a5);
                k = TSimd.Splat(q + 6);
                a6 = TSimd.Fma(k, x0, a6);
                k = TSimd.Splat(q + 7);
                a7 = TSimd.Fma(k, x0, a7);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a4, TFactor.At<TSimd, TVector>(factors, 0, 4), TSimd.Load(to + 4 * TSimd.Lanes)),
            to + 4 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a5, TFactor.At<TSimd, TVector>(factors, 0, 5), TSimd.Load(to + 5 * TSimd.Lanes)),
            to + 5 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a6, TFactor.At<TSimd, TVector>(factors, 0, 6), TSimd.Load(to + 6 * TSimd.Lanes)),
            to + 6 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a7, TFactor.At<TSimd, TVector>(factors, 0, 7), TSimd.Load(to + 7 * TSimd.Lanes)),
            to + 7 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x4(BlockedPointwiseGradientTile* t)
    {
        float* x = t->X, w = t->W;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0;
        for (int run = t->Runs; run > 0; run--, x += t->XRun, w += t->WRun)
        {
            float* p = x, q = w;
            for (int pixel = t->Pixels; pixel > 0; pixel--, p += TSimd.Lanes, q += TSimd.Lanes)
            {
                TVector x0 = TSimd.Load(p), k = TSimd.Splat(q);
                a0 = TSimd.Fma(k, x0, a0);
                k = TSimd.Splat(q + 1);
                a1 = TSimd.Fma(k, x0, a1);
                k = TSimd.Splat(q + 2);
                a2 = TSimd.Fma(k, x0, a2);
                k = TSimd.Splat(q + 3);
                a3 = TSimd.Fma(k, x0, a3);
            }
        }

        float* to = t->To, factors = t->Factors;
        TSimd.Store(TSimd.Fma(a0, TFactor.At<TSimd, TVector>(factors, 0, 0), TSimd.Load(to)),
            to);
        TSimd.Store(TSimd.Fma(a1, TFactor.At<TSimd, TVector>(factors, 0, 1), TSimd.Load(to + TSimd.Lanes)),
            to + TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a2, TFactor.At<TSimd, TVector>(factors, 0, 2), TSimd.Load(to + 2 * TSimd.Lanes)),
            to + 2 * TSimd.Lanes);
        TSimd.Store(TSimd.Fma(a3, TFactor.At<TSimd, TVector>(factors, 0, 3), TSimd.Load(to + 3 * TSimd.Lanes)),
            to + 3 * TSimd.Lanes);
    }
}
