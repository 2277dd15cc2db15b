using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// What a tile of weight gradients of whole small maps adds to: for up to four output pixels p and four input pixels q
/// <c>sum[tap(p, q)] += Σ_n dy[n, p] ∘ x[n, q]</c> over images n. Steps and offsets are in floats.
/// </summary>
internal unsafe struct BlockedImageWeightsTile
{
    /// <summary>First pixel of the first image of x.</summary>
    public float* X;

    /// <summary>First pixel of the first image of dy.</summary>
    public float* Dy;

    /// <summary>Sum of tap (0, 0).</summary>
    public float* Sums;

    /// <summary>From one image of x to the next.</summary>
    public nint XImage;

    /// <summary>From one image of dy to the next.</summary>
    public nint DyImage;

    /// <summary>From the first output pixel to the second.</summary>
    public nint Dy1;

    /// <summary>From the first output pixel to the third.</summary>
    public nint Dy2;

    /// <summary>From the first output pixel to the fourth.</summary>
    public nint Dy3;

    /// <summary>Where the first input and output pixel of each pair of runs stand that share their taps.</summary>
    public int* Offsets;

    /// <summary>Pairs of runs.</summary>
    public int Pairs;

    /// <summary>Images.</summary>
    public int Images;
}

/// <content>
/// Whole small maps of many images: every output pixel of a run times every input pixel of another one, sixteen sums
/// (or eight) in registers over all images; which tap a sum belongs to, and whether it belongs to any, is settled at
/// the end. Stride, dilation and padding are nothing but another table.
/// </content>
internal static unsafe partial class BlockedWeightsTiles
{
    /// <summary>Adds the products of runs of pixels to the sums of their taps.</summary>
    /// <param name="tile">The runs.</param>
    /// <param name="x1">From the first input pixel to the second.</param>
    /// <param name="x2">From the first input pixel to the third.</param>
    /// <param name="x3">From the first input pixel to the fourth.</param>
    /// <param name="targets">For each input pixel, for each output pixel floats from the first sum to that of their
    /// tap; −1 for none.</param>
    /// <param name="swap">Whether neighbouring lanes of dy change places.</param>
    public static void AddImages<TSimd, TVector>(BlockedImageWeightsTile* tile, nint x1, nint x2, nint x3, int* targets,
        bool swap)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (swap)
        {
            AddImages<TSimd, TVector, Swapped>(tile, x1, x2, x3, targets);
        }
        else
        {
            AddImages<TSimd, TVector, AsIs>(tile, x1, x2, x3, targets);
        }
    }

    private static void AddImages<TSimd, TVector, TDy>(BlockedImageWeightsTile* tile, nint x1, nint x2, nint x3,
        int* targets)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TDy : struct, IPixels
    {
        if (TSimd.Lanes >= 16)
        {
            Images4<TSimd, TVector, TDy>(tile, x1, x2, x3, targets);
            return;
        }

        Images2<TSimd, TVector, TDy>(tile, 0, x1, targets);
        Images2<TSimd, TVector, TDy>(tile, x2, x3, targets + 8);
    }

    /// <summary>Four input pixels: 16 sums, four gradients and an input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Images4<TSimd, TVector, TDy>(BlockedImageWeightsTile* t, nint second, nint third,
        nint fourth, int* targets)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TDy : struct, IPixels
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVector s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        TVector s20 = TSimd.Zero, s21 = TSimd.Zero, s22 = TSimd.Zero, s23 = TSimd.Zero;
        TVector s30 = TSimd.Zero, s31 = TSimd.Zero, s32 = TSimd.Zero, s33 = TSimd.Zero;
        nint xImage = t->XImage, dyImage = t->DyImage, d1 = t->Dy1, d2 = t->Dy2, d3 = t->Dy3;
        for (int n = 0; n < t->Pairs; n++)
        {
            float* x = t->X + t->Offsets[2 * n], dy = t->Dy + t->Offsets[2 * n + 1];
            for (int images = t->Images; images > 0; images--, x += xImage, dy += dyImage)
            {
                TVector g0 = TDy.Load<TSimd, TVector>(dy), g1 = TDy.Load<TSimd, TVector>(dy + d1);
                TVector g2 = TDy.Load<TSimd, TVector>(dy + d2), g3 = TDy.Load<TSimd, TVector>(dy + d3);
                TVector v = TSimd.Load(x);
                s00 = TSimd.Fma(v, g0, s00);
                s01 = TSimd.Fma(v, g1, s01);
                s02 = TSimd.Fma(v, g2, s02);
                s03 = TSimd.Fma(v, g3, s03);
                v = TSimd.Load(x + second);
                s10 = TSimd.Fma(v, g0, s10);
                s11 = TSimd.Fma(v, g1, s11);
                s12 = TSimd.Fma(v, g2, s12);
                s13 = TSimd.Fma(v, g3, s13);
                v = TSimd.Load(x + third);
                s20 = TSimd.Fma(v, g0, s20);
                s21 = TSimd.Fma(v, g1, s21);
                s22 = TSimd.Fma(v, g2, s22);
                s23 = TSimd.Fma(v, g3, s23);
                v = TSimd.Load(x + fourth);
                s30 = TSimd.Fma(v, g0, s30);
                s31 = TSimd.Fma(v, g1, s31);
                s32 = TSimd.Fma(v, g2, s32);
                s33 = TSimd.Fma(v, g3, s33);
            }
        }

        float* sums = t->Sums;
        AddTo<TSimd, TVector>(sums, targets[0], s00);
        AddTo<TSimd, TVector>(sums, targets[1], s01);
        AddTo<TSimd, TVector>(sums, targets[2], s02);
        AddTo<TSimd, TVector>(sums, targets[3], s03);
        AddTo<TSimd, TVector>(sums, targets[4], s10);
        AddTo<TSimd, TVector>(sums, targets[5], s11);
        AddTo<TSimd, TVector>(sums, targets[6], s12);
        AddTo<TSimd, TVector>(sums, targets[7], s13);
        AddTo<TSimd, TVector>(sums, targets[8], s20);
        AddTo<TSimd, TVector>(sums, targets[9], s21);
        AddTo<TSimd, TVector>(sums, targets[10], s22);
        AddTo<TSimd, TVector>(sums, targets[11], s23);
        AddTo<TSimd, TVector>(sums, targets[12], s30);
        AddTo<TSimd, TVector>(sums, targets[13], s31);
        AddTo<TSimd, TVector>(sums, targets[14], s32);
        AddTo<TSimd, TVector>(sums, targets[15], s33);
    }

    /// <summary>Two input pixels: 8 sums, four gradients and an input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Images2<TSimd, TVector, TDy>(BlockedImageWeightsTile* t, nint first, nint second,
        int* targets)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TDy : struct, IPixels
    {
        TVector s00 = TSimd.Zero, s01 = TSimd.Zero, s02 = TSimd.Zero, s03 = TSimd.Zero;
        TVector s10 = TSimd.Zero, s11 = TSimd.Zero, s12 = TSimd.Zero, s13 = TSimd.Zero;
        nint xImage = t->XImage, dyImage = t->DyImage, d1 = t->Dy1, d2 = t->Dy2, d3 = t->Dy3;
        for (int n = 0; n < t->Pairs; n++)
        {
            float* x = t->X + t->Offsets[2 * n], dy = t->Dy + t->Offsets[2 * n + 1];
            for (int images = t->Images; images > 0; images--, x += xImage, dy += dyImage)
            {
                TVector g0 = TDy.Load<TSimd, TVector>(dy), g1 = TDy.Load<TSimd, TVector>(dy + d1);
                TVector g2 = TDy.Load<TSimd, TVector>(dy + d2), g3 = TDy.Load<TSimd, TVector>(dy + d3);
                TVector v = TSimd.Load(x + first);
                s00 = TSimd.Fma(v, g0, s00);
                s01 = TSimd.Fma(v, g1, s01);
                s02 = TSimd.Fma(v, g2, s02);
                s03 = TSimd.Fma(v, g3, s03);
                v = TSimd.Load(x + second);
                s10 = TSimd.Fma(v, g0, s10);
                s11 = TSimd.Fma(v, g1, s11);
                s12 = TSimd.Fma(v, g2, s12);
                s13 = TSimd.Fma(v, g3, s13);
            }
        }

        float* sums = t->Sums;
        AddTo<TSimd, TVector>(sums, targets[0], s00);
        AddTo<TSimd, TVector>(sums, targets[1], s01);
        AddTo<TSimd, TVector>(sums, targets[2], s02);
        AddTo<TSimd, TVector>(sums, targets[3], s03);
        AddTo<TSimd, TVector>(sums, targets[4], s10);
        AddTo<TSimd, TVector>(sums, targets[5], s11);
        AddTo<TSimd, TVector>(sums, targets[6], s12);
        AddTo<TSimd, TVector>(sums, targets[7], s13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<TSimd, TVector>(float* sums, int target, TVector v)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (target >= 0)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(sums + target), v), sums + target);
        }
    }
}
