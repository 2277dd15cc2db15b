using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels in neighbouring lanes of one block: a pixel and the same with neighbours exchanged
/// feed one multiply-add each. Weights of a tap: for the lane's own channel, for the other one.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>A run of output pixels of one row.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep}"/>
    public static void Swap<TSimd, TVector, TStep>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        for (int width; columns > 0; columns -= width)
        {
            switch (columns)
            {
                case >= 14 when TSimd.Lanes >= 16 && TStep.Value != 0:
                    Swap14<TSimd, TVector, TStep>(tile);
                    width = 14;
                    break;
                case >= 7 when TStep.Value != 0:
                    Swap7<TSimd, TVector, TStep>(tile);
                    width = 7;
                    break;
                case >= 4:
                    Swap4<TSimd, TVector, TStep>(tile);
                    width = 4;
                    break;
                case >= 2:
                    Swap2<TSimd, TVector, TStep>(tile);
                    width = 2;
                    break;
                default:
                    Swap1<TSimd, TVector, TStep>(tile);
                    width = 1;
                    break;
            }

            tile->X += width * tile->PixelStep;
            tile->Y += width * TSimd.Lanes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap14<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep;
        TVector a0 = TSimd.Load(t->Bias), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0,
            a8 = a0, a9 = a0, aa = a0, ab = a0, ac = a0, ad = a0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 2 * TSimd.Lanes)
            {
                TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                a0 = TSimd.Fma(own, x, a0);
                a0 = TSimd.Fma(other, TSimd.SwapPairs(x), a0);
                x = TSimd.Load(p + step);
                a1 = TSimd.Fma(own, x, a1);
                a1 = TSimd.Fma(other, TSimd.SwapPairs(x), a1);
                x = TSimd.Load(p + 2 * step);
                a2 = TSimd.Fma(own, x, a2);
                a2 = TSimd.Fma(other, TSimd.SwapPairs(x), a2);
                x = TSimd.Load(p + 3 * step);
                a3 = TSimd.Fma(own, x, a3);
                a3 = TSimd.Fma(other, TSimd.SwapPairs(x), a3);
                x = TSimd.Load(p + 4 * step);
                a4 = TSimd.Fma(own, x, a4);
                a4 = TSimd.Fma(other, TSimd.SwapPairs(x), a4);
                x = TSimd.Load(p + 5 * step);
                a5 = TSimd.Fma(own, x, a5);
                a5 = TSimd.Fma(other, TSimd.SwapPairs(x), a5);
                x = TSimd.Load(p + 6 * step);
                a6 = TSimd.Fma(own, x, a6);
                a6 = TSimd.Fma(other, TSimd.SwapPairs(x), a6);
                x = TSimd.Load(p + 7 * step);
                a7 = TSimd.Fma(own, x, a7);
                a7 = TSimd.Fma(other, TSimd.SwapPairs(x), a7);
                x = TSimd.Load(p + 8 * step);
                a8 = TSimd.Fma(own, x, a8);
                a8 = TSimd.Fma(other, TSimd.SwapPairs(x), a8);
                x = TSimd.Load(p + 9 * step);
                a9 = TSimd.Fma(own, x, a9);
                a9 = TSimd.Fma(other, TSimd.SwapPairs(x), a9);
                x = TSimd.Load(p + 10 * step);
                aa = TSimd.Fma(own, x, aa);
                aa = TSimd.Fma(other, TSimd.SwapPairs(x), aa);
                x = TSimd.Load(p + 11 * step);
                ab = TSimd.Fma(own, x, ab);
                ab = TSimd.Fma(other, TSimd.SwapPairs(x), ab);
                x = TSimd.Load(p + 12 * step);
                ac = TSimd.Fma(own, x, ac);
                ac = TSimd.Fma(other, TSimd.SwapPairs(x), ac);
                x = TSimd.Load(p + 13 * step);
                ad = TSimd.Fma(own, x, ad);
                ad = TSimd.Fma(other, TSimd.SwapPairs(x), ad);
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
        TSimd.Store(a4, y + 4 * TSimd.Lanes);
        TSimd.Store(a5, y + 5 * TSimd.Lanes);
        TSimd.Store(a6, y + 6 * TSimd.Lanes);
        TSimd.Store(a7, y + 7 * TSimd.Lanes);
        TSimd.Store(a8, y + 8 * TSimd.Lanes);
        TSimd.Store(a9, y + 9 * TSimd.Lanes);
        TSimd.Store(aa, y + 10 * TSimd.Lanes);
        TSimd.Store(ab, y + 11 * TSimd.Lanes);
        TSimd.Store(ac, y + 12 * TSimd.Lanes);
        TSimd.Store(ad, y + 13 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap7<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep;
        TVector a0 = TSimd.Load(t->Bias), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 2 * TSimd.Lanes)
            {
                TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                a0 = TSimd.Fma(own, x, a0);
                a0 = TSimd.Fma(other, TSimd.SwapPairs(x), a0);
                x = TSimd.Load(p + step);
                a1 = TSimd.Fma(own, x, a1);
                a1 = TSimd.Fma(other, TSimd.SwapPairs(x), a1);
                x = TSimd.Load(p + 2 * step);
                a2 = TSimd.Fma(own, x, a2);
                a2 = TSimd.Fma(other, TSimd.SwapPairs(x), a2);
                x = TSimd.Load(p + 3 * step);
                a3 = TSimd.Fma(own, x, a3);
                a3 = TSimd.Fma(other, TSimd.SwapPairs(x), a3);
                x = TSimd.Load(p + 4 * step);
                a4 = TSimd.Fma(own, x, a4);
                a4 = TSimd.Fma(other, TSimd.SwapPairs(x), a4);
                x = TSimd.Load(p + 5 * step);
                a5 = TSimd.Fma(own, x, a5);
                a5 = TSimd.Fma(other, TSimd.SwapPairs(x), a5);
                x = TSimd.Load(p + 6 * step);
                a6 = TSimd.Fma(own, x, a6);
                a6 = TSimd.Fma(other, TSimd.SwapPairs(x), a6);
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
        TSimd.Store(a4, y + 4 * TSimd.Lanes);
        TSimd.Store(a5, y + 5 * TSimd.Lanes);
        TSimd.Store(a6, y + 6 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap4<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep;
        TVector a0 = TSimd.Load(t->Bias), a1 = a0, a2 = a0, a3 = a0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 2 * TSimd.Lanes)
            {
                TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                a0 = TSimd.Fma(own, x, a0);
                a0 = TSimd.Fma(other, TSimd.SwapPairs(x), a0);
                x = TSimd.Load(p + step);
                a1 = TSimd.Fma(own, x, a1);
                a1 = TSimd.Fma(other, TSimd.SwapPairs(x), a1);
                x = TSimd.Load(p + 2 * step);
                a2 = TSimd.Fma(own, x, a2);
                a2 = TSimd.Fma(other, TSimd.SwapPairs(x), a2);
                x = TSimd.Load(p + 3 * step);
                a3 = TSimd.Fma(own, x, a3);
                a3 = TSimd.Fma(other, TSimd.SwapPairs(x), a3);
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
        TSimd.Store(a2, y + 2 * TSimd.Lanes);
        TSimd.Store(a3, y + 3 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep;
        TVector a0 = TSimd.Load(t->Bias), a1 = a0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 2 * TSimd.Lanes)
            {
                TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                a0 = TSimd.Fma(own, x, a0);
                a0 = TSimd.Fma(other, TSimd.SwapPairs(x), a0);
                x = TSimd.Load(p + step);
                a1 = TSimd.Fma(own, x, a1);
                a1 = TSimd.Fma(other, TSimd.SwapPairs(x), a1);
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
        TSimd.Store(a1, y + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Swap1<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep;
        TVector a0 = TSimd.Load(t->Bias);
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 2 * TSimd.Lanes)
            {
                TVector own = TSimd.Load(w), other = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                a0 = TSimd.Fma(own, x, a0);
                a0 = TSimd.Fma(other, TSimd.SwapPairs(x), a0);
            }
        }

        float* y = t->Y;
        TSimd.Store(a0, y);
    }
}
