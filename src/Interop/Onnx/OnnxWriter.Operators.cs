using MuxKernels.Autograd;

namespace MuxKernels.Interop;

/// <summary>The ONNX form of every operator.</summary>
internal sealed partial class OnnxWriter
{
    private readonly Dictionary<(Tensor Tensor, int First, int Count), string> runs = [];

    private void WriteNode(Node node)
    {
        if (options.RewriteForPeer && TryRewrite(node))
        {
            return;
        }

        values[node.Results[0]] = node.Operator switch
        {
            PointwiseConvOperator o => Conv(new Window(o.Args.X.H, o.Args.X.W, 1), 1, Map(node.Inputs[0]!),
                Constant(node.Inputs[1]!, o.Args.Weight), Bias(node)),
            DenseConvOperator o => Conv(o.Args.Window, 1, Map(node.Inputs[0]!),
                Constant(node.Inputs[1]!, o.Args.Weight), Bias(node)),
            DepthwiseConvOperator o => Conv(o.Args.Window, o.Args.X.C, Map(node.Inputs[0]!),
                Constant(node.Inputs[1]!, o.Args.Weight), Bias(node)),
            GroupConvOperator o => Conv(o.Args.Window, o.Args.Groups, Map(node.Inputs[0]!),
                Constant(node.Inputs[1]!, o.Args.Weight), Bias(node)),
            MixedConvOperator o => MixedConv(o.Args, node.Inputs[0]!, node.Inputs[1]!),
            MuxConvOperator o => MuxConv(o.Args, node.Inputs[0]!, node.Inputs[1]!),
            LinearOperator o => Gemm(o.Args, node),
            BatchNormEvalOperator o => BatchNorm(o.Args, node),
            ActivationOperator o => Activate(Map(node.Inputs[0]!), o.Args.Kind),
            SqueezeExciteOperator o => SqueezeExcite(o.Args, node),
            GlobalAveragePoolOperator => graph.Node(Scope, "Flatten",
                [graph.Node(Scope, "GlobalAveragePool", [Map(node.Inputs[0]!)])], Attribute("axis", 1)),
            AddOperator => graph.Node(Scope, "Add", [Map(node.Inputs[0]!), Map(node.Inputs[1]!)]),
            SpaceToChannelOperator o => SpaceToDepth(Map(node.Inputs[0]!), o.Args.Factor),
            ChannelToSpaceOperator o => DepthToSpace(Map(node.Inputs[0]!), o.Args.Factor),
            ChannelSliceOperator o => Channels(node.Inputs[0]!, o.Args.First, o.Args.Y.C),
            ChannelConcatOperator => Concat([Map(node.Inputs[0]!), Map(node.Inputs[1]!)]),
            ChannelShuffleOperator o => Shuffle(Map(node.Inputs[0]!), o.Args.X, o.Args.Groups),
            MuxJoinOperator o => MuxJoin(o.Args, node.Inputs[0]!, node.Inputs[1]!),
            _ => throw new OnnxException(Missing(node)),
        };
    }

    private static string Missing(Node node) => $"ONNX: {Describe(node)} has no ONNX form; " + node.Operator switch
    {
        BatchNormTrainOperator or DropoutOperator => "it belongs to training, record the network with training: false.",
        SoftmaxCrossEntropyOperator => "it belongs to training, export the logits.",
        _ => "expected an operator of this library in evaluation mode.",
    };

    private static OnnxAttribute Attribute(string name, long value) => new(name, value);

    private static OnnxAttribute Attribute(string name, float value) => new(name, value);

    private static OnnxAttribute Attribute(string name, params long[] value) => new(name, value);

    private string? Bias(Node node) => node.Inputs.Count > 2 && node.Inputs[2] is { } bias
        ? Constant(bias, bias.Shape)
        : null;

    /// <summary>Conv; pads are top, left, bottom, right.</summary>
    private string Conv(in Window window, int groups, string x, string w, string? bias) =>
        graph.Node(Scope, "Conv", bias is null ? [x, w] : [x, w, bias],
            Attribute("dilations", window.Dilation, window.Dilation),
            Attribute("group", groups),
            Attribute("kernel_shape", window.Kernel, window.Kernel),
            Attribute("pads", window.PadTop, window.PadLeft, window.PadBottom, window.PadRight),
            Attribute("strides", window.Stride, window.Stride));

