using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Dense k×k convolution on a GPU: the direct kernels of <see cref="GroupConvGpu"/> with one group. Networks
/// here have one such layer, the stem.</summary>
public static class DenseConvGpu
{
    /// <summary><c>y ← b + w ∗ x</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="w">Weight, <c>[O, C, k, k]</c>.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in DenseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y) =>
        GroupConvGpu.RunForward(stream, AsGroups(args), x, w, bias, y, "DenseConvGpu.Forward");

    /// <summary><c>dx ← wᵀ ∗ dy</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in DenseConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx) =>
        GroupConvGpu.RunBackwardInput(stream, AsGroups(args), dy, w, dx, "DenseConvGpu.BackwardInput");

    /// <summary><c>dw += Σ dy·x</c> on the stream's accelerator, in bands of output rows that are added in
    /// order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in DenseConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch) =>
        GroupConvGpu.RunBackwardWeight(stream, AsGroups(args), dy, x, dw, scratch, "DenseConvGpu.BackwardWeight");

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in DenseConv.Args args) => GroupConvGpu.ScratchLength(AsGroups(args));

    private static GroupConv.Args AsGroups(in DenseConv.Args args)
    {
        Window window = args.Window;
        return new GroupConv.Args(args.X, args.Y.C, window.Kernel, 1, window.Stride, window.Dilation,
            window.Padding);
    }
}
