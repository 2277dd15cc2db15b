namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void ActivationForward(in Activation.Args args, View x, View y) =>
        Activation.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void ActivationBackward(in Activation.Args args, View dy, View x, View dx) =>
        Activation.Backward(args, Span(dy), Span(x), Span(dx), work);

    /// <inheritdoc/>
    public override void DropoutForward(in Dropout.Args args, View x, View y) =>
        Dropout.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void AddForward(in Add.Args args, View a, View b, View y) =>
        Add.Forward(args, Span(a), Span(b), Span(y), work);

    /// <inheritdoc/>
    public override void SgdUpdate(in SgdStep.Args args, View gradient, View parameter, View velocity) =>
        SgdStep.Update(args, Span(gradient), Span(parameter), Span(velocity), work);

    /// <inheritdoc/>
    public override void AdamWUpdate(in AdamWStep.Args args, View gradient, View parameter, View m, View v) =>
        AdamWStep.Update(args, Span(gradient), Span(parameter), Span(m), Span(v), work);

    /// <inheritdoc/>
    public override void MovingAverageUpdate(in MovingAverage.Args args, View x, View average) =>
        MovingAverage.Update(args, Span(x), Span(average), work);

    /// <inheritdoc/>
    public override void SgdPassUpdate(in SgdPass.Args args, View gradient, View parameter, View velocity,
        View average) =>
        SgdPass.Update(args, Span(gradient), Span(parameter), Span(velocity), Span(average), work);

    /// <inheritdoc/>
    public override void AdamWPassUpdate(in AdamWPass.Args args, View gradient, View parameter, View m, View v,
        View average) =>
        AdamWPass.Update(args, Span(gradient), Span(parameter), Span(m), Span(v), Span(average), work);

    /// <inheritdoc/>
    public override void Accumulate(View x, View sum) => Add.Accumulate(Span(x), Span(sum), work);

    /// <inheritdoc/>
    public override double SumOfSquares(View x) => Reductions.SumOfSquares(Span(x), work);
}
