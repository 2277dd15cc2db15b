namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void MuxConvForward(in MuxConv.Args args, View x, View w, View y) =>
        MuxConv.Forward(args, Span(x), Span(w), Span(y), Scratch(args.ScratchLength(Threads)), work);

    /// <inheritdoc/>
    public override void MuxConvBackwardInput(in MuxConv.Args args, View dy, View w, View dx) =>
        MuxConv.BackwardInput(args, Span(dy), Span(w), Span(dx), Scratch(args.ScratchLength(Threads)), work);

    /// <inheritdoc/>
    public override void MuxConvBackwardWeight(in MuxConv.Args args, View dy, View x, View dw) =>
        MuxConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), Scratch(args.ScratchLength(Threads)), work);
}
