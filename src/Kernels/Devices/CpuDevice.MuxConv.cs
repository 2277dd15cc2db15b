namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void MuxConvForward(in MuxConv.Args args, View x, View w, View y)
    {
        if (MuxConv.PrefersSteps(args))
        {
            Span<float> scratch = Scratch(MuxConv.ThreeStepScratchLength(args, Threads));
            MuxConv.ForwardThreeStep(args, Span(x), Span(w), Span(y), scratch, work);
        }
        else
        {
            MuxConv.Forward(args, Span(x), Span(w), Span(y), Scratch(args.ScratchLength(Threads)), work);
        }
    }

    /// <inheritdoc/>
    public override void MuxConvBackwardInput(in MuxConv.Args args, View dy, View w, View dx)
    {
        if (MuxConv.PrefersSteps(args))
        {
            Span<float> scratch = Scratch(MuxConv.ThreeStepScratchLength(args, Threads));
            MuxConv.BackwardInputThreeStep(args, Span(dy), Span(w), Span(dx), scratch, work);
        }
        else
        {
            MuxConv.BackwardInput(args, Span(dy), Span(w), Span(dx), Scratch(args.ScratchLength(Threads)), work);
        }
    }

    /// <inheritdoc/>
    public override void MuxConvBackwardWeight(in MuxConv.Args args, View dy, View x, View dw)
    {
        if (MuxConv.PrefersSteps(args))
        {
            Span<float> scratch = Scratch(MuxConv.ThreeStepScratchLength(args, Threads));
            MuxConv.BackwardWeightThreeStep(args, Span(dy), Span(x), Span(dw), scratch, work);
        }
        else
        {
            MuxConv.BackwardWeight(args, Span(dy), Span(x), Span(dw), Scratch(args.ScratchLength(Threads)), work);
        }
    }
}
