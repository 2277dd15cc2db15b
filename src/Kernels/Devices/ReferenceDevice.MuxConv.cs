namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void MuxConvForward(in MuxConv.Args args, View x, View w, View y) =>
        MuxConv.ForwardReference<double>(args, Span(x), Span(w), Span(y));

    /// <inheritdoc/>
    public override void MuxConvBackwardInput(in MuxConv.Args args, View dy, View w, View dx) =>
        MuxConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void MuxConvBackwardWeight(in MuxConv.Args args, View dy, View x, View dw) =>
        MuxConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));
}
