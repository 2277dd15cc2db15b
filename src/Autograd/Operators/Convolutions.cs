namespace MuxKernels.Autograd;

/// <summary>1×1 convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record PointwiseConvOperator(PointwiseConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.PointwiseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.PointwiseConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.PointwiseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }

        ConvOperators.Bias(device, Args.Y, o);
    }
}

/// <summary>Dense k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record DenseConvOperator(DenseConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.DenseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.DenseConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.DenseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }

        ConvOperators.Bias(device, Args.Y, o);
    }
}

/// <summary>Depthwise k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record DepthwiseConvOperator(DepthwiseConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) =>
        device.DepthwiseConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.DepthwiseConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.DepthwiseConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }

        ConvOperators.Bias(device, Args.Y, o);
    }
}

/// <summary>Group-wise k×k convolution: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record GroupConvOperator(GroupConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.GroupConvForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.GroupConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.GroupConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }

        ConvOperators.Bias(device, Args.Y, o);
    }
}

/// <summary>Mixed-kernel convolution: inputs x and the parts' weights one after the other.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record MixedConvOperator(MixedConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.MixedConvForward(Args, o.X, o.W, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.MixedConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.MixedConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }
    }
}

/// <summary>Spatial multiplexing convolution: inputs x and the parts' weights one after the other.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record MuxConvOperator(MuxConv.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.MuxConvForward(Args, o.X, o.W, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.MuxConvBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.MuxConvBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }
    }
}

/// <summary>Fully connected layer: inputs x, w and optionally a bias.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record LinearOperator(Linear.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override long MultiplyAdds => Args.MultiplyAdds;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.LinearForward(Args, o.X, o.W, o.Bias, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.LinearBackwardInput(Args, o.Dy, o.W, o.Dx);
        }

        if (o.Wants(1))
        {
            device.LinearBackwardWeight(Args, o.Dy, o.X, o.Dw);
        }

        ConvOperators.Bias(device, new Shape(Args.Y.N, Args.Y.C, 1, 1), o);
    }
}

/// <summary>What the convolutions share.</summary>
internal static class ConvOperators
{
    /// <summary>Adds the bias gradient where it is wanted.</summary>
    public static void Bias(Device device, Shape dy, Operands o)
    {
        if (o.Wants(2))
        {
            device.ConvBackwardBias(dy, o.Dy, o.InputGradient(2));
        }
    }
}
