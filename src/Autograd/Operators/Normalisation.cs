namespace MuxKernels.Autograd;

/// <summary>Elementwise activation.</summary>
/// <param name="Args">Validated geometry and function.</param>
public sealed record ActivationOperator(Activation.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.ActivationForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.ActivationBackward(Args, o.Dy, o.X, o.Dx);
        }
    }
}

/// <summary>
/// Batch normalisation with the batch's statistics, then an activation. Inputs x, γ, β, running mean and running
/// variance (both updated in place); saves the batch's mean and 1/deviation.
/// </summary>
/// <param name="Args">Validated geometry.</param>
public sealed record BatchNormTrainOperator(BatchNorm.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y, Args.Channel, Args.Channel];

    /// <inheritdoc/>
    public override int ResultCount => 1;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.BatchNormForwardTrain(Args, o.X, o.Input(1),
        o.Input(2), o.Y, o.Result(1), o.Result(2), o.Input(3), o.Input(4));

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o) => device.BatchNormBackwardTrain(Args, o.Dy, o.X,
        o.Input(1), o.Input(2), o.Result(1), o.Result(2), o.InputGradient(0), o.InputGradient(1), o.InputGradient(2));
}

/// <summary>Batch normalisation with the running statistics, then an activation. Inputs x, γ, β, running mean and
/// running variance.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record BatchNormEvalOperator(BatchNorm.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.BatchNormForwardEval(Args, o.X, o.Input(1),
        o.Input(2), o.Input(3), o.Input(4), o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o) => device.BatchNormBackwardEval(Args, o.Dy, o.X,
        o.Input(1), o.Input(2), o.Input(3), o.Input(4), o.InputGradient(0), o.InputGradient(1), o.InputGradient(2));
}

/// <summary>Squeeze-excite: inputs x, W₁, b₁, W₂, b₂.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record SqueezeExciteOperator(SqueezeExcite.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y, Args.Saved];

    /// <inheritdoc/>
    public override int ResultCount => 1;

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override long MultiplyAddsLinear => Args.MultiplyAddsLinear;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.SqueezeExciteForward(Args, o.X, o.Input(1),
        o.Input(2), o.Input(3), o.Input(4), o.Y, o.Result(1));

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o) => device.SqueezeExciteBackward(Args, o.Dy, o.X,
        o.Input(1), o.Input(3), o.Result(1), o.InputGradient(0), o.InputGradient(1), o.InputGradient(2),
        o.InputGradient(3), o.InputGradient(4));
}

/// <summary>Global average pool.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record GlobalAveragePoolOperator(GlobalAveragePool.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.GlobalAveragePoolForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.GlobalAveragePoolBackward(Args, o.Dy, o.Dx);
        }
    }
}

/// <summary>
/// Mean cross-entropy of a softmax: inputs logits and labels (class indices as floats); saves the softmax.
/// </summary>
/// <param name="Args">Validated geometry.</param>
public sealed record SoftmaxCrossEntropyOperator(SoftmaxCrossEntropy.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [SoftmaxCrossEntropy.Args.Y, Args.Saved];

    /// <inheritdoc/>
    public override int ResultCount => 1;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.SoftmaxCrossEntropyForward(Args, o.X, o.Input(1), o.Y, o.Result(1));

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.SoftmaxCrossEntropyBackward(Args, o.Dy, o.Result(1), o.Input(1), o.Dx);
        }
    }
}
