namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    /// <remarks>CUDA devices of compute capability 8.0 and newer.</remarks>
    public override bool HasTensorCores => GpuKernels.Of(Stream).TensorCores;

    /// <inheritdoc/>
    protected override string FullName => $"{Name} ({Accelerator.Name})";
}
