using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>
/// Spatial multiplexing on a GPU in one launch for all parts, without rearranged copies. With
/// <c>t = (i·r+j)·C+c</c> for a sub-pixel part and <c>c = (i·r+j)·C'+t</c> for a super-pixel part, a pixel of the
/// rearranged map is a pixel of the map itself:
/// <list type="bullet">
/// <item>sub-pixel: transformed (t, a, b) is x[c, a·r+i, b·r+j]: the phases of a plane are planes with steps r·W and r;
/// </item>
/// <item>plain: (t, a, b) is x[t, a, b];</item>
/// <item>super-pixel: (t, a, b) is x[((a mod r)·r + b mod r)·C' + t, a/r, b/r].</item>
/// </list>
/// So each thread computes one output from the pixels it needs, where they lie.
/// </summary>
public static class MuxConvGpu
{
    /// <summary>y of all parts in one launch.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">All parts' weights one after the other.</param>
    /// <param name="y">Output, <c>[N, C, H', W']</c>.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in MuxConv.Args args, ArrayView<float> x, ArrayView<float> w,
        ArrayView<float> y)
    {
        const string Name = "MuxConvGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        PartsConv.Forward(stream, Geometry(args), Table(stream, args), x, w, y, Name);
    }

    /// <summary>dx of all parts in one launch.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">All parts' weights one after the other.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in MuxConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx)
    {
        const string Name = "MuxConvGpu.BackwardInput";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        PartsConv.BackwardInput(stream, Geometry(args), Table(stream, args), dy, w, dx, Name);
    }

    /// <summary>dw of all parts, added to: partial sums of bands of output rows in one launch, their sum in fixed order
    /// in a second.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weights, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in MuxConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch)
    {
        const string Name = "MuxConvGpu.BackwardWeight";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dw, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        PartsConv.BackwardWeight(stream, Geometry(args), Table(stream, args), dy, x, dw, scratch);
    }

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in MuxConv.Args args) => PartsConv.ScratchLength(Geometry(args));

    private static PartsGeometry Geometry(in MuxConv.Args args) => new(args.X.N, args.X.C, args.X.H, args.X.W, args.Y.H,
        args.Y.W, args.Factor, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Scales.Count, args.WeightLength,
        PartsConv.Known(args.Kernels, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Factor));

    private static ArrayView<PartRow> Table(AcceleratorStream stream, MuxConv.Args args) =>
        GpuKernels.Of(stream).Table(args, () =>
        {
            PartRow[] rows = new PartRow[args.Scales.Count];
            for (int part = 0; part < rows.Length; part++)
            {
                MuxConv.MuxPart p = args.Part(part);
                Window window = p.Window;
                rows[part] = new PartRow(p.Scale, p.FirstChannel, p.Channels, p.WeightOffset, p.Transformed.C,
                    window.Kernel, window.PadTop, window.PadLeft, window.OutHeight, window.OutWidth);
            }

            return rows;
        });
}
