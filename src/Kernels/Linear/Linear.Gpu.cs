using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Fully connected layer on a GPU: dot products for few images, else matrix products in shared-memory
/// tiles.</summary>
public static class LinearGpu
{
    /// <summary>Largest batch whose outputs are dot products of their own.</summary>
    private const int FewImages = 8;

    /// <summary><c>y[n,o] ← b[o] + Σᵢ w[o,i]·x[n,i]</c>.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, I]</c>.</param>
    /// <param name="w">Weight, <c>[O, I]</c>.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output, <c>[N, O]</c>.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, y overlaps an input, or the precision
    /// needs tensor cores and there are none.</exception>
    public static void Forward(AcceleratorStream stream, in Linear.Args args, ArrayView<float> x, ArrayView<float> w,
        ArrayView<float> bias, ArrayView<float> y, ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "LinearGpu.Forward";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        bool hasBias = GpuGuard.LengthOrEmpty(stream, bias, args.Bias, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.NoOverlap(x, y, Name);
        GpuGuard.NoOverlap(w, y, Name);
        GpuGuard.NoOverlap(bias, y, Name);
        int batch = args.X.N, inputs = args.X.C, outputs = args.Y.C;
        GpuKernels kernels = GpuKernels.Of(stream);
        if (batch <= FewImages)
        {
            kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int, int>(
                DotBody)(stream, new KernelConfig(args.Y.C * batch, GroupSum.Threads(stream, inputs)), x, w,
                hasBias ? bias : w, y, inputs, outputs, hasBias ? 1 : 0);
            return;
        }

        PointwiseConvGpu.Forward(stream, AsPointwise(args), x, w, bias, y, precision);
    }

    /// <summary><c>dx[n,i] ← Σₒ w[o,i]·dy[n,o]</c>.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, dx overlaps an input, or the precision
    /// needs tensor cores and there are none.</exception>
    public static void BackwardInput(AcceleratorStream stream, in Linear.Args args, ArrayView<float> dy,
        ArrayView<float> w, ArrayView<float> dx, ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "LinearGpu.BackwardInput";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, w, args.Weight, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuGuard.NoOverlap(w, dx, Name);
        PointwiseConvGpu.BackwardInput(stream, AsPointwise(args), dy, w, dx, precision);
    }

    /// <summary><c>dw[o,i] += Σₙ dy[n,o]·x[n,i]</c> in bands of images that are added in order.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input.</param>
    /// <param name="dw">Gradient of the weight, added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <param name="precision">What the factors are rounded to where tiles are many; sums are float32.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or the precision needs tensor cores
    /// and there are none.</exception>
    public static void BackwardWeight(AcceleratorStream stream, in Linear.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch,
        ProductPrecision precision = ProductPrecision.Single)
    {
        const string Name = "LinearGpu.BackwardWeight";
        GpuGuard.Precision(stream, precision, Name);
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dw, args.Weight, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        PointwiseConvGpu.BackwardWeight(stream, AsPointwise(args), dy, x, dw, scratch, precision);
    }

    /// <summary>Scratch elements of <see cref="BackwardWeight"/>.</summary>
    public static int ScratchLength(in Linear.Args args) =>
        PointwiseConvGpu.ScratchLength(AsPointwise(args));

    /// <summary>One group for each output of an image, its sums added as a tree.</summary>
    internal static void DotBody(ArrayView<float> x, ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y,
        int inputs, int outputs, int hasBias)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / outputs, o = Grid.IdxX - n * outputs;
        float sum = 0f;
        for (int i = Group.IdxX; i < inputs; i += Group.DimX)
        {
            sum += w[o * inputs + i] * x[n * inputs + i];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            y[Grid.IdxX] = hasBias != 0 ? sum + bias[o] : sum;
        }
    }

    /// <summary>Vectors are maps of one pixel.</summary>
    private static PointwiseConv.Args AsPointwise(in Linear.Args args) => new(args.X, args.Y.C);
}
