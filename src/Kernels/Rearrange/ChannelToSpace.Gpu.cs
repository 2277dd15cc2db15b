using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Channel to space on a GPU (DCR order).</summary>
public static class ChannelToSpaceGpu
{
    /// <summary><c>y[n,c,h·r+i,w·r+j] ← x[n,(i·r+j)·C'+c,h,w]</c> with <c>C' = C/r²</c>.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in ChannelToSpace.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "ChannelToSpaceGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        KernelConfig config = GpuKernels.CoverPlanes(stream, args.Y.N * args.Y.C, args.Y.Pixels, out int blocks);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, RearrangeGeometry>(Body)(
            stream, config, x, y, new RearrangeGeometry(args.Y.C, args.X.H, args.X.W, args.Factor, blocks));
    }

    /// <summary>One group of threads for a run of one fine plane.</summary>
    internal static void Body(ArrayView<float> x, ArrayView<float> y, RearrangeGeometry a)
    {
        int plane = Grid.IdxX / a.Blocks, p = (Grid.IdxX - plane * a.Blocks) * Group.DimX + Group.IdxX;
        int width = a.CoarseW * a.Factor, pixels = a.CoarseH * a.Factor * width;
        if (p >= pixels)
        {
            return;
        }

        int row = p / width, column = p - row * width, h = row / a.Factor, v = column / a.Factor;
        int n = plane / a.FineC, c = plane - n * a.FineC;
        int phase = (row - h * a.Factor) * a.Factor + column - v * a.Factor;
        int channel = (n * a.Factor * a.Factor + phase) * a.FineC + c;
        y[plane * pixels + p] = x[(channel * a.CoarseH + h) * a.CoarseW + v];
    }
}
