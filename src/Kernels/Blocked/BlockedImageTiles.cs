using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Tiles of whole small maps, see <see cref="BlockedImageTile"/>: the weight of a tap stands in a register, every
/// multiply-add takes its pixel from memory, image by image. Register budget: sums of 16 images (8 with 16 registers)
/// and a weight; of a group of two channels sums of 8 (4) images in both blocks, two weights and a pixel. Each output
/// is the same sum in the same order, whatever the number of images.
/// </summary>
internal static unsafe class BlockedImageTiles
{
    /// <summary>How the two channels of a group stand.</summary>
    internal interface IPair
    {
        /// <summary>Whether in neighbouring lanes of one block; otherwise in two blocks.</summary>
        static abstract bool Swaps { get; }
    }

    /// <summary>One output block, all input blocks.</summary>
    public static void One<TSimd, TVector>(BlockedImageTile* tile, int images)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* x = tile->X, y = tile->Y;
        for (int count; images > 0; images -= count, x += count * tile->ImageStep, y += count * tile->YImageStep)
        {
            count = Next(images, TSimd.Lanes >= 16 ? 16 : 8);
            switch (count)
            {
                case 16:
                    One<TSimd, TVector, Sixteen>(tile, x, y);
                    break;
                case 8:
                    One<TSimd, TVector, Eight>(tile, x, y);
                    break;
                case 4:
                    One<TSimd, TVector, Four>(tile, x, y);
                    break;
                case 2:
                    One<TSimd, TVector, Two>(tile, x, y);
                    break;
                default:
                    One<TSimd, TVector, One>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>Both channels of groups of two: two output blocks, or one whose weights are those of the own and of the
    /// other channel.</summary>
    public static void Both<TSimd, TVector, TPair>(BlockedImageTile* tile, int images)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPair : struct, IPair
    {
        float* x = tile->X, y = tile->Y;
        for (int count; images > 0; images -= count, x += count * tile->ImageStep, y += count * tile->YImageStep)
        {
            count = Next(images, TSimd.Lanes >= 16 ? 8 : 4);
            switch (count)
            {
                case 8:
                    Both<TSimd, TVector, Eight, TPair>(tile, x, y);
                    break;
                case 4:
                    Both<TSimd, TVector, Four, TPair>(tile, x, y);
                    break;
                case 2:
                    Both<TSimd, TVector, Two, TPair>(tile, x, y);
                    break;
                default:
                    Both<TSimd, TVector, One, TPair>(tile, x, y);
                    break;
            }
        }
    }

    private static int Next(int images, int most) => images >= most ? most : images switch
    {
        >= 8 => 8,
        >= 4 => 4,
        >= 2 => 2,
        _ => 1,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TSimd, TVector, TImages>(BlockedImageTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TImages : struct, ICount
    {
        nint image = t->ImageStep, image3 = 3 * image, tapStep = t->TapStep, weightStep = t->WeightStep;
        for (int n = 0; n < t->Pixels; n++)
        {
            BlockedImagePixel* at = t->Table + n;
            TVector bias = TSimd.Load(t->Bias);
            TVector a0 = bias, a1 = bias, a2 = bias, a3 = bias, a4 = bias, a5 = bias, a6 = bias, a7 = bias, a8 = bias,
                a9 = bias, a10 = bias, a11 = bias, a12 = bias, a13 = bias, a14 = bias, a15 = bias;
            float* block = x + at->X, weights = t->W + at->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = at->Rows; rows > 0; rows--)
                {
                    float* p = row, w = rowWeights;
                    for (int taps = at->Taps; taps > 0; taps--)
                    {
                        TVector w0 = TSimd.Load(w);
                        a0 = TSimd.Fma(w0, TSimd.Load(p), a0);

                        if (TImages.Value >= 2)
                        {
                            a1 = TSimd.Fma(w0, TSimd.Load(p + image), a1);
                        }

                        if (TImages.Value >= 4)
                        {
                            a2 = TSimd.Fma(w0, TSimd.Load(p + 2 * image), a2);
                            a3 = TSimd.Fma(w0, TSimd.Load(p + image3), a3);
                        }

                        if (TImages.Value >= 8)
                        {
                            float* p4 = p + 4 * image;
                            a4 = TSimd.Fma(w0, TSimd.Load(p4), a4);
                            a5 = TSimd.Fma(w0, TSimd.Load(p4 + image), a5);
                            a6 = TSimd.Fma(w0, TSimd.Load(p4 + 2 * image), a6);
                            a7 = TSimd.Fma(w0, TSimd.Load(p4 + image3), a7);
                        }

                        if (TImages.Value >= 16)
                        {
                            float* p8 = p + 8 * image, p12 = p8 + 4 * image;
                            a8 = TSimd.Fma(w0, TSimd.Load(p8), a8);
                            a9 = TSimd.Fma(w0, TSimd.Load(p8 + image), a9);
                            a10 = TSimd.Fma(w0, TSimd.Load(p8 + 2 * image), a10);
                            a11 = TSimd.Fma(w0, TSimd.Load(p8 + image3), a11);
                            a12 = TSimd.Fma(w0, TSimd.Load(p12), a12);
                            a13 = TSimd.Fma(w0, TSimd.Load(p12 + image), a13);
                            a14 = TSimd.Fma(w0, TSimd.Load(p12 + 2 * image), a14);
                            a15 = TSimd.Fma(w0, TSimd.Load(p12 + image3), a15);
                        }

                        p += tapStep;
                        w += weightStep;
                    }

                    row += t->RowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
            }

            float* to = y + at->Y;
            nint step = t->YImageStep;
            TSimd.Store(a0, to);

            if (TImages.Value >= 2)
            {
                TSimd.Store(a1, to += step);
            }

            if (TImages.Value >= 4)
            {
                TSimd.Store(a2, to += step);
                TSimd.Store(a3, to += step);
            }

            if (TImages.Value >= 8)
            {
                TSimd.Store(a4, to += step);
                TSimd.Store(a5, to += step);
                TSimd.Store(a6, to += step);
                TSimd.Store(a7, to += step);
            }

            if (TImages.Value >= 16)
            {
                TSimd.Store(a8, to += step);
                TSimd.Store(a9, to += step);
                TSimd.Store(a10, to += step);
                TSimd.Store(a11, to += step);
                TSimd.Store(a12, to += step);
                TSimd.Store(a13, to += step);
                TSimd.Store(a14, to += step);
                TSimd.Store(a15, to += step);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Both<TSimd, TVector, TImages, TPair>(BlockedImageTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TImages : struct, ICount
        where TPair : struct, IPair
    {
        nint image = t->ImageStep, image3 = 3 * image, tapStep = t->TapStep, weightStep = t->WeightStep;
        for (int n = 0; n < t->Pixels; n++)
        {
            BlockedImagePixel* at = t->Table + n;
            TVector u = TSimd.Load(t->Bias), v = TPair.Swaps ? TSimd.Zero : TSimd.Load(t->Bias + TSimd.Lanes);
            TVector a0 = u, a1 = u, a2 = u, a3 = u, a4 = u, a5 = u, a6 = u, a7 = u;
            TVector b0 = v, b1 = v, b2 = v, b3 = v, b4 = v, b5 = v, b6 = v, b7 = v;
            float* block = x + at->X, weights = t->W + at->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = at->Rows; rows > 0; rows--)
                {
                    float* p = row, w = rowWeights;
                    for (int taps = at->Taps; taps > 0; taps--)
                    {
                        TVector w0 = TSimd.Load(w), w1 = TSimd.Load(w + TSimd.Lanes), x0 = TSimd.Load(p);
                        w1 = TPair.Swaps ? TSimd.SwapPairs(w1) : w1;
                        a0 = TSimd.Fma(w0, x0, a0);
                        b0 = TSimd.Fma(w1, x0, b0);

                        if (TImages.Value >= 2)
                        {
                            TVector x1 = TSimd.Load(p + image);
                            a1 = TSimd.Fma(w0, x1, a1);
                            b1 = TSimd.Fma(w1, x1, b1);
                        }

                        if (TImages.Value >= 4)
                        {
                            TVector x2 = TSimd.Load(p + 2 * image);
                            a2 = TSimd.Fma(w0, x2, a2);
                            b2 = TSimd.Fma(w1, x2, b2);
                            x2 = TSimd.Load(p + image3);
                            a3 = TSimd.Fma(w0, x2, a3);
                            b3 = TSimd.Fma(w1, x2, b3);
                        }

                        if (TImages.Value >= 8)
                        {
                            float* p4 = p + 4 * image;
                            TVector x4 = TSimd.Load(p4);
                            a4 = TSimd.Fma(w0, x4, a4);
                            b4 = TSimd.Fma(w1, x4, b4);
                            x4 = TSimd.Load(p4 + image);
                            a5 = TSimd.Fma(w0, x4, a5);
                            b5 = TSimd.Fma(w1, x4, b5);
                            x4 = TSimd.Load(p4 + 2 * image);
                            a6 = TSimd.Fma(w0, x4, a6);
                            b6 = TSimd.Fma(w1, x4, b6);
                            x4 = TSimd.Load(p4 + image3);
                            a7 = TSimd.Fma(w0, x4, a7);
                            b7 = TSimd.Fma(w1, x4, b7);
                        }

                        p += tapStep;
                        w += weightStep;
                    }

                    row += t->RowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
            }

            float* to = y + at->Y, other = to + t->YBlockStep;
            nint step = t->YImageStep;
            if (TPair.Swaps)
            {
                a0 = TSimd.Add(a0, TSimd.SwapPairs(b0));
                a1 = TSimd.Add(a1, TSimd.SwapPairs(b1));
                a2 = TSimd.Add(a2, TSimd.SwapPairs(b2));
                a3 = TSimd.Add(a3, TSimd.SwapPairs(b3));
                a4 = TSimd.Add(a4, TSimd.SwapPairs(b4));
                a5 = TSimd.Add(a5, TSimd.SwapPairs(b5));
                a6 = TSimd.Add(a6, TSimd.SwapPairs(b6));
                a7 = TSimd.Add(a7, TSimd.SwapPairs(b7));
            }

            TSimd.Store(a0, to);

            if (TImages.Value >= 2)
            {
                TSimd.Store(a1, to += step);
            }

            if (TImages.Value >= 4)
            {
                TSimd.Store(a2, to += step);
                TSimd.Store(a3, to += step);
            }

            if (TImages.Value >= 8)
            {
                TSimd.Store(a4, to += step);
                TSimd.Store(a5, to += step);
                TSimd.Store(a6, to += step);
                TSimd.Store(a7, to += step);
            }

            if (TPair.Swaps)
            {
                continue;
            }

            TSimd.Store(b0, other);

            if (TImages.Value >= 2)
            {
                TSimd.Store(b1, other += step);
            }

            if (TImages.Value >= 4)
            {
                TSimd.Store(b2, other += step);
                TSimd.Store(b3, other += step);
            }

            if (TImages.Value >= 8)
            {
                TSimd.Store(b4, other += step);
                TSimd.Store(b5, other += step);
                TSimd.Store(b6, other += step);
                TSimd.Store(b7, other += step);
            }
        }
    }

    /// <summary>Two blocks.</summary>
    internal readonly struct Apart : IPair
    {
        public static bool Swaps => false;
    }

    /// <summary>Neighbouring lanes.</summary>
    internal readonly struct Neighbours : IPair
    {
        public static bool Swaps => true;
    }
}
