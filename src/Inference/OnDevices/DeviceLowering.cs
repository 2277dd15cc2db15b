using MuxKernels.Autograd;

namespace MuxKernels.Inference;

/// <summary>What lowering a record for a device gives.</summary>
internal sealed record DeviceSteps(IReadOnlyList<DeviceStep> Steps, Slot Input, Slot Output, IReadOnlyList<Slot> Slots,
    DeviceConstants Constants);

/// <summary>
/// Turns a record into fused launches. Splits, concatenations and shuffles become places of channels; batch
/// normalisation becomes scale and shift; activations, sums, gates and pooling go into the convolutions; the end of a
/// split–process–shuffle block is written where its input lay, so that the other half never moves.
/// </summary>
internal sealed partial class DeviceLowering
{
    private readonly RecordGraph graph;
    private readonly Device device;
    private readonly Dictionary<Tensor, DeviceValue> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, Slot> sums = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Node> done = new(ReferenceEqualityComparer.Instance);
    private readonly List<DeviceStep> steps = [];
    private readonly List<Slot> slots = [];
    private readonly DeviceConstants constants = new();

    private readonly bool isHalf;

    private DeviceLowering(RecordGraph graph, Device device, bool isHalf) =>
        (this.graph, this.device, this.isHalf) = (graph, device, isHalf);

    /// <summary>Lowers a record.</summary>
    /// <param name="graph">The record.</param>
    /// <param name="input">The images.</param>
    /// <param name="device">Where it will run.</param>
    /// <param name="isHalf">Whether maps between convolutions are float16.</param>
    public static DeviceSteps Of(RecordGraph graph, Tensor input, Device device, bool isHalf) =>
        new DeviceLowering(graph, device, isHalf).Lower(input);

    private DeviceSteps Lower(Tensor input)
    {
        Slot first = NewSlot(input.Shape.Length, isKept: true);
        first.Region.Use(0);
        values[input] = Plain(input.Shape, first);
        foreach (Node node in graph.Nodes)
        {
            if (done.Add(node))
            {
                Lower(node);
            }
        }

        Slot last = Materialized("output", values[graph.Output]);
        if (ReferenceEquals(first, last))
        {
            throw new NotSupportedException("The network's output is its input; there is nothing to plan.");
        }

        first.Region.Use(steps.Count);
        last.Region.Use(steps.Count);
        return new DeviceSteps(steps, first, last, slots, constants);
    }

