namespace MuxKernels.Autograd.Tests;

/// <summary>Every operator as a function of its differentiable inputs.</summary>
internal sealed record OperatorCase(Func<Tensor[], Tensor> Function, Shape[] Inputs, bool IsTraining = false,
    double Scale = 1, double Offset = 0)
{
    private static readonly Shape Map = new(2, 6, 5, 4);
    private static readonly Shape Channel = Shape.Vector(6);

    public static IReadOnlyDictionary<string, OperatorCase> All { get; } = Make();

    public IReadOnlyList<(Shape Shape, double[] Values)> Values() =>
        [.. Inputs.Select((shape, i) => (shape, Numbers.Doubles((ulong)i + 5, shape, Scale, i == 0 ? Offset : 0)))];

    private static Dictionary<string, OperatorCase> Make()
    {
        Dictionary<string, OperatorCase> all = new(StringComparer.Ordinal);
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            all[$"activation {kind}"] = new OperatorCase(
                x => kind == ActivationKind.None
                    ? x[0].Record(new ActivationOperator(new Activation.Args(x[0].Shape, kind)))
                    : x[0].Activate(kind),
                [Map], Scale: 7);
        }

        AddConvolutions(all);
        AddMovement(all);
        AddLayers(all);
        return all;
    }

    private static void AddConvolutions(Dictionary<string, OperatorCase> all)
    {
        all["pointwise"] = new(x => x[0].PointwiseConv(x[1], x[2]), [Map, new Shape(4, 6, 1, 1), Shape.Vector(4)]);
        all["pointwise no bias"] = new(x => x[0].Conv2d(x[1]), [Map, new Shape(4, 6, 1, 1)]);
        all["dense s2 bias"] = new(x => x[0].Conv2d(x[1], x[2], stride: 2),
            [Map, new Shape(4, 6, 3, 3), Shape.Vector(4)]);
        all["dense d2"] = new(x => x[0].Conv2d(x[1], dilation: 2), [Map, new Shape(4, 6, 3, 3)]);
        all["dense same s2"] = new(x => x[0].Conv2d(x[1], stride: 2, padding: Padding.Same),
            [Map, new Shape(3, 6, 3, 3)]);
        all["pointwise s2"] = new(x => x[0].Conv2d(x[1], stride: 2), [Map, new Shape(3, 6, 1, 1)]);
        all["depthwise"] = new(x => x[0].Conv2d(x[1], x[2], groups: 6), [Map, new Shape(6, 1, 3, 3), Channel]);
        all["depthwise k5 s2"] = new(x => x[0].Conv2d(x[1], stride: 2, groups: 6), [Map, new Shape(6, 1, 5, 5)]);
        all["group g2"] = new(x => x[0].Conv2d(x[1], x[2], groups: 3), [Map, new Shape(6, 2, 3, 3), Channel]);
        all["group g3 s2 to 4"] = new(x => x[0].Conv2d(x[1], stride: 2, groups: 2), [Map, new Shape(4, 3, 3, 3)]);
        all["mixed"] = new(x => x[0].MixedConv(x[1], [3, 5, 7]), [new Shape(2, 7, 6, 5), Shape.Vector(175)]);
        all["mixed g2 s2"] = new(x => x[0].MixedConv(x[1], [3, 5], channelsPerGroup: 2, stride: 2),
            [new Shape(2, 8, 6, 5), Shape.Vector(272)]);
        all["mux"] = Mux(new MuxConv.Args(new Shape(2, 12, 4, 6), [-1, 0, 1], 3));
        all["mux kernels"] = Mux(new MuxConv.Args(new Shape(1, 12, 4, 4), [-1, 0, 1], [3, 5, 7]));
        all["mux s2"] = Mux(new MuxConv.Args(new Shape(2, 12, 4, 8), [-1, 0, 1], 3, stride: 2));
        all["mux g2"] = Mux(new MuxConv.Args(new Shape(2, 24, 4, 4), [-1, 0, 1], 3, channelsPerGroup: 2));
        all["mux odd map padded"] = Mux(new MuxConv.Args(new Shape(2, 12, 5, 7), [-1, 0, 1], 3,
            oddMaps: OddMaps.Pad));
        all["mux odd map plain"] = Mux(new MuxConv.Args(new Shape(2, 12, 5, 7), [-1, 0, 1], 3,
            oddMaps: OddMaps.Plain));
        all["linear"] = new(x => x[0].Linear(x[1], x[2]),
            [Shape.Matrix(3, 5), Shape.Matrix(4, 5), Shape.Vector(4)]);
        all["linear no bias"] = new(x => x[0].Linear(x[1]), [Shape.Matrix(3, 5), Shape.Matrix(4, 5)]);
    }

    private static void AddMovement(Dictionary<string, OperatorCase> all)
    {
        all["space to channel"] = new(x => x[0].SpaceToChannel(), [new Shape(2, 3, 4, 6)]);
        all["channel to space"] = new(x => x[0].ChannelToSpace(), [new Shape(2, 8, 2, 3)]);
        all["channels"] = new(x => x[0].Channels(1, 3), [Map]);
        all["concat"] = new(x => x[0].Concat(x[1]), [Map, new Shape(2, 3, 5, 4)]);
        all["shuffle"] = new(x => x[0].Shuffle(3), [Map]);
        all["join"] = new(x => x[0].MuxJoin(x[1], 2, residual: false), [new Shape(2, 2, 5, 4), Map]);
        all["join residual"] = new(x => x[0].MuxJoin(x[1], 3, residual: true), [new Shape(2, 4, 5, 4), Map]);
        all["sum"] = new(x => x[0].Plus(x[1]), [Map, Map]);
        all["dropout"] = new(x => x[0].Dropout(0.4f), [Map], IsTraining: true);
        all["drop connect"] = new(x => x[0].DropConnect(0.5f), [new Shape(6, 2, 2, 2)], IsTraining: true);
    }

    private static void AddLayers(Dictionary<string, OperatorCase> all)
    {
        ActivationKind[] kinds = [ActivationKind.None, ActivationKind.Swish, ActivationKind.Relu];
        foreach (ActivationKind kind in kinds)
        {
            all[$"batch norm train {kind}"] = new(x => Norm(x, kind), [Map, Channel, Channel], IsTraining: true);
            all[$"batch norm eval {kind}"] = new(x => Norm(x, kind), [Map, Channel, Channel]);
        }

        Shape[] gate = [Map, new Shape(3, 6, 1, 1), Shape.Vector(3), new Shape(6, 3, 1, 1), Channel];
        all["squeeze-excite"] = new(x => x[0].SqueezeExcite(x[1], x[2], x[3], x[4], ActivationKind.Swish), gate);
        all["squeeze-excite hard"] = new(x => x[0].SqueezeExcite(x[1], x[2], x[3], x[4], ActivationKind.HardSwish,
            ActivationKind.HardSigmoid), gate);
        all["global pool"] = new(x => x[0].GlobalAveragePool(), [Map]);
        all["cross-entropy"] = new(x => x[0].CrossEntropy([2f, 0f, 4f]), [Shape.Matrix(3, 5)], Scale: 3);
        all["cross-entropy smooth"] = new(x => x[0].CrossEntropy([2f, 0f, 4f], smoothing: 0.2f),
            [Shape.Matrix(3, 5)], Scale: 3);
    }

    private static Tensor Norm(Tensor[] x, ActivationKind kind)
    {
        Session session = x[0].Session!;
        Tensor mean = session.Input(Channel, Numbers.Doubles(91, Channel, 0.3));
        Tensor variance = session.Input(Channel, Numbers.Doubles(92, Channel, 0.4, 1));
        return x[0].BatchNorm(x[1], x[2], mean, variance, kind);
    }

    private static OperatorCase Mux(MuxConv.Args args) =>
        new(x => x[0].MuxConv(x[1], args), [args.X, args.Weight]);
}
