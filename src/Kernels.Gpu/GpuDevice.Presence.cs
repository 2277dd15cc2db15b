using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <summary>Opens a device of a kind.</summary>
    internal static GpuDevice Open(string kind, int index, long memoryLimit = 0)
    {
        Context context = Create(kind);
        try
        {
            // ILGPU hands out its own CPU device where it finds nothing else: look among the wanted kind only.
            ILGPU.Runtime.Device[] present = Present(context, kind);
            if (index >= present.Length)
            {
                throw new ArgumentException(present.Length == 0
                    ? GpuObstacle.Of(kind)
                    : $"There is no {kind}:{index}, expected an index of 0 … {present.Length - 1} "
                        + $"({string.Join(", ", present.Select(d => d.Name))}).", nameof(index));
            }

            Accelerator accelerator = present[index].CreateAccelerator(context);
            return new GpuDevice(context, accelerator, kind == "ilgpu-cpu" ? kind : $"{kind}:{index}", memoryLimit);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    private static Context Create(string kind) => Context.Create(builder =>
    {
        builder.EnableAlgorithms().Optimize(OptimizationLevel.O2).Profiling();
        switch (kind)
        {
            case "cuda":
                builder.Cuda();
                break;
            case "opencl":
                builder.OpenCL();
                break;
            default:
                builder.CPU(CPUDevice.Default);
                break;
        }
    });

    private static ILGPU.Runtime.Device[] Present(Context context, string kind) => kind switch
    {
        "cuda" => [.. context.GetCudaDevices()],
        "opencl" => [.. context.GetCLDevices()],
        _ => [.. context.GetCPUDevices()],
    };

    private static string Describe(ILGPU.Runtime.Device device) => device is CPUDevice
        ? "ILGPU's simulation of a GPU, for checks at tiny shapes"
        : $"{device.Name}, {device.MemorySize >> 20} MB, {device.NumMultiprocessors} multiprocessors, "
            + $"{device.MaxNumThreadsPerGroup} threads a group"
            + (device is CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_GPU } ? " (not a GPU)" : "");
}
