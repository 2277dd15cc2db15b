namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void SpaceToChannelForward(in SpaceToChannel.Args args, View x, View y) =>
        SpaceToChannel.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void ChannelToSpaceForward(in ChannelToSpace.Args args, View x, View y) =>
        ChannelToSpace.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void ChannelSliceForward(in ChannelSlice.Args args, View x, View y) =>
        ChannelSlice.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void ChannelSliceBackward(in ChannelSlice.Args args, View dy, View dx) =>
        ChannelSlice.BackwardReference<double>(args, Span(dy), Span(dx));

    /// <inheritdoc/>
    public override void ChannelConcatForward(in ChannelConcat.Args args, View a, View b, View y) =>
        ChannelConcat.ForwardReference<double>(args, Span(a), Span(b), Span(y));

    /// <inheritdoc/>
    public override void ChannelConcatBackward(in ChannelConcat.Args args, View dy, View da, View db) =>
        ChannelConcat.BackwardReference<double>(args, Span(dy), Span(da), Span(db));

    /// <inheritdoc/>
    public override void ChannelShuffleForward(in ChannelShuffle.Args args, View x, View y) =>
        ChannelShuffle.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void MuxJoinForward(in MuxJoin.Args args, View f, View x, View y) =>
        MuxJoin.ForwardReference<double>(args, Span(f), Span(x), Span(y));

    /// <inheritdoc/>
    public override void MuxJoinBackward(in MuxJoin.Args args, View dy, View df, View dx) =>
        MuxJoin.BackwardReference<double>(args, Span(dy), Span(df), Span(dx));
}
