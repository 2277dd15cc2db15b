using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Planes of several images side by side, pixel by pixel: <c>[pixel][image]</c>, and apart again.</summary>
internal static unsafe class WindowImages
{
    /// <summary>Puts planes together; the lanes of images that are not there are zero.</summary>
    /// <param name="source">The plane of the first image.</param>
    /// <param name="pitch">Elements from one image to the next.</param>
    /// <param name="images">Images that are there.</param>
    /// <param name="pixels">Length of a plane.</param>
    /// <param name="to"><c>[pixels, lanes]</c>.</param>
    /// <param name="lanes">Images that have room.</param>
    public static void Together(float* source, nint pitch, int images, int pixels, float* to, int lanes)
    {
        if (images < lanes)
        {
            new Span<float>(to, checked(pixels * lanes)).Clear();
        }

        Transpose(source, pitch, images, pixels, to, lanes);
    }

    /// <summary>Takes planes apart.</summary>
    /// <param name="source"><c>[pixels, lanes]</c>.</param>
    /// <param name="lanes">Images that have room.</param>
    /// <param name="pixels">Length of a plane.</param>
    /// <param name="to">The plane of the first image.</param>
    /// <param name="pitch">Elements from one image to the next.</param>
    /// <param name="images">Images that are there.</param>
    public static void Apart(float* source, int lanes, int pixels, float* to, nint pitch, int images) =>
        Transpose(source, lanes, pixels, images, to, pitch);

    /// <summary><c>to[c, r] = from[r, c]</c>, in blocks of 4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* from, nint fromPitch, int rows, int columns, float* to, nint toPitch)
    {
        int wholeRows = rows & ~3, wholeColumns = columns & ~3;
        for (int r = 0; r < wholeRows; r += 4)
        {
            float* row0 = from + r * fromPitch, row1 = row0 + fromPitch, row2 = row1 + fromPitch,
                row3 = row2 + fromPitch;
            float* at = to + r;
            for (int c = 0; c < wholeColumns; c += 4, at += 4 * toPitch)
            {
                Vector128<float> a = Vector128.Load(row0 + c), b = Vector128.Load(row1 + c);
                Vector128<float> d = Vector128.Load(row2 + c), e = Vector128.Load(row3 + c);
                Vector128<float> low0 = Simd128.InterleaveLow(a, d), high0 = Simd128.InterleaveHigh(a, d);
                Vector128<float> low1 = Simd128.InterleaveLow(b, e), high1 = Simd128.InterleaveHigh(b, e);
                Vector128.Store(Simd128.InterleaveLow(low0, low1), at);
                Vector128.Store(Simd128.InterleaveHigh(low0, low1), at + toPitch);
                Vector128.Store(Simd128.InterleaveLow(high0, high1), at + 2 * toPitch);
                Vector128.Store(Simd128.InterleaveHigh(high0, high1), at + 3 * toPitch);
            }

            for (int c = wholeColumns; c < columns; c++, at += toPitch)
            {
                at[0] = row0[c];
                at[1] = row1[c];
                at[2] = row2[c];
                at[3] = row3[c];
            }
        }

        for (int r = wholeRows; r < rows; r++)
        {
            float* row = from + r * fromPitch;
            for (int c = 0; c < columns; c++)
            {
                to[c * toPitch + r] = row[c];
            }
        }
    }
}
