using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Groups of two channels, the even ones in one block, the odd ones in the next: each pixel that is loaded feeds
/// two multiply-adds. Weights of a tap: even from even, odd from even, even from odd, odd from odd.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>A run of output pixels of one row of both output blocks.</summary>
    /// <inheritdoc cref="Direct{TSimd, TVector, TStep}"/>
    public static void Pair<TSimd, TVector, TStep>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        for (int width; columns > 0; columns -= width)
        {
            switch (columns)
            {
                case >= 7 when TSimd.Lanes >= 16 && TStep.Value != 0:
                    Pair7<TSimd, TVector, TStep>(tile);
                    width = 7;
                    break;
                case 5 or 9 or 10 or >= 13 when TStep.Value != 0:
                    Pair5<TSimd, TVector, TStep>(tile);
                    width = 5;
                    break;
                case >= 4:
                    Pair4<TSimd, TVector, TStep>(tile);
                    width = 4;
                    break;
                case >= 2:
                    Pair2<TSimd, TVector, TStep>(tile);
                    width = 2;
                    break;
                default:
                    Pair1<TSimd, TVector, TStep>(tile);
                    width = 1;
                    break;
            }

            tile->X += width * tile->PixelStep;
            tile->Y += width * TSimd.Lanes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair7<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep;
        TVector e0 = TSimd.Load(t->Bias), e1 = e0, e2 = e0, e3 = e0, e4 = e0, e5 = e0, e6 = e0;
        TVector o0 = TSimd.Load(t->Bias + TSimd.Lanes), o1 = o0, o2 = o0, o3 = o0, o4 = o0, o5 = o0, o6 = o0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 4 * TSimd.Lanes)
            {
                TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(p + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(p + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(p + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
                x = TSimd.Load(p + 4 * step);
                e4 = TSimd.Fma(we, x, e4);
                o4 = TSimd.Fma(wo, x, o4);
                x = TSimd.Load(p + 5 * step);
                e5 = TSimd.Fma(we, x, e5);
                o5 = TSimd.Fma(wo, x, o5);
                x = TSimd.Load(p + 6 * step);
                e6 = TSimd.Fma(we, x, e6);
                o6 = TSimd.Fma(wo, x, o6);
                float* q = p + blockStep;
                we = TSimd.Load(w + 2 * TSimd.Lanes);
                wo = TSimd.Load(w + 3 * TSimd.Lanes);
                x = TSimd.Load(q);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(q + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(q + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(q + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
                x = TSimd.Load(q + 4 * step);
                e4 = TSimd.Fma(we, x, e4);
                o4 = TSimd.Fma(wo, x, o4);
                x = TSimd.Load(q + 5 * step);
                e5 = TSimd.Fma(we, x, e5);
                o5 = TSimd.Fma(wo, x, o5);
                x = TSimd.Load(q + 6 * step);
                e6 = TSimd.Fma(we, x, e6);
                o6 = TSimd.Fma(wo, x, o6);
            }
        }

        float* y = t->Y;
        TSimd.Store(e0, y);
        TSimd.Store(e1, y + TSimd.Lanes);
        TSimd.Store(e2, y + 2 * TSimd.Lanes);
        TSimd.Store(e3, y + 3 * TSimd.Lanes);
        TSimd.Store(e4, y + 4 * TSimd.Lanes);
        TSimd.Store(e5, y + 5 * TSimd.Lanes);
        TSimd.Store(e6, y + 6 * TSimd.Lanes);
        y += t->YBlockStep;
        TSimd.Store(o0, y);
        TSimd.Store(o1, y + TSimd.Lanes);
        TSimd.Store(o2, y + 2 * TSimd.Lanes);
        TSimd.Store(o3, y + 3 * TSimd.Lanes);
        TSimd.Store(o4, y + 4 * TSimd.Lanes);
        TSimd.Store(o5, y + 5 * TSimd.Lanes);
        TSimd.Store(o6, y + 6 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair5<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep;
        TVector e0 = TSimd.Load(t->Bias), e1 = e0, e2 = e0, e3 = e0, e4 = e0;
        TVector o0 = TSimd.Load(t->Bias + TSimd.Lanes), o1 = o0, o2 = o0, o3 = o0, o4 = o0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 4 * TSimd.Lanes)
            {
                TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(p + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(p + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(p + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
                x = TSimd.Load(p + 4 * step);
                e4 = TSimd.Fma(we, x, e4);
                o4 = TSimd.Fma(wo, x, o4);
                float* q = p + blockStep;
                we = TSimd.Load(w + 2 * TSimd.Lanes);
                wo = TSimd.Load(w + 3 * TSimd.Lanes);
                x = TSimd.Load(q);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(q + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(q + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(q + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
                x = TSimd.Load(q + 4 * step);
                e4 = TSimd.Fma(we, x, e4);
                o4 = TSimd.Fma(wo, x, o4);
            }
        }

        float* y = t->Y;
        TSimd.Store(e0, y);
        TSimd.Store(e1, y + TSimd.Lanes);
        TSimd.Store(e2, y + 2 * TSimd.Lanes);
        TSimd.Store(e3, y + 3 * TSimd.Lanes);
        TSimd.Store(e4, y + 4 * TSimd.Lanes);
        y += t->YBlockStep;
        TSimd.Store(o0, y);
        TSimd.Store(o1, y + TSimd.Lanes);
        TSimd.Store(o2, y + 2 * TSimd.Lanes);
        TSimd.Store(o3, y + 3 * TSimd.Lanes);
        TSimd.Store(o4, y + 4 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair4<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep;
        TVector e0 = TSimd.Load(t->Bias), e1 = e0, e2 = e0, e3 = e0;
        TVector o0 = TSimd.Load(t->Bias + TSimd.Lanes), o1 = o0, o2 = o0, o3 = o0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 4 * TSimd.Lanes)
            {
                TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(p + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(p + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(p + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
                float* q = p + blockStep;
                we = TSimd.Load(w + 2 * TSimd.Lanes);
                wo = TSimd.Load(w + 3 * TSimd.Lanes);
                x = TSimd.Load(q);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(q + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                x = TSimd.Load(q + 2 * step);
                e2 = TSimd.Fma(we, x, e2);
                o2 = TSimd.Fma(wo, x, o2);
                x = TSimd.Load(q + 3 * step);
                e3 = TSimd.Fma(we, x, e3);
                o3 = TSimd.Fma(wo, x, o3);
            }
        }

        float* y = t->Y;
        TSimd.Store(e0, y);
        TSimd.Store(e1, y + TSimd.Lanes);
        TSimd.Store(e2, y + 2 * TSimd.Lanes);
        TSimd.Store(e3, y + 3 * TSimd.Lanes);
        y += t->YBlockStep;
        TSimd.Store(o0, y);
        TSimd.Store(o1, y + TSimd.Lanes);
        TSimd.Store(o2, y + 2 * TSimd.Lanes);
        TSimd.Store(o3, y + 3 * TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair2<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep;
        TVector e0 = TSimd.Load(t->Bias), e1 = e0;
        TVector o0 = TSimd.Load(t->Bias + TSimd.Lanes), o1 = o0;
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 4 * TSimd.Lanes)
            {
                TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(p + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
                float* q = p + blockStep;
                we = TSimd.Load(w + 2 * TSimd.Lanes);
                wo = TSimd.Load(w + 3 * TSimd.Lanes);
                x = TSimd.Load(q);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                x = TSimd.Load(q + step);
                e1 = TSimd.Fma(we, x, e1);
                o1 = TSimd.Fma(wo, x, o1);
            }
        }

        float* y = t->Y;
        TSimd.Store(e0, y);
        TSimd.Store(e1, y + TSimd.Lanes);
        y += t->YBlockStep;
        TSimd.Store(o0, y);
        TSimd.Store(o1, y + TSimd.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair1<TSimd, TVector, TStep>(BlockedWindowTile* t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value == 0 ? t->PixelStep : TStep.Value * TSimd.Lanes;
        nint rowStep = t->RowStep, tapStep = t->TapStep, blockStep = t->BlockStep;
        TVector e0 = TSimd.Load(t->Bias);
        TVector o0 = TSimd.Load(t->Bias + TSimd.Lanes);
        float* row = t->X, w = t->W;
        for (int rows = t->Rows; rows > 0; rows--, row += rowStep)
        {
            float* p = row;
            for (int taps = t->Taps; taps > 0; taps--, p += tapStep, w += 4 * TSimd.Lanes)
            {
                TVector we = TSimd.Load(w), wo = TSimd.Load(w + TSimd.Lanes), x;
                x = TSimd.Load(p);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
                float* q = p + blockStep;
                we = TSimd.Load(w + 2 * TSimd.Lanes);
                wo = TSimd.Load(w + 3 * TSimd.Lanes);
                x = TSimd.Load(q);
                e0 = TSimd.Fma(we, x, e0);
                o0 = TSimd.Fma(wo, x, o0);
            }
        }

        float* y = t->Y;
        TSimd.Store(e0, y);
        y += t->YBlockStep;
        TSimd.Store(o0, y);
    }
}
