namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void PointwiseConvForward(in PointwiseConv.Args args, View x, View w, View bias, View y) =>
        PointwiseConv.ForwardReference<double>(args, Span(x), Span(w), Span(bias), Span(y));

    /// <inheritdoc/>
    public override void PointwiseConvBackwardInput(in PointwiseConv.Args args, View dy, View w, View dx) =>
        PointwiseConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void PointwiseConvBackwardWeight(in PointwiseConv.Args args, View dy, View x, View dw) =>
        PointwiseConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));

    /// <inheritdoc/>
    public override void DenseConvForward(in DenseConv.Args args, View x, View w, View bias, View y) =>
        DenseConv.ForwardReference<double>(args, Span(x), Span(w), Span(bias), Span(y));

    /// <inheritdoc/>
    public override void DenseConvBackwardInput(in DenseConv.Args args, View dy, View w, View dx) =>
        DenseConv.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void DenseConvBackwardWeight(in DenseConv.Args args, View dy, View x, View dw) =>
        DenseConv.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));

    /// <inheritdoc/>
    public override void LinearForward(in Linear.Args args, View x, View w, View bias, View y) =>
        Linear.ForwardReference<double>(args, Span(x), Span(w), Span(bias), Span(y));

    /// <inheritdoc/>
    public override void LinearBackwardInput(in Linear.Args args, View dy, View w, View dx) =>
        Linear.BackwardInputReference<double>(args, Span(dy), Span(w), Span(dx));

    /// <inheritdoc/>
    public override void LinearBackwardWeight(in Linear.Args args, View dy, View x, View dw) =>
        Linear.BackwardWeightReference<double>(args, Span(dy), Span(x), Span(dw));

    /// <inheritdoc/>
    public override void ConvBackwardBias(in Shape args, View dy, View db) =>
        ConvBias.BackwardReference<double>(args, Span(dy), Span(db));
}
