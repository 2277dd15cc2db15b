using ILGPU.Runtime.Cuda;

namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    /// <remarks>On CUDA the launches become a CUDA graph; other devices have nothing of the kind.</remarks>
    public override DeviceGraph? Capture(Action launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        if (ownStream is null)
        {
            return null;
        }

        CudaGraph? graph = CudaGraph.Record((CudaAccelerator)Accelerator, ownStream, launches);
        isCaptured |= graph is not null;
        return graph;
    }
}
