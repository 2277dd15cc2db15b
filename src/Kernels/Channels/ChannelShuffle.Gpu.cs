using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

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
        PlaneMoves.Launch(stream, args.X.N, new PlaneMove(args.X.C, args.X.Pixels, 1, args.X.C / args.Groups,
            args.Groups, 0, args.X.C, args.X.C, 0, 0, 0), x, x, y);
    }
}
