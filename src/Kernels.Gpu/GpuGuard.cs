using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Argument checks of the GPU entry points, with the messages of <see cref="Guard"/>.</summary>
internal static class GpuGuard
{
    /// <summary>Demands a view of exactly the length of a shape, on the stream's accelerator.</summary>
    public static void Length(AcceleratorStream stream, ArrayView<float> view, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(view))] string argument = "") => Same(stream, view, shape, kernel, argument);

    /// <summary>The same of a view of any numbers.</summary>
    public static void Same<T>(AcceleratorStream stream, ArrayView<T> view, Shape shape, string kernel,
        string argument)
        where T : unmanaged
    {
        if (view.Length != shape.Length)
        {
            Guard.Fail($"{kernel}: {argument} has {view.Length} elements, expected {shape.Length} for shape {shape}.");
        }

        Accelerator owner = view.GetAccelerator();
        if (!ReferenceEquals(owner, stream.Accelerator))
        {
            Guard.Fail($"{kernel}: {argument} lies on {owner.Name}, expected memory of the stream's accelerator "
                + $"{stream.Accelerator.Name}.");
        }
    }

    /// <summary>Demands a view of exactly the length of a shape, or an empty one; returns whether it is
    /// there.</summary>
    public static bool LengthOrEmpty(AcceleratorStream stream, ArrayView<float> view, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(view))] string argument = "")
    {
        if (view.Length == 0)
        {
            return false;
        }

        Length(stream, view, shape, kernel, argument);
        return true;
    }

    /// <summary>Demands scratch memory of at least the given length.</summary>
    public static void Scratch(AcceleratorStream stream, ArrayView<float> scratch, int length, string kernel)
    {
        if (scratch.Length < length)
        {
            Guard.Fail($"{kernel}: scratch has {scratch.Length} elements, expected at least {length}.");
        }

        if (length > 0 && !ReferenceEquals(scratch.GetAccelerator(), stream.Accelerator))
        {
            Guard.Fail($"{kernel}: scratch lies on another accelerator than the stream.");
        }
    }

    /// <summary>Demands tensor cores where factors are TF32.</summary>
    public static void Precision(AcceleratorStream stream, ProductPrecision precision, string kernel)
    {
        if (precision is not (ProductPrecision.Single or ProductPrecision.TensorFloat32))
        {
            Guard.Fail($"{kernel}: precision is {precision}, expected Single or TensorFloat32.");
        }

        if (precision != ProductPrecision.Single && !GpuKernels.Of(stream).TensorCores)
        {
            Guard.Fail($"{kernel}: precision is {precision}, expected Single on {stream.Accelerator.Name}, which has "
                + "no tensor cores that these kernels reach; CUDA devices of compute capability 8.0 or newer have.");
        }
    }

    /// <summary>Demands that what is written does not overlap what is read.</summary>
    public static void NoOverlap(ArrayView<float> read, ArrayView<float> written, string kernel,
        [CallerArgumentExpression(nameof(read))] string readName = "",
        [CallerArgumentExpression(nameof(written))] string writtenName = "") =>
        Apart(read, written, kernel, readName, writtenName);

    /// <summary>The same of views of any numbers.</summary>
    public static void Apart<T>(ArrayView<T> read, ArrayView<T> written, string kernel, string readName,
        string writtenName)
        where T : unmanaged
    {
        IArrayView a = read, b = written;
        if (read.Length > 0 && written.Length > 0 && ReferenceEquals(a.Buffer, b.Buffer)
            && Start(read) < Start(written) + written.Length && Start(written) < Start(read) + read.Length)
        {
            Guard.Fail($"{kernel}: {writtenName} overlaps {readName}, expected separate memory.");
        }
    }

    private static long Start<T>(ArrayView<T> view)
        where T : unmanaged => ((IContiguousArrayView)view).Index;
}
