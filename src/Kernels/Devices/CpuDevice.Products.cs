namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void PointwiseConvForward(in PointwiseConv.Args args, View x, View w, View bias, View y) =>
        PointwiseConv.Forward(args, Span(x), Span(w), Span(bias), Span(y), work);

    /// <inheritdoc/>
    public override void PointwiseConvBackwardInput(in PointwiseConv.Args args, View dy, View w, View dx) =>
        PointwiseConv.BackwardInput(args, Span(dy), Span(w), Span(dx), work);

    /// <inheritdoc/>
    public override void PointwiseConvBackwardWeight(in PointwiseConv.Args args, View dy, View x, View dw) =>
        PointwiseConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), Scratch(args.ScratchLength), work);

    /// <inheritdoc/>
    public override void DenseConvForward(in DenseConv.Args args, View x, View w, View bias, View y) =>
        DenseConv.Forward(args, Span(x), Span(w), Span(bias), Span(y), work);

    /// <inheritdoc/>
    public override void DenseConvBackwardInput(in DenseConv.Args args, View dy, View w, View dx) =>
        DenseConv.BackwardInput(args, Span(dy), Span(w), Span(dx), Scratch(args.ScratchLength), work);

    /// <inheritdoc/>
    public override void DenseConvBackwardWeight(in DenseConv.Args args, View dy, View x, View dw) =>
        DenseConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), Scratch(args.ScratchLength), work);

    /// <inheritdoc/>
    public override void LinearForward(in Linear.Args args, View x, View w, View bias, View y) =>
        Linear.Forward(args, Span(x), Span(w), Span(bias), Span(y), work);

    /// <inheritdoc/>
    public override void LinearBackwardInput(in Linear.Args args, View dy, View w, View dx) =>
        Linear.BackwardInput(args, Span(dy), Span(w), Span(dx), work);

    /// <inheritdoc/>
    public override void LinearBackwardWeight(in Linear.Args args, View dy, View x, View dw) =>
        Linear.BackwardWeight(args, Span(dy), Span(x), Span(dw), work);

    /// <inheritdoc/>
    public override void ConvBackwardBias(in Shape args, View dy, View db) =>
        ConvBias.Backward(args, Span(dy), Span(db), work);
}
