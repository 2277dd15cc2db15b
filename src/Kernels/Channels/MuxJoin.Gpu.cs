using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>The end of a split–process–shuffle block on a GPU, in one launch.</summary>
public static class MuxJoinGpu
{
    /// <summary><c>y ← SH_G([f (+ a); b])</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in MuxJoin.Args args, ArrayView<float> f, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "MuxJoinGpu.Forward";
        GpuGuard.Length(stream, f, args.Processed, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(f, y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, args.X.C / args.Groups,
            args.Groups, 0, args.Processed.C, args.Processed.C, args.X.C, 0, args.Residual ? 1 : 0), f, x, y);
    }

    /// <summary>df, dx ← gradients of the operands; either may be empty.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or a gradient overlaps dy.</exception>
    public static void Backward(AcceleratorStream stream, in MuxJoin.Args args, ArrayView<float> dy,
        ArrayView<float> df, ArrayView<float> dx)
    {
        const string Name = "MuxJoinGpu.Backward";
        GpuGuard.Length(stream, dy, args.Y, Name);
        // Channel s of the operands went to channel (s mod C/G)·G + s/(C/G) of y: the shuffle with C/G groups.
        int groups = args.X.C / args.Groups, rows = args.Groups;
        if (GpuGuard.LengthOrEmpty(stream, df, args.Processed, Name))
        {
            GpuGuard.NoOverlap(dy, df, Name);
            PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.Processed.C, args.X.Pixels, 1, rows, groups, 0,
                args.X.C, args.X.C, 0, 0, 0), dy, dy, df);
        }

        if (GpuGuard.LengthOrEmpty(stream, dx, args.X, Name))
        {
            GpuGuard.NoOverlap(dy, dx, Name);
            PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, rows, groups, 0, args.X.C,
                args.X.C, 0, 0, 0, args.Residual ? 0 : args.Processed.C), dy, dy, dx);
        }
    }
}
