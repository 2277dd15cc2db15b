using MuxKernels.Autograd;

namespace MuxKernels.Inference;

/// <summary>
/// An operator that no prepared step covers (an odd geometry, a user's own operator), computed by the plain kernels on
/// NCHW copies of its operands.
/// </summary>
internal sealed unsafe class EagerStep : Step
{
    private readonly Operator @operator;
    private readonly CpuDevice device;
    private readonly Value?[] values;
    private readonly Operands[] operands;
    private readonly Value result;
    private readonly int[] order;

    /// <param name="name">Path of the module.</param>
    /// <param name="operator">What is computed.</param>
    /// <param name="device">Its kernels, one thread; it owns the copies.</param>
    /// <param name="values">Values of the inputs that are not parameters.</param>
    /// <param name="constants">Numbers of those that are.</param>
    /// <param name="result">Where the result goes.</param>
    /// <param name="order">The result's order of slots.</param>
    /// <param name="workers">Workers that may run it at the same time.</param>
    public EagerStep(string name, Operator @operator, CpuDevice device, Value?[] values, float[]?[] constants,
        Value result, IReadOnlyList<int> order, int workers)
        : base(name, @operator.Type)
    {
        (this.@operator, this.device, this.values, this.result, this.order) =
            (@operator, device, values, result, [.. order]);
        View[] shared = new View[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (constants[i] is { } numbers)
            {
                shared[i] = device.Rent(numbers.Length).View;
                device.Write(numbers, shared[i]);
            }
        }

        operands = new Operands[workers];
        for (int w = 0; w < workers; w++)
        {
            View[] inputs = [.. shared];
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = values[i] is { } value ? device.Rent((int)value.Shape.Length).View : inputs[i];
            }

            operands[w] = new Operands(inputs,
                [.. @operator.Results.Select(s => device.Rent((int)s.Length).View)], [], []);
        }

        MultiplyAdds = @operator.MultiplyAddsLinear;
        VectorMultiplyAdds = MultiplyAdds;
        Bytes = sizeof(float) * (values.Sum(v => v?.Shape.Length ?? 0) + @operator.Results.Sum(s => s.Length));
        Layout = "NCHW";
    }

    /// <inheritdoc/>
    public override bool IsMovement => @operator is SpaceToChannelOperator or ChannelToSpaceOperator
        or ChannelSliceOperator or ChannelConcatOperator or ChannelShuffleOperator;

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        Operands o = operands[c.Worker];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value)
            {
                Gather(value, c, CpuDevice.Span(o.Input(i)));
            }
        }

        @operator.Forward(device, o);
        ReadOnlySpan<float> y = CpuDevice.Span(o.Y);
        if (result is VectorValue vector)
        {
            y.CopyTo(new Span<float>(c.At(vector.Region), y.Length));
            return;
        }

        Map map = ((BlockedValue)result).Channels[0].Map;
        fixed (float* from = y)
        {
            for (int b = 0; b < map.Blocks; b++)
            {
                BlockCopy.FromPlanes(from, map, order, b, c.Arena);
            }
        }

        map.ZeroBorder(c.Arena, 0, map.Blocks, 0, map.Height);
    }

    private static void Gather(Value value, in StepContext c, Span<float> to)
    {
        switch (value)
        {
            case InputValue:
                new ReadOnlySpan<float>(c.Input, to.Length).CopyTo(to);
                break;
            case VectorValue vector:
                new ReadOnlySpan<float>(c.At(vector.Region), to.Length).CopyTo(to);
                break;
            case BlockedValue blocked:
                fixed (float* planes = to)
                {
                    for (int channel = 0; channel < blocked.Channels.Length; channel++)
                    {
                        BlockCopy.ToPlane(blocked, channel, c, planes + (long)channel * blocked.Shape.Pixels);
                    }
                }

                break;
            default:
                throw new InvalidOperationException($"A value of type {value.GetType().Name} can't be read.");
        }
    }
}
