namespace MuxKernels;

/// <summary>
/// Spatial multiplexing the long way, by other operations of a device: each part is rearranged, convolved and
/// rearranged back, the parts are concatenated. It is what the fused kernels are compared with, on any device. With one
/// image the parts are runs of memory, which costs it no copies; with several it slices and concatenates.
/// </summary>
public sealed class MuxConvSteps : IDisposable
{
    private readonly Device device;
    private readonly MuxConv.Args args;
    private readonly List<DeviceBuffer> rented = [];
    private readonly Step[] steps;

    /// <summary>Takes the memory between the steps from the device.</summary>
    /// <param name="device">Where everything is computed.</param>
    /// <param name="args">Geometry.</param>
    /// <exception cref="ShapeException">Parts on padded maps (<see cref="OddMaps.Pad"/>): no rearrangement crops.
    /// </exception>
    public MuxConvSteps(Device device, in MuxConv.Args args)
    {
        (this.device, this.args) = (device, args);
        steps = new Step[args.Scales.Count];
        Shape before = default;
        for (int part = 0; part < steps.Length; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            Shape x = args.X with { C = p.Channels }, y = args.Y with { C = p.Channels };
            Shape mapped = p.Transformed with { H = p.Window.OutHeight, W = p.Window.OutWidth };
            Guard.That(p.Transformed.Length == x.Length && mapped.Length == y.Length, nameof(MuxConvSteps),
                $"part {part} lies on a padded map, expected rows and columns that are multiples of {args.Factor}.");
            before = part == 0 ? y : before with { C = before.C + y.C };
            bool moved = p.Scale != 0, copied = args.X.N > 1;
            steps[part] = new Step(p, x, y, mapped)
            {
                Sliced = copied ? Rent(x) : View.None,
                SlicedGradient = copied ? Rent(x) : View.None,
                Wide = moved ? Rent(p.Transformed) : View.None,
                WideGradient = moved ? Rent(p.Transformed) : View.None,
                Mapped = moved ? Rent(mapped) : View.None,
                Result = copied ? Rent(y) : View.None,
                Joined = copied && part > 0 && part < steps.Length - 1 ? Rent(Larger(before, args)) : View.None,
            };
        }
    }

    /// <summary>y ← MuxConv of x; the rearranged parts of x are kept for <see cref="BackwardWeight"/>.</summary>
    public void Forward(View x, View w, View y)
    {
        View joined = default;
        foreach (Step s in steps)
        {
            View from = Split(s, args.X, s.X, s.Part, x, s.Sliced), to = Target(s, args.Y, s.Result, y);
            View wide = Spread(s, from, s.X, s.Wide);
            Convolve(s, wide, Weight(s, w), s.Part.Scale == 0 ? to : s.Mapped);
            Gather(s, s.Mapped, s.MappedShape, to);
            joined = Join(s, args.Y, joined, to, y);
        }
    }

    /// <summary>dx ← gradient of the input.</summary>
    public void BackwardInput(View dy, View w, View dx)
    {
        View joined = default;
        foreach (Step s in steps)
        {
            View from = Split(s, args.Y, s.Y, s.Part, dy, s.Result), to = Target(s, args.X, s.SlicedGradient, dx);
            View mapped = Spread(s, from, s.Y, s.Mapped);
            View weight = Weight(s, w), wide = s.Part.Scale == 0 ? to : s.WideGradient;
            if (s.Part.ChannelsPerGroup == 1)
            {
                device.DepthwiseConvBackwardInput(Depthwise(s), mapped, weight, wide);
            }
            else
            {
                device.GroupConvBackwardInput(Grouped(s), mapped, weight, wide);
            }

            Gather(s, s.WideGradient, s.Part.Transformed, to);
            joined = Join(s, args.X, joined, to, dx);
        }
    }

