using Xunit;

namespace MuxKernels.Tests;

/// <summary>The sample that drops a fused kernel into an ILGPU program of its own.</summary>
public sealed class SampleTests
{
    [Fact]
    public void The_sample_agrees_with_the_reference_on_ilgpu_cpu() => Run("ilgpu-cpu", 12, 4);

    [DeviceFact("opencl")]
    public void The_sample_agrees_with_the_reference_on_opencl() => Run("opencl", 48, 28);

    private static void Run(string kind, int channels, int size)
    {
        GpuDevice device = Hardware.Device(kind);
        lock (device)
        {
            Assert.InRange(DropIntoIlgpu.Pipeline.Run(device.Accelerator, channels, size), 0, 1e-4);
        }
    }
}
