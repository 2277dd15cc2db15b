using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Space to channel on a GPU (DCR order).</summary>
public static class SpaceToChannelGpu
{
    /// <summary><c>y[n,(i·r+j)·C+c,h,w] ← x[n,c,h·r+i,w·r+j]</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in SpaceToChannel.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "SpaceToChannelGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        KernelConfig config = GpuKernels.CoverPlanes(stream, args.Y.N * args.Y.C, args.Y.Pixels, out int blocks);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, RearrangeGeometry>(Body)(
            stream, config, x, y, new RearrangeGeometry(args.X.C, args.Y.H, args.Y.W, args.Factor, blocks));
    }

    /// <summary>One group of threads for a run of one coarse plane.</summary>
    internal static void Body(ArrayView<float> x, ArrayView<float> y, RearrangeGeometry a)
    {
        int plane = Grid.IdxX / a.Blocks, p = (Grid.IdxX - plane * a.Blocks) * Group.DimX + Group.IdxX;
        if (p >= a.CoarseH * a.CoarseW)
        {
            return;
        }

        int h = p / a.CoarseW, v = p - h * a.CoarseW, coarseC = a.FineC * a.Factor * a.Factor;
        int n = plane / coarseC, t = plane - n * coarseC, phase = t / a.FineC, c = t - phase * a.FineC;
        int i = phase / a.Factor, j = phase - i * a.Factor;
        y[plane * a.CoarseH * a.CoarseW + p] = x[((n * a.FineC + c) * a.CoarseH * a.Factor + h * a.Factor + i)
            * a.CoarseW * a.Factor + v * a.Factor + j];
    }
}