    private string MixedConv(in MixedConv.Args args, Tensor x, Tensor w)
    {
        IReadOnlyList<string> parts = Split(x, args.Channels);
        string[] results = new string[parts.Count];
        for (int k = 0, offset = 0; k < results.Length; k++)
        {
            Shape weight = args.PartWeight(k);
            results[k] = Conv(args.PartWindow(k), args.Channels[k] / args.ChannelsPerGroup, parts[k],
                Constant(w, weight, offset, k), null);
            offset += (int)weight.Length;
        }

        return Concat(results);
    }

    private string MuxConv(in MuxConv.Args args, Tensor x, Tensor w)
    {
        IReadOnlyList<string> parts = Split(x, args.Channels);
        string[] results = new string[parts.Count];
        for (int k = 0; k < results.Length; k++)
        {
            MuxConv.MuxPart part = args.Part(k);
            string y = Before(args, part, parts[k]);
            y = InnerConv(part, y, w);
            results[k] = After(args, part, y);
        }

        return Concat(results);
    }

    /// <summary>The convolution of one part on the rearranged map.</summary>
    private string InnerConv(in MuxConv.MuxPart part, string x, Tensor w)
    {
        if (options.RewriteForPeer && part.ChannelsPerGroup == 2)
        {
            float[] weight = Numbers(w, part.WeightOffset, (int)part.Weight.Length);
            return PairedConv(part.Window, part.Transformed.C, x, weight, null, ConstantName(w, part.Index));
        }

        return Conv(part.Window, part.Transformed.C / part.ChannelsPerGroup, x,
            Constant(w, part.Weight, part.WeightOffset, part.Index), null);
    }

    private string Before(in MuxConv.Args args, in MuxConv.MuxPart part, string x)
    {
        if (part.Scale < 0)
        {
            int bottom = part.Transformed.H * args.Factor - args.X.H;
            int right = part.Transformed.W * args.Factor - args.X.W;
            if (bottom + right > 0)
            {
                x = graph.Node(Scope, "Pad", [x, graph.Integers(0, 0, 0, 0, 0, 0, bottom, right)]);
            }

            return SpaceToDepth(x, args.Factor);
        }

        return part.Scale > 0 ? DepthToSpace(x, args.Factor) : x;
    }

    private string After(in MuxConv.Args args, in MuxConv.MuxPart part, string y)
    {
        if (part.Scale < 0)
        {
            y = DepthToSpace(y, args.Factor);
            (int h, int w) = (part.Window.OutHeight * args.Factor, part.Window.OutWidth * args.Factor);
            return part.Y.H < h || part.Y.W < w
                ? graph.Node(Scope, "Slice", [y, graph.Integers(0, 0), graph.Integers(part.Y.H, part.Y.W),
                    graph.Integers(2, 3)])
                : y;
        }

        return part.Scale > 0 ? SpaceToDepth(y, args.Factor) : y;
    }

    private string SpaceToDepth(string x, int factor) =>
        graph.Node(Scope, "SpaceToDepth", [x], Attribute("blocksize", factor));

    private string DepthToSpace(string x, int factor) =>
        graph.Node(Scope, "DepthToSpace", [x], Attribute("blocksize", factor), new OnnxAttribute("mode", "DCR"));

    private string Gemm(in Linear.Args args, Node node)
    {
        string w = Constant(node.Inputs[1]!, args.Weight);
        string x = Map(node.Inputs[0]!);
        return graph.Node(Scope, "Gemm", Bias(node) is { } bias ? [x, w, bias] : [x, w], Attribute("transB", 1));
    }

    private string BatchNorm(in BatchNorm.Args args, Node node)
    {
        Shape channel = args.Channel;
        string y = graph.Node(Scope, "BatchNormalization",
            [Map(node.Inputs[0]!), .. node.Inputs.Skip(1).Select(i => Constant(i!, channel))],
            Attribute("epsilon", args.Epsilon));
        return Activate(y, args.Activation);
    }

    private string SqueezeExcite(in SqueezeExcite.Args args, Node node)
    {
        string x = Map(node.Inputs[0]!);
        Window point = new(1, 1, 1);
        string y = graph.Node(Scope, "GlobalAveragePool", [x]);
        y = Conv(point, 1, y, Constant(node.Inputs[1]!, args.ReduceWeight), Constant(node.Inputs[2]!, args.ReduceBias));
        y = Activate(y, args.Activation);
        y = Conv(point, 1, y, Constant(node.Inputs[3]!, args.ExpandWeight), Constant(node.Inputs[4]!, args.ExpandBias));
        return graph.Node(Scope, "Mul", [x, Activate(y, args.Gate)]);
    }

