namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void DepthwiseConvForward(in DepthwiseConv.Args args, View x, View w, View bias, View y) =>
        DepthwiseConv.ForwardReference<double>(args, Span(x), Span(w), Span(bias), Span(y));

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardInput(in DepthwiseConv.Args args, View dy, View w, View dx) =>
        DepthwiseConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardWeight(in DepthwiseConv.Args args, View dy, View x, View dw) =>
        DepthwiseConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));

    /// <inheritdoc/>
    public override void GroupConvForward(in GroupConv.Args args, View x, View w, View bias, View y) =>
        GroupConv.ForwardReference<double>(args, Span(x), Span(w), Span(bias), Span(y));

    /// <inheritdoc/>
    public override void GroupConvBackwardInput(in GroupConv.Args args, View dy, View w, View dx) =>
        GroupConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void GroupConvBackwardWeight(in GroupConv.Args args, View dy, View x, View dw) =>
        GroupConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));

    /// <inheritdoc/>
    public override void MixedConvForward(in MixedConv.Args args, View x, View w, View y) =>
        MixedConv.ForwardReference<double>(args, Span(x), Span(w), Span(y));

    /// <inheritdoc/>
    public override void MixedConvBackwardInput(in MixedConv.Args args, View dy, View w, View dx) =>
        MixedConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void MixedConvBackwardWeight(in MixedConv.Args args, View dy, View x, View dw) =>
        MixedConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));
}
