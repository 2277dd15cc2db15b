using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Global average pool on a GPU.</summary>
public static class GlobalAveragePoolGpu
{
    /// <summary><c>y[n,c] ← 1/(H·W)·Σ_p x[n,c,p]</c>: a group of threads for each plane, its sums added as a tree.
    /// </summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="y">Output, <c>[N, C]</c>.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in GlobalAveragePool.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "GlobalAveragePoolGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        Means(stream, args.X, x, y, args.X.C);
    }

    /// <summary><c>dx[n,c,p] ← dy[n,c]/(H·W)</c>.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps dy.</exception>
    public static void Backward(AcceleratorStream stream, in GlobalAveragePool.Args args, ArrayView<float> dy,
        ArrayView<float> dx)
    {
        const string Name = "GlobalAveragePoolGpu.Backward";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int, int>(SpreadBody)(
            stream, GpuKernels.Cover(stream, dx.IntLength), dy, dx, dx.IntLength, args.X.Pixels);
    }

    /// <summary>The mean of each plane, those of an image <paramref name="stride"/> elements behind those of the last
    /// one.</summary>
    internal static void Means(AcceleratorStream stream, Shape shape, ArrayView<float> x, ArrayView<float> y,
        int stride) =>
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int, int, int>(MeanBody)(
            stream, new KernelConfig(shape.N * shape.C, GroupSum.Threads(stream, shape.Pixels)), x, y, shape.C,
            shape.Pixels, stride);

    /// <summary>One group for each plane.</summary>
    internal static void MeanBody(ArrayView<float> x, ArrayView<float> y, int channels, int pixels, int stride)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int plane = Grid.IdxX, start = plane * pixels;
        float sum = 0f;
        for (int p = Group.IdxX; p < pixels; p += Group.DimX)
        {
            sum += x[start + p];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            int n = plane / channels;
            y[n * stride + plane - n * channels] = sum / pixels;
        }
    }

    /// <summary>One thread for each element of dx.</summary>
    internal static void SpreadBody(ArrayView<float> dy, ArrayView<float> dx, int length, int pixels)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            dx[i] = dy[i / pixels] / pixels;
        }
    }
}
