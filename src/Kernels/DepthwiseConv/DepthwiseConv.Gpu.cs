using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>Depthwise k×k convolution on a GPU: the direct kernels of <see cref="GroupConvGpu"/> with groups of one
/// channel.</summary>
public static class DepthwiseConvGpu
{
    /// <summary><c>y ← b + w ∗ x</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="w">Weight, <c>[C, 1, k, k]</c>.</param>
    /// <param name="bias">Bias, <c>[C]</c>; empty for none.</param>
    /// <param name="y">Output.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in DepthwiseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y) =>
        GroupConvGpu.RunForward(stream, AsGroups(args), x, w, bias, y, "DepthwiseConvGpu.Forward");

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
    public static void Forward(AcceleratorStream stream, in DepthwiseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, in GpuFusion<float> fusion, ArrayView<float> y, ArrayView<float> scratch = default) =>
        GroupConvGpu.RunFused<float, SingleElement>(stream, AsGroups(args), x, w, fusion, y, scratch,
            "DepthwiseConvGpu.Forward");

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
    public static void Forward(AcceleratorStream stream, in DepthwiseConv.Args args, ArrayView<Half> x,
        ArrayView<float> w, in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch = default) =>
        GroupConvGpu.RunFused<Half, HalfElement>(stream, AsGroups(args), x, w, fusion, y, scratch,
            "DepthwiseConvGpu.Forward");

    /// <summary>Scratch elements of a fused <c>Forward</c> with sums.</summary>
    public static int FusedScratchLength(in DepthwiseConv.Args args) => GroupConvGpu.FusedScratchLength(AsGroups(args));

    /// <summary><c>dx ← wᵀ ∗ dy</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in DepthwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx) =>
        GroupConvGpu.RunBackwardInput(stream, AsGroups(args), dy, w, dx, "DepthwiseConvGpu.BackwardInput");

    /// <summary><c>dw += Σ dy·x</c> on the stream's accelerator, in bands of output rows that are added in
    /// order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in DepthwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch) =>
        GroupConvGpu.RunBackwardWeight(stream, AsGroups(args), dy, x, dw, scratch, "DepthwiseConvGpu.BackwardWeight");

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in DepthwiseConv.Args args) => GroupConvGpu.ScratchLength(AsGroups(args));

    private static GroupConv.Args AsGroups(in DepthwiseConv.Args args)
    {
        Window window = args.Window;
        return new GroupConv.Args(args.X, args.X.C, window.Kernel, args.X.C, window.Stride, window.Dilation,
            window.Padding);
    }
}
