using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

public sealed partial class GpuDevice
{
    private delegate void Convolution<TArgs, T>(AcceleratorStream stream, in TArgs args, ArrayView<T> x,
        ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y, ArrayView<float> scratch)
        where TArgs : struct
        where T : unmanaged;

    /// <inheritdoc/>
    public override bool HasHalfMaps => true;

    /// <inheritdoc/>
    public override void Narrow(View x, View y) => GpuHalf.Narrow(Stream, Memory(x), HalfMemory(y, x.Length));

    /// <inheritdoc/>
    public override void Widen(View x, View y) => GpuHalf.Widen(Stream, HalfMemory(x, y.Length), Memory(y));

    /// <inheritdoc/>
    public override void PointwiseConvFused(in PointwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, PointwiseConvGpu.FusedScratchLength(args),
            PointwiseConvGpu.Forward, PointwiseConvGpu.Forward);

    /// <inheritdoc/>
    public override void DenseConvFused(in DenseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, DenseConvGpu.FusedScratchLength(args),
            DenseConvGpu.Forward, DenseConvGpu.Forward);

    /// <inheritdoc/>
    public override void DepthwiseConvFused(in DepthwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, DepthwiseConvGpu.FusedScratchLength(args),
            DepthwiseConvGpu.Forward, DepthwiseConvGpu.Forward);

    /// <inheritdoc/>
    public override void GroupConvFused(in GroupConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, GroupConvGpu.FusedScratchLength(args),
            GroupConvGpu.Forward, GroupConvGpu.Forward);

    /// <inheritdoc/>
    public override void MixedConvFused(in MixedConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, MixedConvGpu.FusedScratchLength(args),
            MixedConvGpu.Forward, MixedConvGpu.Forward);

    /// <inheritdoc/>
    public override void MuxConvFused(in MuxConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, MuxConvGpu.FusedScratchLength(args),
            MuxConvGpu.Forward, MuxConvGpu.Forward);

    /// <inheritdoc/>
    public override void SqueezeExciteGates(in SqueezeExcite.Args args, View sums, View w1, View b1, View w2, View b2,
        View hidden, View gates) =>
        SqueezeExciteGpu.Gates(Stream, args, Memory(sums), Memory(w1), Memory(b1), Memory(w2), Memory(b2),
            Memory(hidden), Memory(gates));

    private void Fused<TArgs>(in TArgs args, Shape x, Shape y, View input, View w, in ConvFusion f, View output,
        int scratch, Convolution<TArgs, float> single, Convolution<TArgs, Half> half)
        where TArgs : struct
    {
        f.CheckPlaces(x, y, Name);
        ArrayView<float> sums = Scratch(f.Sums.IsEmpty ? 0 : scratch);
        if (!f.HalfMaps)
        {
            single(Stream, args, Memory(input), Memory(w), Fusion(f, Memory(f.Residual)), Memory(output), sums);
            return;
        }

        int inputs = Length(x, f.InputStride), outputs = Length(y, f.OutputStride);
        half(Stream, args, HalfMemory(input, inputs), Memory(w),
            Fusion(f, f.Residual.IsEmpty ? default : HalfMemory(f.Residual, outputs)),
            output.IsEmpty ? default : HalfMemory(output, outputs), sums);
    }

    private GpuFusion<T> Fusion<T>(in ConvFusion f, ArrayView<T> residual)
        where T : unmanaged => new()
    {
        Scale = Memory(f.Scale),
        Shift = Memory(f.Shift),
        Activation = f.Activation,
        Gate = Memory(f.Gate),
        Residual = residual,
        Sums = Memory(f.Sums),
        SumsOnly = f.SumsOnly,
        InputChannels = Places(f.InputChannels),
        InputStride = f.InputStride,
        OutputChannels = Places(f.OutputChannels),
        OutputStride = f.OutputStride,
        Precision = Precision,
    };

    /// <summary>Memory that holds float16, two numbers to an element.</summary>
    private ArrayView<Half> HalfMemory(View view, int length)
    {
        Guard.That(view.Length == (length + 1) / 2, Name,
            $"a view of {view.Length} elements for {length} numbers of float16, expected {(length + 1) / 2}.");
        return ((ArrayView1D<float, Stride1D.Dense>)Memory(view)).Cast<float, Half>().BaseView.SubView(0, length);
    }

    private static int Length(Shape map, int stride) =>
        checked((int)(map with { C = stride > 0 ? stride : map.C }).Length);

    private ArrayView<int> Places(ChannelPlaces? places) => places is null
        ? ArrayView<int>.Empty
        : GpuKernels.Of(Stream).Table<int>(places, () => places.Span.ToArray());
}
