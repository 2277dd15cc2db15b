using ILGPU;
using ILGPU.Runtime;
using MuxKernels;

namespace DropIntoIlgpu;

/// <summary>Bytes to numbers (a kernel of this program), a third of the channels each at half, full and double
/// resolution with batch norm, hard swish and pooling fused in (MuxKernels), pooled sums to means (a kernel of this
/// program): all on one stream, without a copy to the host in between.</summary>
internal static class Pipeline
{
    /// <summary>Runs the pipeline and returns its largest error.</summary>
    public static double Run(Accelerator accelerator, int channels, int size)
    {
        MuxConv.Args conv = new(new Shape(1, channels, size, size), scales: [-1, 0, 1], kernels: 3);
        Random random = new(1);
        byte[] image = new byte[conv.X.Length];
        random.NextBytes(image);
        float[] w = Numbers(random, conv.WeightLength), scale = Numbers(random, channels);
        float[] shift = Numbers(random, channels);

        // Memory of the program's own, and a stream of its own.
        using AcceleratorStream stream = accelerator.CreateStream();
        using MemoryBuffer1D<byte, Stride1D.Dense> bytes = accelerator.Allocate1D(image);
        using MemoryBuffer1D<float, Stride1D.Dense> x = accelerator.Allocate1D<float>(image.Length);
        using MemoryBuffer1D<float, Stride1D.Dense> weight = accelerator.Allocate1D(w);
        using MemoryBuffer1D<float, Stride1D.Dense> scales = accelerator.Allocate1D(scale);
        using MemoryBuffer1D<float, Stride1D.Dense> shifts = accelerator.Allocate1D(shift);
        using MemoryBuffer1D<float, Stride1D.Dense> y = accelerator.Allocate1D<float>(conv.Y.Length);
        using MemoryBuffer1D<float, Stride1D.Dense> means = accelerator.Allocate1D<float>(channels);
        using MemoryBuffer1D<float, Stride1D.Dense> scratch =
            accelerator.Allocate1D<float>(MuxConvGpu.FusedScratchLength(conv));
        accelerator.Synchronize();

        Action<AcceleratorStream, Index1D, ArrayView<byte>, ArrayView<float>> normalise =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<byte>, ArrayView<float>>(Normalise);
        Action<AcceleratorStream, Index1D, ArrayView<float>, float> divide =
            accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, float>(Divide);

        normalise(stream, image.Length, bytes.View.BaseView, x.View.BaseView);
        MuxConvGpu.Forward(stream, conv, x.View.BaseView, weight.View.BaseView, new GpuFusion<float>
        {
            Scale = scales.View.BaseView,
            Shift = shifts.View.BaseView,
            Activation = ActivationKind.HardSwish,
            Sums = means.View.BaseView,
        }, y.View.BaseView, scratch.View.BaseView);
        divide(stream, channels, means.View.BaseView, conv.Y.Pixels);

        float[] found = new float[conv.Y.Length], pooled = new float[channels];
        y.View.BaseView.CopyToCPU(stream, found.AsSpan());
        means.View.BaseView.CopyToCPU(stream, pooled.AsSpan());
        stream.Synchronize();
        return Error(conv, image, w, scale, shift, found, pooled);
    }

    private static void Normalise(Index1D i, ArrayView<byte> bytes, ArrayView<float> x) =>
        x[i] = bytes[i] / 255f - 0.5f;

    private static void Divide(Index1D i, ArrayView<float> x, float by) => x[i] /= by;

    /// <summary>The same in plain loops.</summary>
    private static double Error(in MuxConv.Args conv, byte[] image, float[] w, float[] scale, float[] shift,
        float[] found, float[] pooled)
    {
        double[] x = Array.ConvertAll(image, b => (double)(b / 255f - 0.5f)), y = new double[found.Length];
        MuxConv.ForwardReference<double>(conv, x, Array.ConvertAll(w, v => (double)v), y);
        double[] means = new double[pooled.Length];
        double error = 0;
        for (int i = 0; i < y.Length; i++)
        {
            int c = i / conv.Y.Pixels;
            double v = scale[c] * y[i] + shift[c];
            v *= Math.Clamp(v + 3, 0, 6) / 6;
            means[c] += v / conv.Y.Pixels;
            error = Math.Max(error, Math.Abs(found[i] - v));
        }

        for (int c = 0; c < means.Length; c++)
        {
            error = Math.Max(error, Math.Abs(pooled[c] - means[c]));
        }

        return error;
    }

    private static float[] Numbers(Random random, int count)
    {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = random.NextSingle() - 0.5f;
        }

        return numbers;
    }
}
