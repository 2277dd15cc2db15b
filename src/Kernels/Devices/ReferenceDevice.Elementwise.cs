namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void ActivationForward(in Activation.Args args, View x, View y) =>
        Activation.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void ActivationBackward(in Activation.Args args, View dy, View x, View dx) =>
        Activation.BackwardReference<double>(args, Span(dy), Span(x), Span(dx));

    /// <inheritdoc/>
    public override void DropoutForward(in Dropout.Args args, View x, View y) =>
        Dropout.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void AddForward(in Add.Args args, View a, View b, View y) =>
        Add.ForwardReference<double>(args, Span(a), Span(b), Span(y));

    /// <inheritdoc/>
    public override void SgdUpdate(in SgdStep.Args args, View gradient, View parameter, View velocity) =>
        SgdStep.UpdateReference<double>(args, Span(gradient), Span(parameter), Span(velocity));

    /// <inheritdoc/>
    public override void AdamWUpdate(in AdamWStep.Args args, View gradient, View parameter, View m, View v) =>
        AdamWStep.UpdateReference<double>(args, Span(gradient), Span(parameter), Span(m), Span(v));

    /// <inheritdoc/>
    public override void MovingAverageUpdate(in MovingAverage.Args args, View x, View average) =>
        MovingAverage.UpdateReference<double>(args, Span(x), Span(average));
}
