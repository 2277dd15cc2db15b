using ILGPU;

namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    public override void PointwiseConvFused(in PointwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        PointwiseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : PointwiseConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void DenseConvFused(in DenseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        DenseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : DenseConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void DepthwiseConvFused(in DepthwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        DepthwiseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : DepthwiseConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void GroupConvFused(in GroupConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        GroupConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : GroupConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void MixedConvFused(in MixedConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        MixedConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : MixedConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void MuxConvFused(in MuxConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        MuxConvGpu.Forward(Stream, args, Memory(x), Memory(w), Fusion(fusion, args.X, args.Y), Memory(y),
            Scratch(fusion.Sums.IsEmpty ? 0 : MuxConvGpu.FusedScratchLength(args)));

    /// <inheritdoc/>
    public override void SqueezeExciteGates(in SqueezeExcite.Args args, View sums, View w1, View b1, View w2, View b2,
        View hidden, View gates) =>
        SqueezeExciteGpu.Gates(Stream, args, Memory(sums), Memory(w1), Memory(b1), Memory(w2), Memory(b2),
            Memory(hidden), Memory(gates));

    private GpuFusion<float> Fusion(in ConvFusion f, Shape x, Shape y)
    {
        f.CheckPlaces(x, y, Name);
        return new GpuFusion<float>
        {
            Scale = Memory(f.Scale),
            Shift = Memory(f.Shift),
            Activation = f.Activation,
            Gate = Memory(f.Gate),
            Residual = Memory(f.Residual),
            Sums = Memory(f.Sums),
            SumsOnly = f.SumsOnly,
            InputChannels = Places(f.InputChannels),
            InputStride = f.InputStride,
            OutputChannels = Places(f.OutputChannels),
            OutputStride = f.OutputStride,
        };
    }

    private ArrayView<int> Places(ChannelPlaces? places) => places is null
        ? ArrayView<int>.Empty
        : GpuKernels.Of(Stream).Table<int>(places, () => places.Span.ToArray());
}
