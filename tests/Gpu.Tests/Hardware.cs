using System.Collections.Concurrent;
using ILGPU.Runtime;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Devices that the tests run on.</summary>
internal static class Hardware
{
    private static readonly ConcurrentDictionary<string, Lazy<GpuDevice>> Second = new(StringComparer.Ordinal);
    private static readonly Lazy<GpuDevice> Interpreter = new(PtxKernels.Open);

    /// <summary>The shared device that executes what CUDA devices get.</summary>
    public static GpuDevice Ptx => Interpreter.Value;

    /// <summary>Why tests on a kind of device are skipped; null where there is one.</summary>
    public static string? Missing(string kind) =>
        GpuDevice.List(kind).Count > 0 ? null : $"There is no {kind} device on this machine.";

    /// <summary>A second device of a kind, for tests of whole networks: compiling kernels is what takes the time, and two
    /// devices compile side by side.</summary>
    public static GpuDevice NetworkDevice(string kind)
    {
        Device(kind);
        return Second.GetOrAdd(kind, static k => new Lazy<GpuDevice>(() => GpuDevice.Open(k))).Value;
    }

    /// <summary>The shared device of a kind. ILGPU hands out its CPU simulation where it finds nothing else, so the
    /// type is asserted.</summary>
    public static GpuDevice Device(string kind)
    {
        GpuDevices.Register();
        GpuDevice? device = GpuVariants.DeviceOf(kind);
        Assert.NotNull(device);
        Assert.Equal(
            kind switch
            {
                "cuda" => AcceleratorType.Cuda,
                "opencl" => AcceleratorType.OpenCL,
                _ => AcceleratorType.CPU,
            },
            device.Accelerator.AcceleratorType);
        return device;
    }
}

/// <summary>A fact that is skipped, with the reason, where a kind of device is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DeviceFactAttribute : FactAttribute
{
    /// <summary>A fact on a kind of device.</summary>
    public DeviceFactAttribute(string kind) => (Kind, Skip) = (kind, Hardware.Missing(kind)!);

    /// <summary>Which kind.</summary>
    public string Kind { get; }
}

/// <summary>A theory that is skipped, with the reason, where a kind of device is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DeviceTheoryAttribute : TheoryAttribute
{
    /// <summary>A theory on a kind of device.</summary>
    public DeviceTheoryAttribute(string kind) => (Kind, Skip) = (kind, Hardware.Missing(kind)!);

    /// <summary>Which kind.</summary>
    public string Kind { get; }
}

/// <summary>A theory that takes many minutes: it is skipped where <c>MUXKERNELS_LONG</c> is not 1.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongTheoryAttribute : TheoryAttribute
{
    /// <summary>Skipped or not, by the environment.</summary>
    public LongTheoryAttribute()
    {
        if (Environment.GetEnvironmentVariable("MUXKERNELS_LONG") != "1")
        {
            Skip = "This takes many minutes; MUXKERNELS_LONG=1 runs it.";
        }
    }
}
