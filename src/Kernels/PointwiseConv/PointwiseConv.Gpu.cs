using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>
/// 1×1 convolution on a GPU: matrix products in tiles. Forward, rows are output channels and columns the pixels of all
/// images one after the other, so that small maps share tiles; the input's gradient is the same with the weight read
/// the other way round; the weight's gradient sums over bands of pixels, whose results are added in order. Where maps
/// have one pixel, rows are images and columns output channels.
/// </summary>
public static class PointwiseConvGpu
{
    /// <summary>Groups that a weight gradient aims for.</summary>
    private const int GradientGroups = 1024;

    /// <summary>Most bands of a weight gradient.</summary>
    private const int MaxBands = 256;

    /// <summary>Least pixels of a band.</summary>
    private const int MinBandDepth = 256;

    /// <summary><c>y[n,o,p] ← b[o] + Σᵢ w[o,i]·x[n,i,p]</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">Weight, <c>[O, C, 1, 1]</c>.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output, <c>[N, O, H, W]</c>.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, y overlaps an input, or the precision
    /// needs tensor cores and there are none.</exception>
    public static void Forward(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y,
        ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "PointwiseConvGpu.Forward";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        bool hasBias = GpuGuard.LengthOrEmpty(stream, bias, args.Bias, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        GpuGuard.NoOverlap(w, y, Name);
        GpuFusion<float> fusion = new() { Shift = bias, Precision = precision };
        bool columns = args.X.Pixels == 1;
        FusedLaunch<float, SingleElement> launch = new(stream, args, x, w, y, fusion, default, columns);
        if (hasBias)
        {
            Fusions.Run(stream, fusion, default, launch);
        }
        else
        {
            launch.Launch<Plain>();
        }
    }

    /// <summary><c>y ← f(scale·(w·(gate·x)) + shift) + residual</c> in one launch, see <see cref="GpuFusion{T}"/>.
    /// </summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>, or a map with more channels.</param>
    /// <param name="w">Weight, <c>[O, C, 1, 1]</c>.</param>
    /// <param name="fusion">What else is done.</param>
    /// <param name="y">Output, <c>[N, O, H, W]</c>, or a map with more channels.</param>
    /// <param name="scratch">With sums at least <see cref="FusedScratchLength"/> elements, else it may be empty.
    /// </param>
    /// <exception cref="ShapeException">A view of another length or accelerator, y overlaps x, or the precision needs
    /// tensor cores and there are none.</exception>
    public static void Forward(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> x,
        ArrayView<float> w, in GpuFusion<float> fusion, ArrayView<float> y, ArrayView<float> scratch = default) =>
        Fused<float, SingleElement>(stream, args, x, w, fusion, y, scratch);

    /// <summary>The same with maps stored as float16; arithmetic, weights and the fusion's vectors are float32.
    /// </summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>, or a map with more channels.</param>
    /// <param name="w">Weight, <c>[O, C, 1, 1]</c>.</param>
    /// <param name="fusion">What else is done.</param>
    /// <param name="y">Output, <c>[N, O, H, W]</c>, or a map with more channels.</param>
    /// <param name="scratch">With sums at least <see cref="FusedScratchLength"/> elements, else it may be empty.
    /// </param>
    /// <exception cref="ShapeException">A view of another length or accelerator, y overlaps x, or the precision needs
    /// tensor cores and there are none.</exception>
    public static void Forward(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<Half> x,
        ArrayView<float> w, in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch = default) =>
        Fused<Half, HalfElement>(stream, args, x, w, fusion, y, scratch);

    /// <summary>Scratch elements of a fused <c>Forward</c> with sums.</summary>
    public static int FusedScratchLength(in PointwiseConv.Args args) =>
        checked(args.Y.N * args.Y.C * Products.MaxStrips(args.Y.Pixels));

    /// <summary><c>dx[n,i,p] ← Σ_o w[o,i]·dy[n,o,p]</c> on the stream's accelerator.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, dx overlaps an input, or the precision
    /// needs tensor cores and there are none.</exception>
    public static void BackwardInput(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx, ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "PointwiseConvGpu.BackwardInput";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuGuard.NoOverlap(w, dx, Name);
        int images = args.X.N, c = args.X.C, o = args.Y.C;
        if (args.X.Pixels == 1)
        {
            ProductShape one = new(ProductOperand.Matrix(o, images), ProductOperand.Matrix(c, c),
                ProductOperand.Matrix(c, c), images, o, o, 0);
            Products.Launch<float, SingleElement, Plain>(stream, precision, dy, true, w, false, dx, default, one);
            return;
        }

        ProductShape shape = new(ProductOperand.Matrix(c, c), Maps(args.Y, o), Maps(args.X, c), c, o, o, 0);
        Products.Launch<float, SingleElement, Plain>(stream, precision, w, false, dy, false, dx, default, shape);
    }

    /// <summary><c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c> on the stream's accelerator, in bands of pixels of all
    /// images that are added in order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or the precision needs tensor cores
    /// and there are none.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch,
        ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "PointwiseConvGpu.BackwardWeight";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dw, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        int c = args.X.C, o = args.Y.C, depth = checked(args.X.N * args.X.Pixels);
        ProductOperand result = ProductOperand.Matrix(c, c);
        if (args.X.Pixels == 1)
        {
            ProductShape one = new(ProductOperand.Matrix(o, o), ProductOperand.Matrix(c, c), result, o, depth,
                BandDepth(args), o * c);
            Products.Launch<float, SingleElement, Plain>(stream, precision, dy, false, x, false, scratch, default, one);
        }
        else
        {
            ProductShape shape = new(Maps(args.Y, o) with { Limit = o }, Maps(args.X, c) with { Limit = c }, result, o,
                depth, BandDepth(args), o * c);
            Products.Launch<float, SingleElement, Plain>(stream, precision, dy, true, x, true, scratch, default, shape);
        }

        GpuSums.AddBands(stream, scratch, dw, Bands(args));
    }

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in PointwiseConv.Args args) => checked((int)args.Weight.Length * Bands(args));

    private static void Fused<T, TElement>(AcceleratorStream stream, in PointwiseConv.Args args, ArrayView<T> x,
        ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y, ArrayView<float> scratch)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        const string Name = "PointwiseConvGpu.Forward";
        Fusions.Check(stream, fusion, args.X, args.Y, x, y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, fusion.Sums.Length > 0 ? FusedScratchLength(args) : 0, Name);
        Fusions.Run(stream, fusion, scratch,
            new FusedLaunch<T, TElement>(stream, args, x, w, y, fusion, scratch, false));
    }

    /// <summary>Maps with any number of channels, of which pixels are the index.</summary>
    private static ProductOperand Maps(Shape shape, int channels) => new(shape.Pixels, channels * shape.Pixels,
        FastDivide.By(shape.Pixels), checked(shape.N * shape.Pixels));

    private static int BandDepth(in PointwiseConv.Args args)
    {
        int depth = args.X.N * args.X.Pixels;
        int tiles = GpuKernels.Ceiling(args.Y.C, 64) * GpuKernels.Ceiling(args.X.C, 64);
        int bands = Math.Clamp(Math.Min(GradientGroups / tiles, depth / MinBandDepth), 1, MaxBands);
        return GpuKernels.Ceiling(GpuKernels.Ceiling(depth, bands), ProductDeep.Slice) * ProductDeep.Slice;
    }

    private static int Bands(in PointwiseConv.Args args) =>
        GpuKernels.Ceiling(args.X.N * args.X.Pixels, BandDepth(args));

    private readonly struct FusedLaunch<T, TElement>(AcceleratorStream stream, PointwiseConv.Args args, ArrayView<T> x,
        ArrayView<float> w, ArrayView<T> y, GpuFusion<T> fusion, ArrayView<float> partial, bool columns) : IFusedLaunch
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        public int Launch<TEpilogue>()
            where TEpilogue : struct, IEpilogue
        {
            int c = args.X.C, o = args.Y.C;
            EpilogueViews<T> views = Fusions.Views(fusion, partial, columns);
            if (columns && x is ArrayView<float> rows && w is ArrayView<T> weights)
            {
                ProductShape one = new(ProductOperand.Matrix(c, args.X.N), ProductOperand.Matrix(c, o),
                    ProductOperand.Matrix(o, o), args.X.N, c, c, 0);
                return Products.Launch<T, TElement, TEpilogue>(stream, fusion.Precision, rows, true, weights, true, y,
                    views, one);
            }

            int inputs = fusion.InputStride > 0 ? fusion.InputStride : c;
            int outputs = fusion.OutputStride > 0 ? fusion.OutputStride : o;
            ProductShape shape = new(ProductOperand.Matrix(c, o), Maps(args.X, inputs), Maps(args.Y, outputs), o, c, c,
                0);
            return Products.Launch<T, TElement, TEpilogue>(stream, fusion.Precision, w, true, x, false, y, views,
                shape);
        }
    }
}
