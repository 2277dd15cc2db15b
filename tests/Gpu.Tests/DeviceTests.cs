using ILGPU.Runtime.Cuda;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Memory, errors and names of GPU devices, on ILGPU's CPU accelerator.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void Copies_fills_accumulates_and_sums()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        lock (device)
        {
            float[] x = Fill.Uniform(1, 300), back = new float[300];
            View a = device.Rent(300).View, b = device.Rent(300).View;
            device.Write(x, a);
            device.Copy(a, b);
            device.Accumulate(a, b);
            device.Fill(b.Slice(10, 5), 7f);
            device.Read(b, back);
            Check.SameBits([.. x.Select((v, i) => i is >= 10 and < 15 ? 7f : v + v)], back);
            double expected = x.Sum(v => (double)v * v);
            Assert.Equal(expected, device.SumOfSquares(a), 12);
            Assert.Equal(0, device.SumOfSquares(View.None));
            device.Synchronize();
            device.Return(a.Buffer!);
            device.Return(b.Buffer!);
        }
    }

    [Fact]
    public void Memory_given_back_is_used_again_and_its_old_views_are_errors()
    {
        using GpuDevice device = GpuDevice.Open("ilgpu-cpu");
        DeviceBuffer first = device.Rent(1000);
        long taken = device.AllocatedBytes;
        Assert.InRange(taken, 4000, 5000);
        device.Return(first);
        device.Return(first);
        DeviceBuffer second = device.Rent(990);
        DeviceBuffer third = device.Rent(1000);
        Assert.Equal(2 * taken, device.AllocatedBytes);
        Assert.Throws<ObjectDisposedException>(() => device.Memory(first.View));
        Assert.Equal(990, device.Memory(second.View).Length);
        device.Return(second);
        device.Return(third);
    }

    [Fact]
    public void Too_much_memory_is_an_error_with_sizes_after_the_pool_was_freed()
    {
        using GpuDevice device = GpuDevice.Open("ilgpu-cpu", memoryLimit: 100_000);
        device.Return(device.Rent(16_000));
        DeviceBuffer fits = device.Rent(20_000);
        OutOfMemoryException error = Assert.ThrowsAny<OutOfMemoryException>(() => device.Rent(10_000));
        Assert.Contains("can't give 40,960 bytes more: 81,920 of 100,000 bytes are in use", error.Message,
            StringComparison.Ordinal);
        device.Return(fits);
        device.Return(device.Rent(10_000));
    }

    [Fact]
    public void Memory_of_another_device_is_an_error()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        using CpuDevice cpu = new(1);
        DeviceBuffer foreign = cpu.Rent(8);
        InvalidOperationException error =
            Assert.Throws<InvalidOperationException>(() => device.Fill(foreign.View, 0f));
        Assert.Contains("belongs to cpu, expected ilgpu-cpu", error.Message, StringComparison.Ordinal);
        cpu.Return(foreign);
    }

    [Fact]
    public void Every_operation_of_the_seam_has_a_body()
    {
        // The forms of Write and Read in double convert; Missing and Dispose are the seam's own.
        string[] without = [.. typeof(Device).GetMethods().Where(m => m.IsVirtual && m.DeclaringType == typeof(Device)
            && !m.GetParameters().Any(p => p.ParameterType == typeof(Span<double>)
                || p.ParameterType == typeof(ReadOnlySpan<double>)))
            .Where(m => typeof(GpuDevice).GetMethod(m.Name, [.. m.GetParameters().Select(p => p.ParameterType)])!
                .DeclaringType != typeof(GpuDevice))
            .Select(m => m.Name)];
        Assert.Equal(["get_Computes", "Dispose"], without);
    }

    [Theory]
    [InlineData("opencl:99")]
    [InlineData("cuda:99")]
    [InlineData("ilgpu-cpu:1")]
    public void A_device_that_is_not_there_is_an_error(string name)
    {
        GpuDevices.Register();
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => DeviceProvider.Open(name));
        Assert.Contains("There is no", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_no_device_the_message_says_why()
    {
        if (Hardware.Missing("cuda") is null)
        {
            Assert.NotEmpty(GpuDevice.List("cuda"));
            return;
        }

        ArgumentException error = Assert.Throws<ArgumentException>(() => GpuDevice.Open("cuda"));
        Assert.Contains("There is no cuda device on this machine: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("driver", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_driver_is_named_with_the_version_that_is_needed()
    {
        Assert.Equal("the driver of H200 (SM_90) is for CUDA 11.2, which is too old; expected 11.8 or newer.",
            GpuObstacle.OldDriver("H200", CudaArchitecture.SM_90, CudaDriverVersion.FromMajorMinor(11, 2)));
        Assert.Equal("Old GPU has OpenCL C 1.2 without generic addresses, expected 2.0 or newer with them; a newer "
            + "driver may have that.", GpuObstacle.OldOpenCL("Old GPU", "1.2", genericAddresses: false));
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("opencl:x")]
    [InlineData("opencl:0:0")]
    [InlineData("cpu:-1")]
    public void A_name_that_is_no_device_is_an_error(string name)
    {
        GpuDevices.Register();
        ArgumentException error = Assert.Throws<ArgumentException>(() => DeviceProvider.Open(name));
        Assert.Contains("expected one of auto, cpu, reference, cuda, opencl, ilgpu-cpu", error.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => GpuDevice.Open("cpu"));
    }

    [Fact]
    public void The_provider_lists_and_opens_devices()
    {
        GpuDevices.Register();
        Assert.True(GpuDevices.IsBuilt);
        Assert.Contains(DeviceProvider.Devices, d => d.Name == "ilgpu-cpu");
        using Device device = DeviceProvider.Open("ilgpu-cpu");
        Assert.Equal("ilgpu-cpu", device.Name);
        using Device automatic = DeviceProvider.Open("auto", threads: 1);
        Assert.Equal("cpu", automatic.Name);
    }

    [Fact]
    public void Entry_points_check_lengths_and_overlaps()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        DepthwiseConv.Args args = new(new Shape(1, 2, 4, 4), 3);
        View x = device.Rent(32).View, w = device.Rent(18).View, y = device.Rent(32).View;
        ShapeException shorter = Assert.Throws<ShapeException>(() =>
            device.DepthwiseConvForward(args, x, w, View.None, y.Slice(0, 31)));
        Assert.Equal("DepthwiseConvGpu.Forward: y has 31 elements, expected 32 for shape [1, 2, 4, 4].",
            shorter.Message);
        ShapeException overlap =
            Assert.Throws<ShapeException>(() => device.DepthwiseConvForward(args, x, w, View.None, x));
        Assert.Contains("y overlaps x", overlap.Message, StringComparison.Ordinal);
        ShapeException bias = Assert.Throws<ShapeException>(() => device.DepthwiseConvForward(args, x, w, w, y));
        Assert.Contains("bias has 18 elements, expected 2", bias.Message, StringComparison.Ordinal);
        ShapeException scratch = Assert.Throws<ShapeException>(() => DepthwiseConvGpu.BackwardWeight(device.Stream,
            args, device.Memory(y), device.Memory(x), device.Memory(w), device.Memory(x).SubView(0, 1)));
        Assert.Contains("scratch has 1 elements, expected at least 72", scratch.Message, StringComparison.Ordinal);
        using GpuDevice other = GpuDevice.Open("ilgpu-cpu");
        View foreign = other.Rent(32).View;
        ShapeException elsewhere = Assert.Throws<ShapeException>(() => DepthwiseConvGpu.Forward(device.Stream, args,
            other.Memory(foreign), device.Memory(w), default, device.Memory(y)));
        Assert.Contains("stream's accelerator", elsewhere.Message, StringComparison.Ordinal);
        other.Return(foreign.Buffer!);
    }

    [DeviceFact("opencl")]
    public void An_opencl_device_is_not_ilgpus_own_cpu()
    {
        using GpuDevice device = GpuDevice.Open("opencl:0");
        Assert.Equal("opencl:0", device.Name);
        Assert.Equal(ILGPU.Runtime.AcceleratorType.OpenCL, device.Accelerator.AcceleratorType);
    }
}