    private string Activate(string x, ActivationKind kind) => kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Relu => graph.Node(Scope, "Relu", [x]),
        ActivationKind.Relu6 => graph.Node(Scope, "Clip", [x, graph.Scalar(0), graph.Scalar(6)]),
        ActivationKind.Swish => graph.Node(Scope, "Mul", [x, graph.Node(Scope, "Sigmoid", [x])]),
        ActivationKind.HardSwish => graph.Node(Scope, "HardSwish", [x]),
        ActivationKind.Sigmoid => graph.Node(Scope, "Sigmoid", [x]),
        ActivationKind.HardSigmoid => graph.Node(Scope, "HardSigmoid", [x], Attribute("alpha", 1f / 6),
            Attribute("beta", 0.5f)),
        _ => throw new OnnxException($"ONNX: {Describe(current)} has the activation {kind}, which has no ONNX form."),
    };

    private string MuxJoin(in MuxJoin.Args args, Tensor f, Tensor x)
    {
        string y = Map(f);
        int processed = args.Processed.C;
        if (args.Residual)
        {
            y = graph.Node(Scope, "Add", [y, Channels(x, 0, processed)]);
        }

        if (processed < args.X.C)
        {
            y = Concat([y, Channels(x, processed, args.X.C - processed)]);
        }

        return Shuffle(y, args.X, args.Groups);
    }

    private string Concat(IReadOnlyList<string> parts) =>
        parts.Count == 1 ? parts[0] : graph.Node(Scope, "Concat", parts, Attribute("axis", 1));

    private string Shuffle(string x, Shape shape, int groups)
    {
        if (groups == 1 || groups == shape.C)
        {
            return x;
        }

        // The 0 stands for the batch, as many images as are given.
        string y = graph.Node(Scope, "Reshape",
            [x, graph.Integers(0, groups, shape.C / groups, shape.H, shape.W)]);
        y = graph.Node(Scope, "Transpose", [y], Attribute("perm", 0, 2, 1, 3, 4));
        return graph.Node(Scope, "Reshape", [y, graph.Integers(0, shape.C, shape.H, shape.W)]);
    }

    /// <summary>A map cut into runs of channels.</summary>
    private IReadOnlyList<string> Split(Tensor x, IntList widths)
    {
        if (widths.Count == 1)
        {
            return [Map(x)];
        }

        return graph.Node(Scope, "Split", [Map(x), graph.Integers([.. widths.Select(w => (long)w)])], widths.Count,
            Attribute("axis", 1));
    }

    /// <summary>
    /// A run of channels. Where the runs that nodes take of a map are all of it without a gap (the two halves of a
    /// split–process–shuffle block), one Split makes them all; else each is a Slice.
    /// </summary>
    private string Channels(Tensor x, int first, int count)
    {
        if (first == 0 && count == x.Shape.C)
        {
            return Map(x);
        }

        if (runs.TryGetValue((x, first, count), out string? run))
        {
            return run;
        }

        (int First, int Count)[] all = [.. readers[x].SelectMany(n => Runs(n, x)).Distinct().Order()];
        int end = 0;
        if (all.All(r => (r.First, end += r.Count).First == end - r.Count) && end == x.Shape.C)
        {
            IReadOnlyList<string> parts = Split(x, IntList.Create([.. all.Select(r => r.Count)]));
            for (int i = 0; i < all.Length; i++)
            {
                runs[(x, all[i].First, all[i].Count)] = parts[i];
            }

            return runs[(x, first, count)];
        }

        return runs[(x, first, count)] = graph.Node(Scope, "Slice",
            [Map(x), graph.Integers(first), graph.Integers(first + count), graph.Integers(1)]);
    }

    /// <summary>Runs of channels that a node takes of a map, but the whole.</summary>
    private static IEnumerable<(int First, int Count)> Runs(Node node, Tensor x)
    {
        if (node.Operator is ChannelSliceOperator { Args: var slice } && slice.Y.C < slice.X.C)
        {
            yield return (slice.First, slice.Y.C);
        }

        if (node.Operator is MuxJoinOperator { Args: var join } && ReferenceEquals(node.Inputs[1], x)
            && join.Processed.C < join.X.C)
        {
            if (join.Residual)
            {
                yield return (0, join.Processed.C);
            }

            yield return (join.Processed.C, join.X.C - join.Processed.C);
        }
    }
}
