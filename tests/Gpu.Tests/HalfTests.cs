using ILGPU;
using ILGPU.Runtime;
using MuxKernels.Testing;
using Xunit;
using Half = ILGPU.Half;

namespace MuxKernels.Tests;

/// <summary>float16 storage: to nearest, ties to even, on every kind of device.</summary>
public sealed class HalfTests
{
    [Fact]
    public void Numbers_are_rounded_to_nearest_on_ilgpu_cpu() => Round("ilgpu-cpu", 64);

    [DeviceFact("opencl")]
    public void Numbers_are_rounded_to_nearest_on_opencl() => Round("opencl", 4096);

    private static void Round(string kind, int count)
    {
        GpuDevice device = Hardware.Device(kind);
        lock (device)
        {
            float[] special =
            [
                0f, -0f, 1f, 65504f, 65519f, 65520f, -1e6f, 1.0004883f, 1.0014648f, 6.1e-5f, 3e-5f, 2.98e-8f, 2.99e-8f,
                float.NaN, float.PositiveInfinity, float.NegativeInfinity,
            ];
            float[] x = [.. special, .. Fill.Uniform(1, count - special.Length, -8f, 8f)], y = new float[count];
            using MemoryBuffer1D<float, Stride1D.Dense> wide = device.Accelerator.Allocate1D(x);
            using MemoryBuffer1D<Half, Stride1D.Dense> half = device.Accelerator.Allocate1D<Half>(count);
            GpuHalf.Narrow(device.Stream, wide.View.BaseView, half.View.BaseView);
            GpuHalf.Widen(device.Stream, half.View.BaseView, wide.View.BaseView);
            wide.View.BaseView.CopyToCPU(device.Stream, y.AsSpan());
            device.Synchronize();
            for (int i = 0; i < count; i++)
            {
                Assert.Equal((float)(System.Half)x[i], y[i]);
            }
        }
    }
}
