namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    public override void PointwiseConvForward(in PointwiseConv.Args args, View x, View w, View bias, View y) =>
        PointwiseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(bias), Memory(y), Precision);

    /// <inheritdoc/>
    public override void PointwiseConvBackwardInput(in PointwiseConv.Args args, View dy, View w, View dx) =>
        PointwiseConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx), Precision);

    /// <inheritdoc/>
    public override void PointwiseConvBackwardWeight(in PointwiseConv.Args args, View dy, View x, View dw) =>
        PointwiseConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(PointwiseConvGpu.ScratchLength(args)), Precision);

    /// <inheritdoc/>
    public override void DenseConvForward(in DenseConv.Args args, View x, View w, View bias, View y) =>
        DenseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(bias), Memory(y));

    /// <inheritdoc/>
    public override void DenseConvBackwardInput(in DenseConv.Args args, View dy, View w, View dx) =>
        DenseConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx));

    /// <inheritdoc/>
    public override void DenseConvBackwardWeight(in DenseConv.Args args, View dy, View x, View dw) =>
        DenseConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(DenseConvGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void DepthwiseConvForward(in DepthwiseConv.Args args, View x, View w, View bias, View y) =>
        DepthwiseConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(bias), Memory(y));

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardInput(in DepthwiseConv.Args args, View dy, View w, View dx) =>
        DepthwiseConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx));

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardWeight(in DepthwiseConv.Args args, View dy, View x, View dw) =>
        DepthwiseConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(DepthwiseConvGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void GroupConvForward(in GroupConv.Args args, View x, View w, View bias, View y) =>
        GroupConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(bias), Memory(y));

    /// <inheritdoc/>
    public override void GroupConvBackwardInput(in GroupConv.Args args, View dy, View w, View dx) =>
        GroupConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx));

    /// <inheritdoc/>
    public override void GroupConvBackwardWeight(in GroupConv.Args args, View dy, View x, View dw) =>
        GroupConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(GroupConvGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void MixedConvForward(in MixedConv.Args args, View x, View w, View y) =>
        MixedConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(y));

    /// <inheritdoc/>
    public override void MixedConvBackwardInput(in MixedConv.Args args, View dy, View w, View dx) =>
        MixedConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx));

    /// <inheritdoc/>
    public override void MixedConvBackwardWeight(in MixedConv.Args args, View dy, View x, View dw) =>
        MixedConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(MixedConvGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void MuxConvForward(in MuxConv.Args args, View x, View w, View y) =>
        MuxConvGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(y));

    /// <inheritdoc/>
    public override void MuxConvBackwardInput(in MuxConv.Args args, View dy, View w, View dx) =>
        MuxConvGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx));

    /// <inheritdoc/>
    public override void MuxConvBackwardWeight(in MuxConv.Args args, View dy, View x, View dw) =>
        MuxConvGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(MuxConvGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void ConvBackwardBias(in Shape args, View dy, View db) =>
        ConvBiasGpu.Backward(Stream, args, Memory(dy), Memory(db));

    /// <inheritdoc/>
    public override void SpaceToChannelForward(in SpaceToChannel.Args args, View x, View y) =>
        SpaceToChannelGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void ChannelToSpaceForward(in ChannelToSpace.Args args, View x, View y) =>
        ChannelToSpaceGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void ChannelSliceForward(in ChannelSlice.Args args, View x, View y) =>
        ChannelSliceGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void ChannelSliceBackward(in ChannelSlice.Args args, View dy, View dx) =>
        ChannelSliceGpu.Backward(Stream, args, Memory(dy), Memory(dx));

    /// <inheritdoc/>
    public override void ChannelConcatForward(in ChannelConcat.Args args, View a, View b, View y) =>
        ChannelConcatGpu.Forward(Stream, args, Memory(a), Memory(b), Memory(y));

    /// <inheritdoc/>
    public override void ChannelConcatBackward(in ChannelConcat.Args args, View dy, View da, View db) =>
        ChannelConcatGpu.Backward(Stream, args, Memory(dy), Memory(da), Memory(db));

    /// <inheritdoc/>
    public override void ChannelShuffleForward(in ChannelShuffle.Args args, View x, View y) =>
        ChannelShuffleGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void MuxJoinForward(in MuxJoin.Args args, View f, View x, View y) =>
        MuxJoinGpu.Forward(Stream, args, Memory(f), Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void MuxJoinBackward(in MuxJoin.Args args, View dy, View df, View dx) =>
        MuxJoinGpu.Backward(Stream, args, Memory(dy), Memory(df), Memory(dx));

    /// <inheritdoc/>
    public override void ActivationForward(in Activation.Args args, View x, View y) =>
        ActivationGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void ActivationBackward(in Activation.Args args, View dy, View x, View dx) =>
        ActivationGpu.Backward(Stream, args, Memory(dy), Memory(x), Memory(dx));

    /// <inheritdoc/>
    public override void AddForward(in Add.Args args, View a, View b, View y) =>
        AddGpu.Forward(Stream, args, Memory(a), Memory(b), Memory(y));
}
