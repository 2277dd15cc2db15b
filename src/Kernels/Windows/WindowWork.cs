using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Cuts the parts of a convolution into pieces for threads, by shape alone, and chooses the vector width.
/// A piece computes its outputs whole, so the results do not depend on the number of threads.</summary>
internal static unsafe class WindowWork
{
    /// <summary>Pieces that a batch is cut into at least, where it has as many groups.</summary>
    private const int Pieces = 16;

    /// <summary>Pieces that the weight gradient is cut into at least, where it has as many input channels.</summary>
    private const int ChannelPieces = 32;

    /// <summary>Floats of scratch for some threads.</summary>
    public static int ScratchLength(ReadOnlySpan<WindowPart> parts, int images, int threads, string kernel)
    {
        Guard.Positive(threads, kernel);
        try
        {
            return checked(PerThread(parts, images) * threads + WindowPlan.Vector);
        }
        catch (OverflowException e)
        {
            throw new ShapeException(
                $"{kernel}: {threads} threads need more than {Guard.MaxLength} floats of scratch.", e);
        }
    }

    /// <summary>Forward pass of all parts at the machine's width.</summary>
    public static void Forward(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<float> input,
        ReadOnlySpan<float> w, ReadOnlySpan<float> bias, Span<float> output, Span<float> scratch, WorkPool? pool)
    {
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(parts, x, y, input, w, bias, output, scratch,
                pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(parts, x, y, input, w, bias, output, scratch,
                pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(parts, x, y, input, w, bias, output, scratch,
                pool);
        }
    }

    /// <summary>Input gradient of all parts at the machine's width.</summary>
    public static void BackwardInput(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> w, Span<float> dx, Span<float> scratch, WorkPool? pool)
    {
        if (Simd512.IsSupported)
        {
            BackwardInput<Simd512, Vector512<float>>(parts, x, y, dy, w, dx, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardInput<Simd256, Vector256<float>>(parts, x, y, dy, w, dx, scratch, pool);
        }
        else
        {
            BackwardInput<Simd128, Vector128<float>>(parts, x, y, dy, w, dx, scratch, pool);
        }
    }

    /// <summary>Weight gradient of all parts at the machine's width.</summary>
    public static void BackwardWeight(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> input, Span<float> dw, Span<float> scratch, WorkPool? pool)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeight<Simd512, Vector512<float>>(parts, x, y, dy, input, dw, scratch,
                pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeight<Simd256, Vector256<float>>(parts, x, y, dy, input, dw, scratch,
                pool);
        }
        else
        {
            BackwardWeight<Simd128, Vector128<float>>(parts, x, y, dy, input, dw, scratch,
                pool);
        }
    }

    /// <summary>Forward pass at one width.</summary>
    public static void Forward<TSimd, TVector>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y,
        ReadOnlySpan<float> input, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, Span<float> output,
        Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (WindowPart* part = parts)
        fixed (float* from = input, weights = w, start = bias, to = output, memory = scratch)
        {
            int images = WindowPlan.OfForward(parts[0].Window, 1, x.N).Images, blocks = (x.N + images - 1) / images;
            Groups<TSimd, TVector> work = new(part, parts.Length, x.N, images, Bands(blocks, parts.Length), from,
                (nint)x.ImageLength, weights, start, to, (nint)y.ImageLength,
                Align(memory), PerThread(parts, x.N), backward: false);
            WorkPool.For(pool, checked(blocks * work.PiecesPerBlock), work);
        }
    }

