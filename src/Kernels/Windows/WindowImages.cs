using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Planes of several images side by side, pixel by pixel: <c>[pixel][image]</c>, and apart again.</summary>
internal static unsafe class WindowImages
{
    /// <summary>Images whose vectors stand in registers.</summary>
    private const int Few = 4;

    /// <summary>Puts planes together; the lanes of images that are not there are zero.</summary>
    /// <param name="source">The plane of the first image.</param>
    /// <param name="pitch">Elements from one image to the next.</param>
    /// <param name="images">Images that are there.</param>
    /// <param name="pixels">Length of a plane.</param>
    /// <param name="to"><c>[pixels, lanes]</c>.</param>
    /// <param name="lanes">Images that have room.</param>
    public static void Together<TSimd, TVector>(float* source, nint pitch, int images, int pixels, float* to, int lanes)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int done = 0;
        if (lanes == Few && images == Few)
        {
            done = pixels / TSimd.Lanes * TSimd.Lanes;
            FewTogether<TSimd, TVector>(source, pitch, done, to);
        }

        if (images < lanes)
        {
            new Span<float>(to, checked(pixels * lanes)).Clear();
        }

        Transpose(source + done, pitch, images, pixels - done, to + done * lanes, lanes);
    }

    /// <summary>Takes planes apart.</summary>
    /// <param name="source"><c>[pixels, lanes]</c>.</param>
    /// <param name="lanes">Images that have room.</param>
    /// <param name="pixels">Length of a plane.</param>
    /// <param name="to">The plane of the first image.</param>
    /// <param name="pitch">Elements from one image to the next.</param>
    /// <param name="images">Images that are there.</param>
    public static void Apart<TSimd, TVector>(float* source, int lanes, int pixels, float* to, nint pitch, int images)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int done = 0;
        if (lanes == Few && images == Few)
        {
            done = pixels / TSimd.Lanes * TSimd.Lanes;
            FewApart<TSimd, TVector>(source, done, to, pitch);
        }

        Transpose(source + done * lanes, lanes, pixels - done, images, to + done, pitch);
    }

    /// <summary>Four images, a vector of pixels of each at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FewTogether<TSimd, TVector>(float* source, nint pitch, int pixels, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int p = 0; p < pixels; p += TSimd.Lanes, source += TSimd.Lanes, to += Few * TSimd.Lanes)
        {
            TVector a = TSimd.Load(source), b = TSimd.Load(source + pitch);
            TVector c = TSimd.Load(source + 2 * pitch), d = TSimd.Load(source + 3 * pitch);
            TVector low0 = TSimd.InterleaveLow(a, c), high0 = TSimd.InterleaveHigh(a, c);
            TVector low1 = TSimd.InterleaveLow(b, d), high1 = TSimd.InterleaveHigh(b, d);
            TSimd.Store(TSimd.InterleaveLow(low0, low1), to);
            TSimd.Store(TSimd.InterleaveHigh(low0, low1), to + TSimd.Lanes);
            TSimd.Store(TSimd.InterleaveLow(high0, high1), to + 2 * TSimd.Lanes);
            TSimd.Store(TSimd.InterleaveHigh(high0, high1), to + 3 * TSimd.Lanes);
        }
    }

    /// <summary>The way back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FewApart<TSimd, TVector>(float* source, int pixels, float* to, nint pitch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int p = 0; p < pixels; p += TSimd.Lanes, source += Few * TSimd.Lanes, to += TSimd.Lanes)
        {
            TVector a = TSimd.Load(source), b = TSimd.Load(source + TSimd.Lanes);
            TVector c = TSimd.Load(source + 2 * TSimd.Lanes), d = TSimd.Load(source + 3 * TSimd.Lanes);
            TVector even0 = TSimd.Even(a, b), odd0 = TSimd.Odd(a, b);
            TVector even1 = TSimd.Even(c, d), odd1 = TSimd.Odd(c, d);
            TSimd.Store(TSimd.Even(even0, even1), to);
            TSimd.Store(TSimd.Even(odd0, odd1), to + pitch);
            TSimd.Store(TSimd.Odd(even0, even1), to + 2 * pitch);
            TSimd.Store(TSimd.Odd(odd0, odd1), to + 3 * pitch);
        }
    }

    /// <summary><c>to[c, r] = from[r, c]</c>, in blocks of 4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transpose(float* from, nint fromPitch, int rows, int columns, float* to, nint toPitch)
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
