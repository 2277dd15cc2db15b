namespace MuxKernels.Autograd;

/// <summary>What convolutions and the fully connected layer share: inputs x, w and optionally a bias; one
/// result.</summary>
public abstract record WeightedOperator : Operator
{
    /// <summary>Shape of the result.</summary>
    protected abstract Shape Y { get; }

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Shape> Results => [Y];

    /// <inheritdoc/>
    public sealed override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            BackwardInput(device, o);
        }

        if (o.Wants(1))
        {
            BackwardWeight(device, o);
        }

        if (o.Wants(2))
        {
            device.ConvBackwardBias(new Shape(Y.N, Y.C, Y.H, Y.W), o.Dy, o.InputGradient(2));
        }
    }

    /// <summary>dx ← gradient of the input.</summary>
    protected abstract void BackwardInput(Device device, Operands o);

    /// <summary>dw += gradient of the weight.</summary>
    protected abstract void BackwardWeight(Device device, Operands o);
}

/// <summary>1×1 convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record PointwiseConvOperator(PointwiseConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.PointwiseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.PointwiseConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.PointwiseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Dense k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record DenseConvOperator(DenseConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.DenseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.DenseConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.DenseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Depthwise k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record DepthwiseConvOperator(DepthwiseConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.DepthwiseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.DepthwiseConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.DepthwiseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Group-wise k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record GroupConvOperator(GroupConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.GroupConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.GroupConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.GroupConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Mixed-kernel convolution: inputs x and the parts' weights one after the other.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record MixedConvOperator(MixedConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.MixedConvForward(Args, o.X, o.W, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.MixedConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.MixedConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Spatial multiplexing convolution: inputs x and the parts' weights one after the other.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record MuxConvOperator(MuxConv.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.MuxConvForward(Args, o.X, o.W, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.MuxConvBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.MuxConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
}

/// <summary>Fully connected layer: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record LinearOperator(Linear.Args Args) : WeightedOperator
{
    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    protected override Shape Y => Args.Y;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.LinearForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    protected override void BackwardInput(Device device, Operands o) =>
        device.LinearBackwardInput(Args, o.Dy, o.W, o.Dx);

    /// <inheritdoc/>
    protected override void BackwardWeight(Device device, Operands o) =>
        device.LinearBackwardWeight(Args, o.Dy, o.X, o.Dw);
}
