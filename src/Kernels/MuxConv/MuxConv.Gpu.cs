using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

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
        PartsConv.Forward(stream, Geometry(args), Parts(args), x, w, y, Name);
    }

    /// <summary><c>y ← f(scale·(w ∗ (gate·x)) + shift) + residual</c> in one launch for all parts, see
    /// <see cref="GpuFusion{T}"/>. Weights are finite: taps on padding are multiplied by zero.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, or a map with more channels.</param>
    /// <param name="w">Weight.</param>
    /// <param name="fusion">What else is done.</param>
    /// <param name="y">Output, or a map with more channels.</param>
    /// <param name="scratch">With sums at least <see cref="FusedScratchLength"/> elements, else it may be empty.
    /// </param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in MuxConv.Args args, ArrayView<float> x, ArrayView<float> w,
        in GpuFusion<float> fusion, ArrayView<float> y, ArrayView<float> scratch = default) =>
        Fused<float, SingleElement>(stream, args, x, w, fusion, y, scratch);

    /// <summary>The same with maps stored as float16; arithmetic, weights and the fusion's vectors are float32.
    /// </summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, or a map with more channels.</param>
    /// <param name="w">Weight.</param>
    /// <param name="fusion">What else is done.</param>
    /// <param name="y">Output, or a map with more channels.</param>
    /// <param name="scratch">With sums at least <see cref="FusedScratchLength"/> elements, else it may be empty.
    /// </param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps x.</exception>
    public static void Forward(AcceleratorStream stream, in MuxConv.Args args, ArrayView<Half> x, ArrayView<float> w,
        in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch = default) =>
        Fused<Half, HalfElement>(stream, args, x, w, fusion, y, scratch);

    /// <summary>Scratch elements of a fused <c>Forward</c> with sums.</summary>
    public static int FusedScratchLength(in MuxConv.Args args) =>
        StripConv.ScratchLength(PartsConv.Strips(Geometry(args)), Parts(args));

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
        PartsConv.BackwardInput(stream, Geometry(args), Table(stream, args), Parts(args), dy, w, dx, Name);
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

    private static void Fused<T, TElement>(AcceleratorStream stream, in MuxConv.Args args, ArrayView<T> x,
        ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y, ArrayView<float> scratch)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        const string Name = "MuxConvGpu.Forward";
        GpuGuard.Length(stream, w, args.Weight, Name);
        StripConv.Fused<T, TElement>(stream, PartsConv.Strips(Geometry(args)), Parts(args), args.X, args.Y, x, w,
            fusion, y, scratch, Name);
    }

    private static PartsGeometry Geometry(in MuxConv.Args args) => new(args.X.N, args.X.C, args.X.H, args.X.W, args.Y.H,
        args.Y.W, args.Factor, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Scales.Count, args.WeightLength,
        PartsConv.Known(args.Kernels, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Factor));

    private static ArrayView<PartRow> Table(AcceleratorStream stream, MuxConv.Args args) =>
        GpuKernels.Of(stream).Table(args, () => Array.ConvertAll(Parts(args), p => p.Row));

    private static StripSource[] Parts(in MuxConv.Args args)
    {
        StripSource[] rows = new StripSource[args.Scales.Count];
        for (int part = 0; part < rows.Length; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            Window window = p.Window;
            PartRow row = new(p.Scale, p.FirstChannel, p.Channels, p.WeightOffset, p.Transformed.C,
                window.Kernel, window.PadTop, window.PadLeft, window.OutHeight, window.OutWidth);
            long input = p.Transformed.Length / args.X.N;
            long output = (long)window.OutHeight * window.OutWidth * p.Transformed.C;
            rows[part] = new StripSource(row, input == (long)p.Channels * args.X.Pixels
                && output == (long)p.Channels * args.Y.Pixels);
        }

        return rows;
    }
}
