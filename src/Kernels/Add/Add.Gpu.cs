using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Elementwise sum on a GPU.</summary>
public static class AddGpu
{
    /// <summary><c>y ← a + b</c>; y may be a.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void Forward(AcceleratorStream stream, in Add.Args args, ArrayView<float> a, ArrayView<float> b,
        ArrayView<float> y)
    {
        const string Name = "AddGpu.Forward";
        GpuGuard.Length(stream, a, args.X, Name);
        GpuGuard.Length(stream, b, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(Body)(
            stream, GpuKernels.Cover(stream, y.IntLength), a, b, y, y.IntLength);
    }

    /// <summary>One thread for each element.</summary>
    internal static void Body(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            y[i] = a[i] + b[i];
        }
    }
}
