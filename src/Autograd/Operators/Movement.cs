namespace MuxKernels.Autograd;

/// <summary>Space to channel.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record SpaceToChannelOperator(SpaceToChannel.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.SpaceToChannelForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.ChannelToSpaceForward(Args.Inverse, o.Dy, o.Dx);
        }
    }
}

/// <summary>Channel to space.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record ChannelToSpaceOperator(ChannelToSpace.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.ChannelToSpaceForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.SpaceToChannelForward(Args.Inverse, o.Dy, o.Dx);
        }
    }
}

/// <summary>A run of channels.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record ChannelSliceOperator(ChannelSlice.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.ChannelSliceForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.ChannelSliceBackward(Args, o.Dy, o.Dx);
        }
    }
}

/// <summary>Concatenation of two maps along the channels.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record ChannelConcatOperator(ChannelConcat.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override bool Adds(int input) => false;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.ChannelConcatForward(Args, o.X, o.W, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o) =>
        device.ChannelConcatBackward(Args, o.Dy, o.InputGradient(0), o.InputGradient(1));
}

/// <summary>Channel shuffle.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record ChannelShuffleOperator(ChannelShuffle.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.ChannelShuffleForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.ChannelShuffleForward(Args.Inverse, o.Dy, o.Dx);
        }
    }
}

/// <summary>
/// The end of a split–process–shuffle block: inputs f (the processed channels) and x (the block's input).
/// </summary>
/// <param name="Args">Validated geometry.</param>
public sealed record MuxJoinOperator(MuxJoin.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override bool Adds(int input) => false;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.MuxJoinForward(Args, o.Input(0), o.Input(1), o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o) =>
        device.MuxJoinBackward(Args, o.Dy, o.InputGradient(0), o.InputGradient(1));
}

/// <summary>Sum of two tensors of one shape.</summary>
/// <param name="Args">Validated geometry.</param>
public sealed record AddOperator(Add.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override bool Adds(int input) => false;

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.AddForward(Args, o.Input(0), o.Input(1), o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        for (int i = 0; i < 2; i++)
        {
            if (o.Wants(i))
            {
                device.Copy(o.Dy, o.InputGradient(i));
            }
        }
    }
}

/// <summary>Dropout, or drop-connect with one coin for each image.</summary>
/// <param name="Args">Validated geometry, rate and seed.</param>
public sealed record DropoutOperator(Dropout.Args Args) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<Shape> Results => [Args.Y];

    /// <inheritdoc/>
    public override void Forward(Device device, Operands o) => device.DropoutForward(Args, o.X, o.Y);

    /// <inheritdoc/>
    public override void Backward(Device device, Operands o)
    {
        if (o.Wants(0))
        {
            device.DropoutForward(Args, o.Dy, o.Dx);
        }
    }
}
