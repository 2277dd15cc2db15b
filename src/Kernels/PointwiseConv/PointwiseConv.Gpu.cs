using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>1×1 convolution on a GPU: matrix products in shared-memory tiles, one for each image (NCHW: the pixels of a
/// channel are contiguous).</summary>
public static class PointwiseConvGpu
{
    /// <summary>Depth of one band of a weight gradient, in pixels.</summary>
    private const int BandPixels = 1024;

    /// <summary>Partial results that a weight gradient aims for at most.</summary>
    private const int MaxPartials = 64;

    /// <summary><c>y[n,o,p] ← b[o] + Σᵢ w[o,i]·x[n,i,p]</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">Weight, <c>[O, C, 1, 1]</c>.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output, <c>[N, O, H, W]</c>.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or y overlaps an input.</exception>
    public static void Forward(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y)
    {
        const string Name = "PointwiseConvGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        bool hasBias = GpuGuard.LengthOrEmpty(stream, bias, args.Bias, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        GpuGuard.NoOverlap(w, y, Name);
        int pixels = args.X.Pixels, c = args.X.C, o = args.Y.C;
        MatrixProduct.Launch(stream, new ProductGeometry(o, pixels, c, 0, c, 1, c * pixels, pixels, 1, o * pixels, 1, c,
            args.X.N, 1, hasBias ? 1 : 0), w, x, hasBias ? bias : w, y);
    }

    /// <summary><c>dx[n,i,p] ← Σ_o w[o,i]·dy[n,o,p]</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or dx overlaps an input.</exception>
    public static void BackwardInput(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx)
    {
        const string Name = "PointwiseConvGpu.BackwardInput";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuGuard.NoOverlap(w, dx, Name);
        int pixels = args.X.Pixels, c = args.X.C, o = args.Y.C;
        MatrixProduct.Launch(stream, new ProductGeometry(c, pixels, o, 0, 1, c, o * pixels, pixels, 1, c * pixels, 1, o,
            args.X.N, 1, 0), w, dy, w, dx);
    }

    /// <summary><c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c> on the stream's accelerator, in bands of images and
    /// pixels that are added in order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch)
    {
        const string Name = "PointwiseConvGpu.BackwardWeight";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dw, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        int pixels = args.X.Pixels, c = args.X.C, o = args.Y.C, bands = Bands(args);
        MatrixProduct.Launch(stream, new ProductGeometry(o, c, pixels, o * pixels, pixels, 1, c * pixels, 1, pixels,
            o * c, bands, GpuKernels.Ceiling(pixels, bands), args.X.N, Images(args), 0), dy, x, dy, scratch);
        GpuSums.AddBands(stream, scratch, dw, Partials(args));
    }

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in PointwiseConv.Args args) => checked((int)args.Weight.Length * Partials(args));

    /// <summary>Bands of the pixels of an image.</summary>
    private static int Bands(in PointwiseConv.Args args) => GpuKernels.Ceiling(args.X.Pixels, BandPixels);

    /// <summary>Images that one partial result sums over.</summary>
    private static int Images(in PointwiseConv.Args args) =>
        GpuKernels.Ceiling(args.X.N, Math.Max(1, MaxPartials / Bands(args)));

    private static int Partials(in PointwiseConv.Args args) =>
        Bands(args) * GpuKernels.Ceiling(args.X.N, Images(args));
}