    private void Lower(Node node)
    {
        switch (node.Operator)
        {
            case ChannelSliceOperator slice when values[node.Inputs[0]!] is { IsBare: true } x:
                Set(node, x, x.Places.Slice(slice.Args.First, slice.Args.Y.C));
                break;
            case ChannelShuffleOperator shuffle when values[node.Inputs[0]!] is { IsBare: true } x:
                Set(node, x, x.Places.Shuffle(shuffle.Args.Groups));
                break;
            case ChannelConcatOperator when OneMap(node) && !Meet(values[node.Inputs[0]!].Places,
                values[node.Inputs[1]!].Places):
                Set(node, values[node.Inputs[0]!],
                    new ChannelPlaces([.. values[node.Inputs[0]!].Places, .. values[node.Inputs[1]!].Places]));
                break;
            case SqueezeExciteOperator se when sums.TryGetValue(node.Inputs[0]!, out Slot? pooled):
                LowerSqueezeExcite(node, se.Args, pooled);
                break;
            case GlobalAveragePoolOperator when sums.TryGetValue(node.Inputs[0]!, out Slot? pooled):
                Shape y = node.Results[0].Shape;
                values[node.Results[0]] = Plain(y, pooled) with { Factor = 1f / node.Inputs[0]!.Shape.Pixels };
                break;
            case LinearOperator linear when node.Inputs[1] is Parameter weight
                && node.Inputs.Skip(2).All(b => b is null or Parameter):
                LowerLinear(node, linear.Args, weight, node.Inputs.Count > 2 ? node.Inputs[2] as Parameter : null);
                break;
            case PointwiseConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.PointwiseConvFused);
                break;
            case DenseConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.DenseConvFused);
                break;
            case DepthwiseConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.DepthwiseConvFused);
                break;
            case GroupConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.GroupConvFused);
                break;
            case MixedConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.MixedConvFused);
                break;
            case MuxConvOperator o when IsPlainWeight(node):
                LowerConv(node, o.Args, o.Args.Y, device.MuxConvFused);
                break;
            default:
                LowerEager(node);
                break;
        }
    }

    private void LowerSqueezeExcite(Node node, in SqueezeExcite.Args args, Slot pooled)
    {
        SqueezeExcite.Args a = args;
        Func<View>[] weights = [.. node.Inputs.Skip(1).Select(p => constants.Add(p!.ToArray()))];
        Slot hidden = NewSlot((long)a.X.N * a.Reduced), gates = NewSlot((long)a.X.N * a.X.C);
        Add(node, "SqueezeExciteGates", a.MultiplyAddsLinear, 0, () => device.SqueezeExciteGates(a, pooled.View,
            weights[0](), weights[1](), weights[2](), weights[3](), hidden.View, gates.View), pooled, hidden, gates);
        values[node.Results[0]] = values[node.Inputs[0]!] with { Gate = gates };
    }

    /// <summary>A fully connected layer is a 1×1 convolution of maps of one pixel.</summary>
    private void LowerLinear(Node node, in Linear.Args args, Parameter weight, Parameter? bias)
    {
        DeviceValue x = values[node.Inputs[0]!];
        PointwiseConv.Args conv = new(new Shape(args.X.N, args.X.C, 1, 1), args.Y.C);
        Func<View> w = constants.Add(weight.ToArray()), shift = constants.Add(bias?.ToArray());
        Func<View> scale = constants.Add(Scaled([], conv.Y.C, x.Factor));
        Slot y = NewSlot(args.Y.Length);
        x = x.IsHalf ? Plain(x.Shape, Materialized(NameOf(node), x)) : x;
        Add(node, "Linear", args.MultiplyAdds, sizeof(float) * (args.X.Length + args.Weight.Length + args.Y.Length),
            () => device.PointwiseConvFused(conv, x.Slot.View, w(), new ConvFusion
            {
                Scale = scale(),
                Shift = shift(),
                Gate = x.Gate?.View ?? View.None,
                InputChannels = PlacesOf(x),
                InputStride = x.Stride,
            }, y.View), x.Slot, x.Gate, y);
        values[node.Results[0]] = Plain(args.Y, y);
    }

    /// <summary>An operator that no fused launch covers (a user's own, an odd end of a block): its own launches on maps
    /// as it knows them.</summary>
    private void LowerEager(Node node)
    {
        string name = NameOf(node);
        Func<View>[] inputs = [.. node.Inputs.Select(Input)];
        Slot[] results = [.. node.Results.Select(r => NewSlot(r.Shape.Length))];
        Slot[] read = [.. node.Inputs.Where(i => i is not null && values.ContainsKey(i))
            .Select(i => Materialized(name, values[i!]))];
        Operator work = node.Operator;
        long bytes = sizeof(float) * (read.Sum(s => (long)s.Length) + results.Sum(r => (long)r.Length));
        Add(node, work.Type, work.MultiplyAddsLinear, bytes, () => work.Forward(device, new Operands(
            Array.ConvertAll(inputs, i => i()), Array.ConvertAll(results, r => r.View), [], [])),
            [.. read, .. results]);
        for (int i = 0; i < results.Length; i++)
        {
            values[node.Results[i]] = Plain(node.Results[i].Shape, results[i]);
        }

        Func<View> Input(Tensor? input)
        {
            if (input is null)
            {
                return static () => View.None;
            }

            if (!values.TryGetValue(input, out DeviceValue? value))
            {
                return constants.Add(input.ToArray());
            }

            Slot slot = Materialized(name, value);
            values[input] = Plain(value.Shape, slot);
            return () => slot.View;
        }
    }

    /// <summary>A value as its readers know it: its own map of float32, in order, with gates multiplied.</summary>
    private Slot Materialized(string name, DeviceValue x) => Converted(name, Gathered(name, x), isHalf: false).Slot;

    /// <summary>A plain value in the other format, if it is not in this one already.</summary>
    private DeviceValue Converted(string name, DeviceValue x, bool isHalf)
    {
        if (x.IsHalf == isHalf)
        {
            return x;
        }

        Slot y = NewMap(x.Shape, isHalf);
        steps.Add(new DeviceStep(name, isHalf ? "Narrow" : "Widen", 0, 6 * x.Shape.Length, true, isHalf
            ? () => device.Narrow(x.Slot.View, y.View)
            : () => device.Widen(x.Slot.View, y.View)));
        Use(x.Slot, y);
        return Plain(x.Shape, y, isHalf);
    }

    /// <summary>A value in a map of its own, in order, with gates multiplied, in the format that it has.</summary>
    private DeviceValue Gathered(string name, DeviceValue x)
    {
        if (x.IsPlain)
        {
            return x;
        }

        // A depthwise convolution with one tap of weight 1 reads channels anywhere and multiplies gates on its way.
        Shape map = x.Shape.Rank == 4 ? x.Shape : new Shape(x.Shape.N, x.Shape.C, 1, 1);
        DepthwiseConv.Args copy = new(map, 1);
        Func<View> ones = constants.Add(Scaled([], map.C, x.Factor, isNeeded: true));
        Slot y = NewMap(map, x.IsHalf);
        steps.Add(new DeviceStep(name, "Copy", 0, 2 * Bytes(map, x.IsHalf), true,
            () => device.DepthwiseConvFused(copy, x.Slot.View, ones(), new ConvFusion
            {
                Gate = x.Gate?.View ?? View.None,
                InputChannels = PlacesOf(x),
                InputStride = x.Stride,
                HalfMaps = x.IsHalf,
            }, y.View)));
        Use(x.Slot, x.Gate, y);
        return Plain(x.Shape, y, x.IsHalf);
    }

    private static DeviceValue Plain(Shape shape, Slot slot, bool isHalf = false) =>
        new(shape, slot, ChannelPlaces.Run(0, shape.C), shape.C) { IsHalf = isHalf };

    /// <summary>A new map: of float16, two numbers to an element.</summary>
    private Slot NewMap(Shape shape, bool isHalf) => NewSlot(isHalf ? (shape.Length + 1) / 2 : shape.Length);

    private static long Bytes(Shape map, bool isHalf) => (isHalf ? sizeof(float) / 2 : sizeof(float)) * map.Length;

    private static ChannelPlaces? PlacesOf(DeviceValue x) => x.Places.IsNatural(x.Places.Count) ? null : x.Places;

    private static bool IsPlainWeight(Node node) => node.Inputs[1] is Parameter
        && node.Inputs.Skip(2).All(b => b is null or Parameter);

    /// <summary>Whether two operands are parts of one map.</summary>
    private bool OneMap(Node node) => values[node.Inputs[0]!] is { IsBare: true } a
        && values[node.Inputs[1]!] is { IsBare: true } b && ReferenceEquals(a.Slot, b.Slot);

    private static bool Meet(ChannelPlaces a, ChannelPlaces b) => a.Intersect(b).Any();

    private void Set(Node node, DeviceValue map, ChannelPlaces places) =>
        values[node.Results[0]] = map with { Shape = node.Results[0].Shape, Places = places };

    private Slot NewSlot(long length, bool isKept = false)
    {
        Slot slot = new(length) { IsKept = isKept };
        slots.Add(slot);
        return slot;
    }

    private void Add(Node node, string kind, long multiplyAdds, long bytes, Action launch,
        params ReadOnlySpan<Slot?> touched)
    {
        steps.Add(new DeviceStep(NameOf(node), kind, multiplyAdds, bytes, false, launch));
        Use(touched);
    }

    /// <summary>Marks what the last step touches.</summary>
    private void Use(params ReadOnlySpan<Slot?> touched)
    {
        foreach (Slot? slot in touched)
        {
            slot?.Region.Use(steps.Count - 1);
        }
    }

    private static string NameOf(Node node) =>
        node.Scope.TrimStart('.') is { Length: > 0 } scope ? scope : node.Operator.Type;

    /// <summary>Factors of each channel times a number; none where all are 1 and they are not needed.</summary>
    private static float[] Scaled(float[] scale, int channels, float factor, bool isNeeded = false)
    {
        float[] all = new float[channels];
        for (int c = 0; c < channels; c++)
        {
            all[c] = (scale.Length > 0 ? scale[c] : 1f) * factor;
        }

        return isNeeded || all.Any(s => s != 1f) ? all : [];
    }
}
