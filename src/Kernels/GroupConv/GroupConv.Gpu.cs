using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>Geometry of a direct convolution as its GPU kernels read it.</summary>
/// <param name="N">Images.</param>
/// <param name="C">Input channels.</param>
/// <param name="H">Input rows.</param>
/// <param name="W">Input columns.</param>
/// <param name="O">Output channels.</param>
/// <param name="OutH">Output rows.</param>
/// <param name="OutW">Output columns.</param>
/// <param name="InPerGroup">Input channels of one group.</param>
/// <param name="OutPerGroup">Output channels of one group.</param>
/// <param name="Kernel">Taps along each axis.</param>
/// <param name="Stride">Step along each axis.</param>
/// <param name="Dilation">Distance of neighbouring taps.</param>
/// <param name="Top">Zero rows above.</param>
/// <param name="Left">Zero columns on the left.</param>
/// <param name="Bands">Bands of output rows that a weight gradient is cut into.</param>
/// <param name="BandRows">Rows of a band.</param>
public readonly record struct ConvGeometry(int N, int C, int H, int W, int O, int OutH, int OutW, int InPerGroup,
    int OutPerGroup, int Kernel, int Stride, int Dilation, int Top, int Left, int Bands, int BandRows);

/// <summary>Group-wise k×k convolution on a GPU: the formula is <see cref="GroupConv"/>'s, the kernels
/// are those of strips. Depthwise and dense convolutions are its ends, groups of one channel and one
/// group.</summary>
public static class GroupConvGpu
{
    /// <summary><c>y ← b + w ∗ x</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">Weight, <c>[O, C/G, k, k]</c>.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output, <c>[N, O, H', W']</c>.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> x, ArrayView<float> w,
        ArrayView<float> bias, ArrayView<float> y) =>
        RunForward(stream, args, x, w, bias, y, "GroupConvGpu.Forward");

    /// <summary><c>y ← f(scale·(w ∗ (gate·x)) + shift) + residual</c> in one launch, see
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
    public static void Forward(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> x, ArrayView<float> w,
        in GpuFusion<float> fusion, ArrayView<float> y, ArrayView<float> scratch = default) =>
        RunFused<float, SingleElement>(stream, args, x, w, fusion, y, scratch, "GroupConvGpu.Forward");

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
    public static void Forward(AcceleratorStream stream, in GroupConv.Args args, ArrayView<Half> x, ArrayView<float> w,
        in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch = default) =>
        RunFused<Half, HalfElement>(stream, args, x, w, fusion, y, scratch, "GroupConvGpu.Forward");

    /// <summary>Scratch elements of a fused <c>Forward</c> with sums.</summary>
    public static int FusedScratchLength(in GroupConv.Args args) => StripConv.ScratchLength(Strips(args), Parts(args));

    /// <summary><c>dx ← wᵀ ∗ dy</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx) =>
        RunBackwardInput(stream, args, dy, w, dx, "GroupConvGpu.BackwardInput");

    /// <summary><c>dw += Σ dy·x</c> on the stream's accelerator, in bands of output rows that are added in
    /// order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch) =>
        RunBackwardWeight(stream, args, dy, x, dw, scratch, "GroupConvGpu.BackwardWeight");

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in GroupConv.Args args) =>
        checked((int)args.Weight.Length * GpuSums.Bands(args.Weight.Length, (long)args.Y.N * args.Y.H));

    /// <summary>The same under the name of another family, for messages.</summary>
    internal static void RunForward(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y, string name)
    {
        GpuGuard.Length(stream, x, args.X, name);
        GpuGuard.Length(stream, w, args.Weight, name);
        bool hasBias = GpuGuard.LengthOrEmpty(stream, bias, args.Bias, name);
        GpuGuard.Length(stream, y, args.Y, name);
        GpuGuard.NoOverlap(x, y, name);
        GpuGuard.NoOverlap(w, y, name);
        StripConv.Forward(stream, Strips(args), Parts(args), x, w, hasBias ? bias : default, y);
    }

    /// <summary>The fused convolution under the name of another family, for messages.</summary>
    internal static void RunFused<T, TElement>(AcceleratorStream stream, in GroupConv.Args args, ArrayView<T> x,
        ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y, ArrayView<float> scratch, string name)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        GpuGuard.Length(stream, w, args.Weight, name);
        StripConv.Fused<T, TElement>(stream, Strips(args), Parts(args), args.X, args.Y, x, w, fusion, y, scratch, name);
    }

    /// <summary>The same under the name of another family, for messages.</summary>
    internal static void RunBackwardInput(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx, string name)
    {
        GpuGuard.Length(stream, dy, args.Y, name);
        GpuGuard.Length(stream, w, args.Weight, name);
        GpuGuard.Length(stream, dx, args.X, name);
        GpuGuard.NoOverlap(dy, dx, name);
        GpuGuard.NoOverlap(w, dx, name);
        StripShape strips = Strips(args);
        StripSource[] parts = Parts(args);
        if (args.Window.Stride == 1 && StripConv.HasStrips(strips, parts))
        {
            parts[0] = parts[0] with { Row = parts[0].Row with { Channels = args.X.C } };
            StripConv.BackwardInput(stream, strips, args.X.C, parts, dy, w, dx);
            return;
        }

        KernelConfig config = GpuKernels.CoverMaps(stream, args.X.N * args.X.C, args.X.H, args.X.W);
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ConvGeometry> body = Known(args) switch
        {
            3 => BackwardInputBody<Single3>,
            5 => BackwardInputBody<Single5>,
            _ => BackwardInputBody<AnyShape>,
        };
        GpuKernels.Of(stream).Get(body)(stream, config, dy, w, dx, Geometry(args));
    }

    /// <summary>The same under the name of another family, for messages.</summary>
    internal static void RunBackwardWeight(AcceleratorStream stream, in GroupConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch, string name)
    {
        GpuGuard.Length(stream, dy, args.Y, name);
        GpuGuard.Length(stream, x, args.X, name);
        GpuGuard.Length(stream, dw, args.Weight, name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), name);
        int length = (int)args.Weight.Length, bands = GpuSums.Bands(length, args.Y.N * args.Y.H);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ConvGeometry>(BackwardWeightBody)(
                stream, GpuKernels.Cover(stream, checked(length * bands)), dy, x, scratch,
                Geometry(args, bands: bands));
        GpuSums.AddBands(stream, scratch, dw, bands);
    }

    /// <summary>One group of threads for a rectangle of one input plane; a gather: each
    /// thread reads the outputs that its pixel went into.</summary>
    internal static void BackwardInputBody<T>(ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx,
        ConvGeometry a)
        where T : struct, IConstants
    {
        int plane = Grid.IdxX, h = Grid.IdxY * Group.DimY + Group.IdxY, v = Grid.IdxZ * Group.DimX + Group.IdxX;
        if (h >= a.H || v >= a.W)
        {
            return;
        }

        int n = plane / a.C, c = plane - n * a.C;
        int depth = T.Group(a.InPerGroup), outputs = T.Group(a.OutPerGroup);
        int group = c / depth, i = c - group * depth, kernel = T.Kernel(a.Kernel), taps = kernel * kernel;
        float sum = 0f;
        for (int q = 0; q < outputs; q++)
        {
            int o = group * outputs + q, k = (o * depth + i) * taps;
            PlaneView view = new((n * a.O + o) * a.OutH * a.OutW, a.OutW, 1, a.OutH, a.OutW);
            sum += T.Step(a.Stride) == 1
                ? Taps.Plane<T>(dy, view, h + a.Top, v + a.Left, -T.Step(a.Dilation), w, k, kernel)
                : Taps.Strided(dy, view, h + a.Top, v + a.Left, a.Dilation, a.Stride, w, k, kernel);
        }

        dx[(plane * a.H + h) * a.W + v] = sum;
    }

    /// <summary>One thread for each weight and band.</summary>
    internal static void BackwardWeightBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> partial,
        ConvGeometry a)
    {
        int taps = a.Kernel * a.Kernel, length = a.O * a.InPerGroup * taps;
        int index = Grid.IdxX * Group.DimX + Group.IdxX;
        if (index >= length * a.Bands)
        {
            return;
        }

        int band = index / length, e = index - band * length, channel = e / taps, tap = e - channel * taps;
        int o = channel / a.InPerGroup, c = channel - o * a.InPerGroup + o / a.OutPerGroup * a.InPerGroup;
        int u = tap / a.Kernel, rowOffset = u * a.Dilation - a.Top;
        int columnOffset = (tap - u * a.Kernel) * a.Dilation - a.Left;
        int rows = a.N * a.OutH, end = (band + 1) * a.BandRows;
        end = end < rows ? end : rows;
        float sum = 0f;
        for (int row = band * a.BandRows; row < end; row++)
        {
            int n = row / a.OutH, h = row - n * a.OutH, top = h * a.Stride + rowOffset;
            if (top >= 0 && top < a.H)
            {
                sum += Taps.Dot(dy, ((n * a.O + o) * a.OutH + h) * a.OutW, 1, a.OutW, x,
                    ((n * a.C + c) * a.H + top) * a.W, 1, a.W, a.Stride, columnOffset);
            }
        }

        partial[index] = sum;
    }

    private static StripShape Strips(in GroupConv.Args args) => new(args.X.N, args.X.C, args.X.H, args.X.W, args.X.C,
        args.Y.C, args.Y.C, args.Y.H, args.Y.W, args.InPerGroup, args.OutPerGroup, 1, args.InPerGroup,
        args.Window.Stride, args.Window.Dilation, 1, 1, 0);

    private static StripSource[] Parts(in GroupConv.Args args)
    {
        Window window = args.Window;
        return
        [
            new StripSource(new PartRow(0, 0, args.Y.C, 0, args.Y.C, window.Kernel, window.PadTop, window.PadLeft,
                window.OutHeight, window.OutWidth), true),
        ];
    }

    /// <summary>k where there are kernels that know the geometry while they are compiled, else 0.</summary>
    private static int Known(in GroupConv.Args args) => args.InPerGroup == 1 && args.OutPerGroup == 1
        && args.Window is { Kernel: 3 or 5, Stride: 1, Dilation: 1 } ? args.Window.Kernel : 0;

    private static ConvGeometry Geometry(in GroupConv.Args args, int bands = 1)
    {
        Window window = args.Window;
        return new ConvGeometry(args.X.N, args.X.C, args.X.H, args.X.W, args.Y.C, args.Y.H, args.Y.W, args.InPerGroup,
            args.OutPerGroup, window.Kernel, window.Stride, window.Dilation, window.PadTop, window.PadLeft, bands,
            GpuKernels.Ceiling(args.Y.N * args.Y.H, bands));
    }
}
