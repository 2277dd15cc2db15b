using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>Mixed-kernel convolution on a GPU: the kernels of <see cref="MuxConvGpu"/> with plain parts, one launch for
/// all kernel sizes.</summary>
public static class MixedConvGpu
{
    /// <summary>y of all parts in one launch.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">All parts' weights one after the other.</param>
    /// <param name="y">Output, <c>[N, C, H', W']</c>.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in MixedConv.Args args, ArrayView<float> x, ArrayView<float> w,
        ArrayView<float> y)
    {
        const string Name = "MixedConvGpu.Forward";
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
    public static void Forward(AcceleratorStream stream, in MixedConv.Args args, ArrayView<float> x, ArrayView<float> w,
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
    public static void Forward(AcceleratorStream stream, in MixedConv.Args args, ArrayView<Half> x, ArrayView<float> w,
        in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch = default) =>
        Fused<Half, HalfElement>(stream, args, x, w, fusion, y, scratch);

    /// <summary>Scratch elements of a fused <c>Forward</c> with sums.</summary>
    public static int FusedScratchLength(in MixedConv.Args args) =>
        StripConv.ScratchLength(PartsConv.Strips(Geometry(args)), Parts(args));

    /// <summary>dx of all parts in one launch.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">All parts' weights one after the other.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in MixedConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx)
    {
        const string Name = "MixedConvGpu.BackwardInput";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        PartsConv.BackwardInput(stream, Geometry(args), Table(stream, args), Parts(args), dy, w, dx, Name);
    }

    /// <summary>dw of all parts, added to, in bands of output rows that are added in order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weights, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in MixedConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch)
    {
        const string Name = "MixedConvGpu.BackwardWeight";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dw, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        PartsConv.BackwardWeight(stream, Geometry(args), Table(stream, args), dy, x, dw, scratch);
    }

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in MixedConv.Args args) => PartsConv.ScratchLength(Geometry(args));

    private static void Fused<T, TElement>(AcceleratorStream stream, in MixedConv.Args args, ArrayView<T> x,
        ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y, ArrayView<float> scratch)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        const string Name = "MixedConvGpu.Forward";
        GpuGuard.Length(stream, w, args.Weight, Name);
        StripConv.Fused<T, TElement>(stream, PartsConv.Strips(Geometry(args)), Parts(args), args.X, args.Y, x, w,
            fusion, y, scratch, Name);
    }

    private static PartsGeometry Geometry(in MixedConv.Args args) => new(args.X.N, args.X.C, args.X.H, args.X.W,
        args.Y.H, args.Y.W, 1, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Kernels.Count,
        args.WeightLength, 0);

    private static ArrayView<PartRow> Table(AcceleratorStream stream, MixedConv.Args args) =>
        GpuKernels.Of(stream).Table(args, () => Array.ConvertAll(Parts(args), p => p.Row));

    private static StripSource[] Parts(in MixedConv.Args args)
    {
        StripSource[] rows = new StripSource[args.Kernels.Count];
        int first = 0, weight = 0;
        for (int part = 0; part < rows.Length; part++)
        {
            Window window = args.PartWindow(part);
            int channels = args.Channels[part];
            PartRow row = new(0, first, channels, weight, channels, window.Kernel, window.PadTop,
                window.PadLeft, window.OutHeight, window.OutWidth);
            rows[part] = new StripSource(row, true);
            first += channels;
            weight += (int)args.PartWeight(part).Length;
        }

        return rows;
    }
}
