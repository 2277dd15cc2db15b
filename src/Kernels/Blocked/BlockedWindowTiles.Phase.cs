using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Tiles of one phase of rows and columns of an input's gradient: neighbouring sums read neighbouring pixels
/// and are stored <see cref="BlockedWindowTile.YPixelStep"/> apart. Any kernel size, stride and dilation; no taps at
/// all leave the bias. Register budget: 8 sums, a weight, a pixel.</content>
internal static unsafe partial class BlockedWindowTiles
{
    /// <summary>Some rows of so many output pixels of a phase.</summary>
    /// <typeparam name="TSimd">The width.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    /// <typeparam name="TPixel"><see cref="Plain"/> pixels, or <see cref="Swapped"/> ones: these are added to what
    /// stands in Y, not to the bias.</typeparam>
    /// <param name="tile">The rows; X and Y are those of the first pixel.</param>
    /// <param name="columns">Output pixels of a row.</param>
    public static void Phase<TSimd, TVector, TPixel>(BlockedWindowTile* tile, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPixel : struct, IPixel
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width * TSimd.Lanes, y += width * tile->YPixelStep)
        {
            width = columns >= 8 ? 8 : Largest(Math.Min(columns, 4));
            switch (width)
            {
                case 8:
                    Phase<TSimd, TVector, TPixel, Eight>(tile, x, y);
                    break;
                case 4:
                    Phase<TSimd, TVector, TPixel, Four>(tile, x, y);
                    break;
                case 2:
                    Phase<TSimd, TVector, TPixel, Two>(tile, x, y);
                    break;
                case 1:
                    Phase<TSimd, TVector, TPixel, One>(tile, x, y);
                    break;
            }
        }
    }

    /// <summary>Some rows of so many output pixels of both column phases of stride 2, kernels of two taps or more: each
    /// pixel that is loaded feeds the sums of up to five taps. Register budget: 14 sums (8 with 16 registers), five
    /// weights, a pixel.</summary>
    /// <param name="tile">The rows; X is what tap 0 of the first pixel reads, or tap 1 if that is odd; Y is the first
    /// pixel, pixels are side by side; taps are those of a whole kernel row.</param>
    /// <param name="odd">Whether the first pixel reads the odd taps.</param>
    /// <param name="columns">Output pixels of a row.</param>
    /// <inheritdoc cref="Phase{TSimd, TVector, TPixel}"/>
    public static void Twin<TSimd, TVector, TPixel>(BlockedWindowTile* tile, bool odd, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPixel : struct, IPixel
    {
        float* x = tile->X, y = tile->Y;
        for (int width; columns > 0; columns -= width, x += width / 2 * TSimd.Lanes, y += width * TSimd.Lanes)
        {
            width = TwinWidth<TSimd, TVector>(columns);
            switch (width)
            {
                case 14:
                    Twin<TSimd, TVector, TPixel, Fourteen>(tile, odd, x, y);
                    break;
                case 8:
                    Twin<TSimd, TVector, TPixel, Eight>(tile, odd, x, y);
                    break;
                case 4:
                    Twin<TSimd, TVector, TPixel, Four>(tile, odd, x, y);
                    break;
                case 2:
                    Twin<TSimd, TVector, TPixel, Two>(tile, odd, x, y);
                    break;
                case 1:
                    Twin<TSimd, TVector, TPixel, One>(tile, odd, x, y);
                    break;
            }
        }
    }

    /// <summary>Columns of the next tile where so many are left: an even number, but for the last.</summary>
    private static int TwinWidth<TSimd, TVector>(int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => columns switch
        {
            >= 14 when TSimd.Lanes >= 16 && (columns % 14 == 0 || columns % 8 != 0) => 14,
            >= 8 => 8,
            >= 4 => 4,
            >= 2 => 2,
            _ => 1,
        };

    private static void Twin<TSimd, TVector, TPixel, TColumns>(BlockedWindowTile* tile, bool odd, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPixel : struct, IPixel
        where TColumns : struct, ICount
    {
        if (odd)
        {
            TwinOdd<TSimd, TVector, TPixel, TColumns>(tile, x, y);
        }
        else
        {
            TwinEven<TSimd, TVector, TPixel, TColumns>(tile, x, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Phase<TSimd, TVector, TPixel, TColumns>(BlockedWindowTile* t, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TPixel : struct, IPixel
        where TColumns : struct, ICount
    {
        nint rowStep = t->RowStep, outRow = t->OutRowStep, tapStep = t->TapStep, weightStep = t->WeightStep;
        nint next = t->YPixelStep;
        for (int outputs = t->OutRows; outputs > 0; outputs--, x += outRow, y += t->YRowStep)
        {
            TVector a0, a1, a2, a3, a4, a5, a6, a7;
            a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = TSimd.Load(t->Bias);
            if (TPixel.IsSwapped)
            {
                a0 = TSimd.Load(y);

                if (TColumns.Value >= 2)
                {
                    a1 = TSimd.Load(y + next);
                }

                if (TColumns.Value >= 4)
                {
                    a2 = TSimd.Load(y + 2 * next);
                    a3 = TSimd.Load(y + 3 * next);
                }

                if (TColumns.Value >= 8)
                {
                    a4 = TSimd.Load(y + 4 * next);
                    a5 = TSimd.Load(y + 5 * next);
                    a6 = TSimd.Load(y + 6 * next);
                    a7 = TSimd.Load(y + 7 * next);
                }
            }

            float* block = x, weights = t->W;
            for (int blocks = t->Blocks; blocks > 0; blocks--)
            {
                float* row = block, rowWeights = weights;
                for (int rows = t->Rows; rows > 0; rows--)
                {
                    float* p = row, w = rowWeights;
                    for (int taps = t->Taps; taps > 0; taps--)
                    {
                        TVector w0 = TSimd.Load(w);
                        a0 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p), a0);

                        if (TColumns.Value >= 2)
                        {
                            a1 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + TSimd.Lanes), a1);
                        }

                        if (TColumns.Value >= 4)
                        {
                            a2 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 2 * TSimd.Lanes), a2);
                            a3 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 3 * TSimd.Lanes), a3);
                        }

                        if (TColumns.Value >= 8)
                        {
                            a4 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 4 * TSimd.Lanes), a4);
                            a5 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 5 * TSimd.Lanes), a5);
                            a6 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 6 * TSimd.Lanes), a6);
                            a7 = TSimd.Fma(w0, TPixel.Load<TSimd, TVector>(p + 7 * TSimd.Lanes), a7);
                        }

                        p += tapStep;
                        w += weightStep;
                    }

                    row += rowStep;
                    rowWeights += t->WeightRowStep;
                }

                block += t->BlockStep;
                weights += t->WeightBlockStep;
            }

            TSimd.Store(a0, y);

            if (TColumns.Value >= 2)
            {
                TSimd.Store(a1, y + next);
            }

            if (TColumns.Value >= 4)
            {
                TSimd.Store(a2, y + 2 * next);
                TSimd.Store(a3, y + 3 * next);
            }

            if (TColumns.Value >= 8)
            {
                TSimd.Store(a4, y + 4 * next);
                TSimd.Store(a5, y + 5 * next);
                TSimd.Store(a6, y + 6 * next);
                TSimd.Store(a7, y + 7 * next);
            }
        }
    }

    /// <summary>How a tile takes pixels.</summary>
    internal interface IPixel
    {
        /// <summary>Whether neighbouring lanes are exchanged.</summary>
        static abstract bool IsSwapped { get; }

        /// <summary>A pixel.</summary>
        static abstract TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct;
    }

    /// <summary>As they stand.</summary>
    internal readonly struct Plain : IPixel
    {
        public static bool IsSwapped => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Load(p);
    }

    /// <summary>Neighbouring lanes exchanged.</summary>
    internal readonly struct Swapped : IPixel
    {
        public static bool IsSwapped => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.SwapPairs(TSimd.Load(p));
    }
}
