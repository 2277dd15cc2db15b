namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void SpaceToChannelForward(in SpaceToChannel.Args args, View x, View y) =>
        SpaceToChannel.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void ChannelToSpaceForward(in ChannelToSpace.Args args, View x, View y) =>
        ChannelToSpace.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void ChannelSliceForward(in ChannelSlice.Args args, View x, View y) =>
        ChannelSlice.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void ChannelSliceBackward(in ChannelSlice.Args args, View dy, View dx) =>
        ChannelSlice.Backward(args, Span(dy), Span(dx), work);

    /// <inheritdoc/>
    public override void ChannelConcatForward(in ChannelConcat.Args args, View a, View b, View y) =>
        ChannelConcat.Forward(args, Span(a), Span(b), Span(y), work);

    /// <inheritdoc/>
    public override void ChannelConcatBackward(in ChannelConcat.Args args, View dy, View da, View db) =>
        ChannelConcat.Backward(args, Span(dy), Span(da), Span(db), work);

    /// <inheritdoc/>
    public override void ChannelShuffleForward(in ChannelShuffle.Args args, View x, View y) =>
        ChannelShuffle.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void MuxJoinForward(in MuxJoin.Args args, View f, View x, View y) =>
        MuxJoin.Forward(args, Span(f), Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void MuxJoinBackward(in MuxJoin.Args args, View dy, View df, View dx) =>
        MuxJoin.Backward(args, Span(dy), Span(df), Span(dx), work);
}
