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
        PlaneMoves.Launch(stream, args.Y.N, new PlaneMove(args.Y.C, args.Y.Pixels, 1, args.Y.C, 1, 0, args.A.C, args.A.C,
            args.B.C, -args.A.C, 0), a, b, y);
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

/// <summary>Channel shuffle on a GPU.</summary>
public static class ChannelShuffleGpu
{
    /// <summary><c>y[n,k·G+q,p] ← x[n,q·(C/G)+k,p]</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in ChannelShuffle.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "ChannelShuffleGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, args.X.C / args.Groups, args.Groups,
            0, args.X.C, args.X.C, 0, 0, 0), x, x, y);
    }
}

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
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, args.X.C / args.Groups, args.Groups,
            0, args.Processed.C, args.Processed.C, args.X.C, 0, args.Residual ? 1 : 0), f, x, y);
    }

    /// <summary>df, dx ← gradients of the operands; either may be empty.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or a gradient overlaps dy.</exception>
    public static void Backward(AcceleratorStream stream, in MuxJoin.Args args, ArrayView<float> dy, ArrayView<float> df,
        ArrayView<float> dx)
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
