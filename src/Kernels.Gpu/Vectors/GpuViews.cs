using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Questions about device memory.</summary>
internal static class GpuViews
{
    /// <summary>Whether groups of four numbers from the view's start on are single accesses. Allocations start at
    /// multiples of 256 bytes.</summary>
    public static bool IsAligned<T>(ArrayView<T> view)
        where T : unmanaged => view.Length == 0 || ((IContiguousArrayView)view).Index % 4 == 0;
}
