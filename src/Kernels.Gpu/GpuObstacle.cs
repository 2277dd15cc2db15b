using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace MuxKernels;

/// <summary>Why a kind of device can't be used, where ILGPU finds none of it.</summary>
internal static class GpuObstacle
{
    /// <summary>One sentence or two.</summary>
    public static string Of(string kind)
    {
        string reason = kind switch
        {
            "cuda" => Cuda(),
            "opencl" => OpenCL(),
            _ => "",
        };
        return $"There is no {kind} device on this machine" + (reason.Length > 0 ? $": {reason}" : ".");
    }

    /// <summary>A CUDA device that the driver is too old for.</summary>
    public static string OldDriver(string device, CudaArchitecture architecture, CudaDriverVersion has) =>
        $"the driver of {device} ({architecture}) is for CUDA {has.Major}.{has.Minor}, which is too old; expected "
        + $"{Least(architecture)} or newer.";

    /// <summary>An OpenCL device that has not what ILGPU's kernels need.</summary>
    public static string OldOpenCL(string device, string version, bool genericAddresses) =>
        $"{device} has OpenCL C {version} {(genericAddresses ? "with" : "without")} generic addresses, expected 2.0 or "
        + "newer with them; a newer driver may have that.";

    private static string Least(CudaArchitecture architecture)
    {
        CudaDriverVersion least = CudaDriverVersionUtils.GetMinimumDriverVersion(architecture);
        return $"{least.Major}.{least.Minor}";
    }

    private static string Cuda()
    {
        try
        {
            CudaError error = CudaAPI.CurrentAPI.GetDeviceCount(out int count);
            if (error == CudaError.CUDA_ERROR_NOT_INITIALIZED)
            {
                return "there is no CUDA driver, or it could not be started.";
            }

            if (error != CudaError.CUDA_SUCCESS || count == 0)
            {
                return $"the CUDA driver says {error} and has {count} devices.";
            }
        }
        catch (DllNotFoundException)
        {
            return "the CUDA driver's library was not found.";
        }

        using Context context = Context.Create(static b => b.Cuda(static (CudaDevice _) => true));
        CudaDevice[] devices = [.. context.GetCudaDevices()];
        return devices is [{ Architecture: { } architecture, DriverVersion: { } version } device, ..]
            ? OldDriver(device.Name, architecture, version)
            : "the CUDA driver can't tell what its devices are.";
    }

    private static string OpenCL()
    {
        using Context context = Context.Create(static b => b.OpenCL(static _ => true));
        CLDevice[] devices = [.. context.GetCLDevices()];
        return devices is [CLDevice device, ..]
            ? OldOpenCL(device.Name, $"{device.CLStdVersion}", device.Capabilities.GenericAddressSpace)
            : "no OpenCL driver with a device is registered.";
    }
}
