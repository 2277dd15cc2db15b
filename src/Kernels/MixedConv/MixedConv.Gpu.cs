using ILGPU;
using ILGPU.Runtime;

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
        PartsConv.Forward(stream, Geometry(args), Table(stream, args), x, w, y, Name);
    }

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
        PartsConv.BackwardInput(stream, Geometry(args), Table(stream, args), dy, w, dx, Name);
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

    private static PartsGeometry Geometry(in MixedConv.Args args) => new(args.X.N, args.X.C, args.X.H, args.X.W,
        args.Y.H, args.Y.W, 1, args.ChannelsPerGroup, args.Stride, args.Dilation, args.Kernels.Count,
        args.WeightLength, 0);

    private static ArrayView<PartRow> Table(AcceleratorStream stream, MixedConv.Args args) =>
        GpuKernels.Of(stream).Table(args, () =>
        {
            PartRow[] rows = new PartRow[args.Kernels.Count];
            int first = 0, weight = 0;
            for (int part = 0; part < rows.Length; part++)
            {
                Window window = args.PartWindow(part);
                int channels = args.Channels[part];
                rows[part] = new PartRow(0, first, channels, weight, channels, window.Kernel, window.PadTop,
                    window.PadLeft, window.OutHeight, window.OutWidth);
                first += channels;
                weight += (int)args.PartWeight(part).Length;
            }

            return rows;
        });
}