    /// <summary>Input gradient at one width.</summary>
    public static void BackwardInput<TSimd, TVector>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y,
        ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (WindowPart* part = parts)
        fixed (float* from = dy, weights = w, to = dx, memory = scratch)
        {
            int images = WindowPlan.OfBackwardInput(parts[0].Window, 1, x.N).Images;
            int blocks = (x.N + images - 1) / images;
            Groups<TSimd, TVector> work = new(part, parts.Length, x.N, images, Bands(blocks, parts.Length), from,
                (nint)y.ImageLength, weights, null, to, (nint)x.ImageLength,
                Align(memory), PerThread(parts, x.N), backward: true);
            WorkPool.For(pool, checked(blocks * work.PiecesPerBlock), work);
        }
    }

    /// <summary>Weight gradient at one width.</summary>
    public static void BackwardWeight<TSimd, TVector>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y,
        ReadOnlySpan<float> dy, ReadOnlySpan<float> input, Span<float> dw, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int most = (ChannelPieces + parts.Length - 1) / parts.Length, pieces = 0;
        foreach (ref readonly WindowPart part in parts)
        {
            pieces += Math.Min(most, part.Groups * part.In);
        }

        fixed (WindowPart* part = parts)
        fixed (float* from = input, gradient = dy, to = dw, memory = scratch)
        {
            WorkPool.For(pool, pieces, new Channels<TSimd, TVector>(part, most, x.N, from, (nint)x.ImageLength,
                gradient, (nint)y.ImageLength, to, Align(memory), PerThread(parts, x.N)));
        }
    }

    /// <summary>Roundings on the longest path of a weight gradient: at the narrowest width a lane adds the columns of a
    /// quarter of each row, or, of several images together, whole maps of a quarter of the images; then bands are
    /// added, and lanes.</summary>
    public static long GradientDepth(Shape y) =>
        y.N * (long)y.H * ((y.W + 3) / 4) + y.Pixels + y.N * ((y.H + 15L) / 16);

    private static int PerThread(ReadOnlySpan<WindowPart> parts, int images)
    {
        int longest = 0;
        foreach (ref readonly WindowPart part in parts)
        {
            longest = Math.Max(longest, part.ScratchLength(images));
        }

        return longest;
    }

    /// <summary>Pieces of a part of an image; each has its own set-up, so there are no more than threads need.
    /// </summary>
    private static int Bands(int images, int parts)
    {
        long pieces = (long)images * parts;
        return (int)((Pieces + pieces - 1) / pieces);
    }

    private static float* Align(float* memory) => (float*)(((nuint)memory + 63) & ~(nuint)63);

    /// <summary>Groups of a block of images (which the parts have in common): forward and input gradient.</summary>
    private readonly struct Groups<TSimd, TVector>(WindowPart* parts, int count, int batch, int images, int bands,
        float* from, nint fromImage, float* w, float* bias, float* to, nint toImage, float* scratch, nint perThread,
        bool backward) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public int PiecesPerBlock
        {
            get
            {
                int pieces = 0;
                for (int p = 0; p < count; p++)
                {
                    pieces += Math.Min(bands, parts[p].Groups);
                }

                return pieces;
            }
        }

        public void Run(int index, int worker)
        {
            int perBlock = PiecesPerBlock, n = index / perBlock * images, band = index % perBlock, p = 0;
            for (; band >= Math.Min(bands, parts[p].Groups); p++)
            {
                band -= Math.Min(bands, parts[p].Groups);
            }

            WindowPart part = parts[p];
            int pieces = Math.Min(bands, part.Groups);
            int first = (int)((long)part.Groups * band / pieces), end = (int)((long)part.Groups * (band + 1) / pieces);
            float* memory = scratch + worker * perThread, source = from + n * fromImage, result = to + n * toImage;
            int there = Math.Min(images, batch - n);
            if (backward)
            {
                WindowConv.BackwardInput<TSimd, TVector>(part, batch, there, source + part.Y, fromImage, w + part.W,
                    result + part.X, toImage, first, end - first, memory);
            }
            else
            {
                int channel = part.Y / part.YPlane;
                WindowConv.Forward<TSimd, TVector>(part, batch, there, source + part.X, fromImage, w + part.W,
                    bias == null ? null : bias + channel, result + part.Y, toImage, first, end - first, memory);
            }
        }
    }

    /// <summary>Some input channels of all images: weight gradient.</summary>
    private readonly struct Channels<TSimd, TVector>(WindowPart* parts, int most, int images, float* x, nint xImage,
        float* dy, nint dyImage, float* dw, float* scratch, nint perThread) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            int p = 0;
            for (; index >= Math.Min(most, parts[p].Groups * parts[p].In); p++)
            {
                index -= Math.Min(most, parts[p].Groups * parts[p].In);
            }

            WindowPart part = parts[p];
            int pieces = Math.Min(most, part.Groups * part.In), unit = part.Groups >= pieces ? part.In : 1;
            long units = part.Groups * part.In / unit;
            int first = (int)(units * index / pieces) * unit, end = (int)(units * (index + 1) / pieces) * unit;
            WindowConv.BackwardWeight<TSimd, TVector>(part, images, x + part.X, xImage, dy + part.Y, dyImage,
                dw + part.W, first, end - first, scratch + worker * perThread);
        }
    }
}
