using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>The gradient of a convolution's bias on a GPU.</summary>
public static class ConvBiasGpu
{
    /// <summary>Most threads of a group.</summary>
    private const int MaxThreads = 128;

    /// <summary><c>db[c] += Σ_{n,p} dy[n,c,p]</c>: one group of threads for each channel, its sums added as a tree; a
    /// device gives the same bits in every run.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="shape">Shape of dy, <c>[N, C, H, W]</c>.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="db">Gradient of the bias, <c>[C]</c>, added to.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void Backward(AcceleratorStream stream, in Shape shape, ArrayView<float> dy, ArrayView<float> db)
    {
        const string Name = "ConvBiasGpu.Backward";
        Guard.Positive(shape, Name);
        GpuGuard.Length(stream, dy, shape, Name);
        GpuGuard.Length(stream, db, Shape.Vector(shape.C), Name);
        int threads = MaxThreads;
        while (threads > stream.Accelerator.MaxNumThreadsPerGroup)
        {
            threads /= 2;
        }

        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int, int, int>(Body)(
            stream, new KernelConfig(shape.C, threads), dy, db, shape.N, shape.C, shape.Pixels);
    }

    /// <summary>One group for each channel; a power of two threads, all of which stay until the last barrier.</summary>
    internal static void Body(ArrayView<float> dy, ArrayView<float> db, int images, int channels, int pixels)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(MaxThreads);
        int c = Grid.IdxX, t = Group.IdxX;
        float sum = 0f;
        for (int n = 0; n < images; n++)
        {
            int start = (n * channels + c) * pixels;
            for (int p = t; p < pixels; p += Group.DimX)
            {
                sum += dy[start + p];
            }
        }

        sums[t] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                sums[t] += sums[t + half];
            }

            Group.Barrier();
        }

        if (t == 0)
        {
            db[c] += sums[0];
        }
    }
}
