using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>Maps between float32 and float16 storage, rounded to nearest even.</summary>
public static class GpuHalf
{
    /// <summary>y ← x, rounded.</summary>
    /// <exception cref="ShapeException">Lengths that differ.</exception>
    public static void Narrow(AcceleratorStream stream, ArrayView<float> x, ArrayView<Half> y)
    {
        Guard.That(x.Length == y.Length, "GpuHalf.Narrow",
            $"y has {y.Length} elements and x {x.Length}, expected equal lengths.");
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<Half>, int>(NarrowKernel)(
            stream, GpuKernels.Cover(stream, y.IntLength), x, y, y.IntLength);
    }

    /// <summary>y ← x, exact.</summary>
    /// <exception cref="ShapeException">Lengths that differ.</exception>
    public static void Widen(AcceleratorStream stream, ArrayView<Half> x, ArrayView<float> y)
    {
        Guard.That(x.Length == y.Length, "GpuHalf.Widen",
            $"y has {y.Length} elements and x {x.Length}, expected equal lengths.");
        GpuKernels.Of(stream).Get<ArrayView<Half>, ArrayView<float>, int>(WidenKernel)(
            stream, GpuKernels.Cover(stream, y.IntLength), x, y, y.IntLength);
    }

    internal static void NarrowKernel(ArrayView<float> x, ArrayView<Half> y, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            y[i] = HalfElement.Narrow(x[i]);
        }
    }

    internal static void WidenKernel(ArrayView<Half> x, ArrayView<float> y, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            y[i] = x[i];
        }
    }
}
