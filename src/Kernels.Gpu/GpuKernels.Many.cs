using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Kernels with many arguments.</summary>
internal sealed partial class GpuKernels
{
    /// <summary>A compiled kernel with six arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6> Get<T1, T2, T3, T4, T5, T6>(
        Action<T1, T2, T3, T4, T5, T6> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>)Find(body, () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with seven arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7> Get<T1, T2, T3, T4, T5, T6, T7>(
        Action<T1, T2, T3, T4, T5, T6, T7> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>)Find(body,
            () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with eight arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>
        Get<T1, T2, T3, T4, T5, T6, T7, T8>(Action<T1, T2, T3, T4, T5, T6, T7, T8> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
        where T8 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>)Find(body,
            () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with ten arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>
        Get<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
        where T8 : struct
        where T9 : struct
        where T10 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>)Find(body,
            () => accelerator.LoadKernel(body));
}
