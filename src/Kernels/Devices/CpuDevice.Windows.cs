namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void DepthwiseConvForward(in DepthwiseConv.Args args, View x, View w, View bias, View y)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        DepthwiseConv.Forward(args, Span(x), Span(w), Span(bias), Span(y), scratch, work);
    }

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardInput(in DepthwiseConv.Args args, View dy, View w, View dx)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        DepthwiseConv.BackwardInput(args, Span(dy), Span(w), Span(dx), scratch, work);
    }

    /// <inheritdoc/>
    public override void DepthwiseConvBackwardWeight(in DepthwiseConv.Args args, View dy, View x, View dw)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        DepthwiseConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), scratch, work);
    }

    /// <inheritdoc/>
    public override void GroupConvForward(in GroupConv.Args args, View x, View w, View bias, View y)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        GroupConv.Forward(args, Span(x), Span(w), Span(bias), Span(y), scratch, work);
    }

    /// <inheritdoc/>
    public override void GroupConvBackwardInput(in GroupConv.Args args, View dy, View w, View dx)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        GroupConv.BackwardInput(args, Span(dy), Span(w), Span(dx), scratch, work);
    }

    /// <inheritdoc/>
    public override void GroupConvBackwardWeight(in GroupConv.Args args, View dy, View x, View dw)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        GroupConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), scratch, work);
    }

    /// <inheritdoc/>
    public override void MixedConvForward(in MixedConv.Args args, View x, View w, View y)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        MixedConv.Forward(args, Span(x), Span(w), Span(y), scratch, work);
    }

    /// <inheritdoc/>
    public override void MixedConvBackwardInput(in MixedConv.Args args, View dy, View w, View dx)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        MixedConv.BackwardInput(args, Span(dy), Span(w), Span(dx), scratch, work);
    }

    /// <inheritdoc/>
    public override void MixedConvBackwardWeight(in MixedConv.Args args, View dy, View x, View dw)
    {
        Span<float> scratch = Scratch(args.ScratchLength(Threads));
        MixedConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), scratch, work);
    }
}