    /// <summary>dw += gradient of the weight, from x and its rearranged parts that <see cref="Forward"/>
    /// kept.</summary>
    public void BackwardWeight(View dy, View x, View dw)
    {
        foreach (Step s in steps)
        {
            View from = Split(s, args.Y, s.Y, s.Part, dy, s.Result);
            View mapped = Spread(s, from, s.Y, s.Mapped);
            View wide = s.Part.Scale != 0 ? s.Wide
                : args.X.N > 1 ? s.Sliced : x.Slice(s.Part.FirstChannel * args.X.Pixels, (int)s.X.Length);
            View weight = Weight(s, dw);
            if (s.Part.ChannelsPerGroup == 1)
            {
                device.DepthwiseConvBackwardWeight(Depthwise(s), mapped, wide, weight);
            }
            else
            {
                device.GroupConvBackwardWeight(Grouped(s), mapped, wide, weight);
            }
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (DeviceBuffer buffer in rented)
        {
            device.Return(buffer);
        }

        rented.Clear();
    }

    private static DepthwiseConv.Args Depthwise(Step s) => new(s.Part.Transformed, s.Part.Window.Kernel,
        s.Part.Window.Stride, s.Part.Window.Dilation, s.Part.Window.Padding);

    private static GroupConv.Args Grouped(Step s) => new(s.Part.Transformed, s.Part.Transformed.C, s.Part.Window.Kernel,
        s.Part.Transformed.C / s.Part.ChannelsPerGroup, s.Part.Window.Stride, s.Part.Window.Dilation,
        s.Part.Window.Padding);

    private static View Weight(Step s, View w) => w.Slice(s.Part.WeightOffset, (int)s.Part.Weight.Length);

    private View Rent(Shape shape)
    {
        DeviceBuffer buffer = device.Rent((int)shape.Length);
        rented.Add(buffer);
        return buffer.View;
    }

    /// <summary>The part's channels of a map: a run of memory with one image, else a copy.</summary>
    private View Split(Step s, Shape whole, Shape shape, MuxConv.MuxPart part, View from, View copy)
    {
        if (whole.N == 1)
        {
            return from.Slice(part.FirstChannel * whole.Pixels, (int)shape.Length);
        }

        device.ChannelSliceForward(new ChannelSlice.Args(whole, part.FirstChannel, s.Part.Channels), from, copy);
        return copy;
    }

    /// <summary>Where the part's result goes: its channels with one image, else memory of its own.</summary>
    private View Target(Step s, Shape whole, View own, View to) => steps.Length == 1 ? to
        : whole.N == 1 ? to.Slice(s.Part.FirstChannel * whole.Pixels, s.Part.Channels * whole.Pixels)
        : own;

    /// <summary>Memory for the parts concatenated so far, of y or dx.</summary>
    private static Shape Larger(Shape before, in MuxConv.Args args) =>
        args.X.Pixels > args.Y.Pixels ? before with { H = args.X.H, W = args.X.W } : before;

    /// <summary>To the convolution's domain.</summary>
    private View Spread(Step s, View from, Shape shape, View to)
    {
        if (s.Part.Scale < 0)
        {
            device.SpaceToChannelForward(new SpaceToChannel.Args(shape, args.Factor), from, to);
        }
        else if (s.Part.Scale > 0)
        {
            device.ChannelToSpaceForward(new ChannelToSpace.Args(shape, args.Factor), from, to);
        }

        return s.Part.Scale == 0 ? from : to;
    }

    private void Convolve(Step s, View x, View w, View y)
    {
        if (s.Part.ChannelsPerGroup == 1)
        {
            device.DepthwiseConvForward(Depthwise(s), x, w, View.None, y);
        }
        else
        {
            device.GroupConvForward(Grouped(s), x, w, View.None, y);
        }
    }

    /// <summary>Back from the convolution's domain.</summary>
    private void Gather(Step s, View from, Shape shape, View to)
    {
        if (s.Part.Scale < 0)
        {
            device.ChannelToSpaceForward(new ChannelToSpace.Args(shape, args.Factor), from, to);
        }
        else if (s.Part.Scale > 0)
        {
            device.SpaceToChannelForward(new SpaceToChannel.Args(shape, args.Factor), from, to);
        }
    }

    /// <summary>What has been concatenated, with this part behind.</summary>
    private View Join(Step s, Shape whole, View joined, View part, View y)
    {
        if (whole.N == 1 || s.Part.Index == 0)
        {
            return part;
        }

        Shape before = whole with { C = s.Part.FirstChannel }, shape = whole with { C = s.Part.Channels };
        bool last = s.Part.Index == steps.Length - 1;
        View to = last ? y : s.Joined.Slice(0, (int)(before.Length + shape.Length));
        device.ChannelConcatForward(new ChannelConcat.Args(before, shape), joined, part, to);
        return to;
    }

    /// <summary>A part's memory: Sliced and Wide hold x and stay until the weight's gradient.</summary>
    private sealed record Step(MuxConv.MuxPart Part, Shape X, Shape Y, Shape MappedShape)
    {
        public View Sliced { get; init; }

        public View SlicedGradient { get; init; }

        public View Wide { get; init; }

        public View WideGradient { get; init; }

        public View Mapped { get; init; }

        public View Result { get; init; }

        public View Joined { get; init; }
    }
}
