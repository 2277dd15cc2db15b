using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Concatenation of channels on a GPU.</summary>
public static class ChannelConcatGpu
{
    /// <summary><c>y ← [a; b]</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in ChannelConcat.Args args, ArrayView<float> a,
        ArrayView<float> b, ArrayView<float> y)
    {
        const string Name = "ChannelConcatGpu.Forward";
        GpuGuard.Length(stream, a, args.A, Name);
        GpuGuard.Length(stream, b, args.B, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(a, y, Name);
        GpuGuard.NoOverlap(b, y, Name);
        PlaneMoves.Launch(stream, args.Y.N, new PlaneMove(args.Y.C, args.Y.Pixels, 1, args.Y.C, 1, 0, args.A.C,
            args.A.C, args.B.C, -args.A.C, 0), a, b, y);
    }

    /// <summary>da, db ← the parts of dy; either may be empty.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or a gradient overlaps dy.</exception>
    public static void Backward(AcceleratorStream stream, in ChannelConcat.Args args, ArrayView<float> dy,
        ArrayView<float> da, ArrayView<float> db)
    {
        if (da.Length > 0)
        {
            ChannelSliceGpu.Forward(stream, new ChannelSlice.Args(args.Y, 0, args.A.C), dy, da);
        }

        if (db.Length > 0)
        {
            ChannelSliceGpu.Forward(stream, new ChannelSlice.Args(args.Y, args.A.C, args.B.C), dy, db);
        }
    }
}
