using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Runs of channels on a GPU.</summary>
public static class ChannelSliceGpu
{
    /// <summary><c>y[n,c,p] ← x[n,first+c,p]</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in ChannelSlice.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "ChannelSliceGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.Y.C, args.X.Pixels, 1, args.Y.C, 1, args.First,
            args.X.C, args.X.C, 0, 0, 0), x, x, y);
    }

    /// <summary>dx ← dy in its run of channels, zero elsewhere.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps dy.</exception>
    public static void Backward(AcceleratorStream stream, in ChannelSlice.Args args, ArrayView<float> dy,
        ArrayView<float> dx)
    {
        const string Name = "ChannelSliceGpu.Backward";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, args.X.C, 1, -args.First,
            args.Y.C, args.Y.C, 0, 0, 2), dy, dy, dx);
    }
}
