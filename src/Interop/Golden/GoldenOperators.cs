using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>How exact results of an operator can be.</summary>
internal enum GoldenClass
{
    /// <summary>Data movement and piecewise linear activations: equal.</summary>
    Exact,

    /// <summary>One operator.</summary>
    Single,

    /// <summary>A whole block.</summary>
    Block,
}

/// <summary>An operator of a case: its layer, where it has parameters, and what it computes.</summary>
/// <param name="Class">How exact it can be.</param>
/// <param name="Layer">Owner of its parameters and buffers; null where it has none.</param>
/// <param name="Run">Results from the input.</param>
internal sealed record GoldenOperator(GoldenClass Class, Module? Layer, Func<Tensor, Tensor[]> Run)
{
    /// <summary>Whether each image has a result of its own that is more than the image itself: losses and the
    /// drop-connect of inference are not.</summary>
    public bool IsInference { get; private init; } = true;

    /// <summary>Builds the operator of a case from its name, its configuration and its parameters' shapes.</summary>
    /// <exception cref="InvalidDataException">An operator or a configuration that this library has not.</exception>
    /// <exception cref="ShapeException">A configuration that can't be.</exception>
    public static GoldenOperator Create(string name, GoldenConfig config, IReadOnlyDictionary<string, Shape> parameters)
    {
        if (GoldenConfig.ActivationOf(name) is { } kind)
        {
            bool exact = kind is ActivationKind.Relu or ActivationKind.Relu6;
            return Of(exact ? GoldenClass.Exact : GoldenClass.Single, x => x.Activate(kind));
        }

        return name switch
        {
            "Conv2d" => Of(GoldenClass.Single, Convolution(config, Padding.Symmetric, parameters)),
            "Conv2dSame" => Of(GoldenClass.Single, Convolution(config, Padding.Same, parameters)),
            "MixedConv2d" => Of(GoldenClass.Single, Mixed(config)),
            "MuxConv" => Of(GoldenClass.Single, Multiplexed(config)),
            "Linear" => Of(GoldenClass.Single, FullyConnected(config, parameters)),
            "BatchNorm2d" => Of(GoldenClass.Single, Normalisation(config, parameters)),
            "SqueezeExcite" => Of(GoldenClass.Single, Gate(config)),
            "DepthwiseSeparableConv" => Of(GoldenClass.Block, BlockOf(BlockKind.DepthwiseSeparable, config)),
            "InvertedResidual" => Of(GoldenClass.Block, BlockOf(BlockKind.InvertedResidual, config)),
            "MuxInvertedResidual" => Of(GoldenClass.Block, BlockOf(BlockKind.Multiplexed, config)),
            "SelectAdaptivePool2d" => Pool(config),
            "CE" => Loss(config),
            "drop_connect" => DropConnect(config),
            _ => Movement(name, config)
                ?? throw new InvalidDataException($"The operator {SafeTensors.Quote(name)} is unknown."),
        };
    }

    private static GoldenOperator? Movement(string name, GoldenConfig config)
    {
        switch (name)
        {
            case "ChannelShuffle":
                int groups = config.Int("groups");
                return Of(GoldenClass.Exact, x => x.Shuffle(groups));
            case "SpaceToChannel":
                int down = config.Int("factor", 2);
                return Of(GoldenClass.Exact, x => x.SpaceToChannel(down));
            case "ChannelToSpace":
                int up = config.Int("factor", 2);
                return Of(GoldenClass.Exact, x => x.ChannelToSpace(up));
            case "SplitBlock":
                double ratio = config.Number("ratio");
                return new GoldenOperator(GoldenClass.Exact, null, x => Halves(x, ratio));
            case "SplitCatShuffle":
                (double part, int g) = (config.Number("ratio"), config.Int("groups"));
                return Of(GoldenClass.Exact, x =>
                {
                    Tensor[] halves = Halves(x, part);
                    return halves[0].Concat(halves[1]).Shuffle(g);
                });
            default:
                return null;
        }
    }

    private static GoldenOperator DropConnect(GoldenConfig config)
    {
        double rate = config.Number("rate", 0);
        return config.Flag("training") && rate > 0
            ? throw new InvalidDataException("Drop-connect in training is random and can't be compared.")
            : Of(GoldenClass.Exact, x => x.DropConnect(0f)) with { IsInference = false };
    }

    private static GoldenOperator Pool(GoldenConfig config)
    {
        string kind = config.Text("pool_type", "avg");
        return kind == "avg"
            ? Of(GoldenClass.Single, x => x.GlobalAveragePool())
            : throw new InvalidDataException(
                $"Configuration pool_type: expected avg, found {SafeTensors.Quote(kind)}.");
    }

    private static GoldenOperator Loss(GoldenConfig config)
    {
        float[] labels = [.. config.Ints("labels").Select(label => (float)label)];
        float smoothing = (float)config.Number("smoothing", 0);
        return Of(GoldenClass.Single, x => x.Shape.C > labels.Max() && labels.Min() >= 0
            ? x.CrossEntropy(labels, smoothing)
            : throw new InvalidDataException($"Configuration labels: expected classes 0 … {x.Shape.C - 1}."))
            with { IsInference = false };
    }

    private static Tensor[] Halves(Tensor x, double ratio)
    {
        int first = (int)(x.Shape.C * ratio);
        return x.Split(first, x.Shape.C - first);
    }

    private static Conv2d Convolution(GoldenConfig config, Padding padding,
        IReadOnlyDictionary<string, Shape> parameters)
    {
        (int inputs, int outputs) = Widths(config);
        return new Conv2d(inputs, outputs, config.Int("kernel"), config.Int("stride", 1), config.Int("dilation", 1),
            config.Int("groups", 1), config.Padding("padding", padding), parameters.ContainsKey("bias"));
    }

    private static MixedConv2d Mixed(GoldenConfig config)
    {
        (int inputs, int outputs) = Widths(config);
        (IntList kernels, int stride, int dilation) =
            (config.Ints("kernels"), config.Int("stride", 1), config.Int("dilation", 1));
        Padding padding = config.Padding("padding", Padding.Symmetric);
        if (!config.Flag("depthwise"))
        {
            return new MixedConv2d(inputs, outputs, kernels, config.Int("groups", 1), stride, dilation, padding);
        }

        return inputs == outputs
            ? new MixedConv2d(inputs, kernels, 1, stride, dilation, padding)
            : throw new InvalidDataException(
                $"A depthwise convolution of {inputs} to {outputs} channels; expected equal channels.");
    }

    /// <summary>Groups have no effect: the released code convolves every part depthwise.</summary>
    private static MuxConv2d Multiplexed(GoldenConfig config)
    {
        _ = config.Has("groups") || config.Has("depthwise");
        return new MuxConv2d(config.Int("channels"), config.Ints("scales"), config.Ints("kernel"), 1,
            config.Int("stride", 1), config.Int("dilation", 1));
    }

    private static Module FullyConnected(GoldenConfig config, IReadOnlyDictionary<string, Shape> parameters)
    {
        (int inputs, int outputs) = (config.Int("fin"), config.Int("fout"));
        return parameters.ContainsKey("bias") ? new Linear1d(inputs, outputs) : new PlainLinear(inputs, outputs);
    }

    private static BatchNorm2d Normalisation(GoldenConfig config, IReadOnlyDictionary<string, Shape> parameters)
    {
        int channels = parameters.TryGetValue("weight", out Shape shape) ? shape.N : config.Int("channels");
        return new BatchNorm2d(channels, config.Activation("act", ActivationKind.None),
            (float)config.Number("eps", 1e-5), (float)config.Number("momentum", 0.1));
    }

    private static SqueezeExcite2d Gate(GoldenConfig config) => new(config.Int("channels"), config.Int("reduce"),
        config.Activation("act", ActivationKind.Relu), config.Activation("gate", ActivationKind.Sigmoid));

    private static Block BlockOf(BlockKind kind, GoldenConfig config)
    {
        bool mux = kind == BlockKind.Multiplexed;
        BlockSpec spec = new()
        {
            Kind = kind,
            Kernels = config.Ints("dw_kernel_size"),
            Channels = config.Int("out_chs"),
            Stride = config.Int("stride", 1),
            Activation = config.Activation("act_fn", ActivationKind.Relu),
            SqueezeRatio = config.Number("se_ratio", 0),
            Expansion = kind == BlockKind.DepthwiseSeparable ? 1 : config.Number("exp_ratio", 1),
            NoSkip = config.Flag("noskip"),
            PointwiseActivation = kind == BlockKind.DepthwiseSeparable && config.Flag("pw_act"),
            SplitRatio = mux ? config.Number("split_ratio", 0.75) : 0.5,
            ShuffleGroups = mux ? config.Int("shuffle_groups", 2) : 2,
            ChannelsPerGroup = mux ? config.Int("dw_group_factor", 1) : 1,
            Scales = mux ? config.Ints("scales", optional: true) : default,
        };
        return Block.Create(spec, config.Int("in_chs"), spec.Stride);
    }

    private static (int Inputs, int Outputs) Widths(GoldenConfig config)
    {
        int channels = config.Int("channels", 0);
        return channels > 0 ? (channels, channels) : (config.Int("cin"), config.Int("cout"));
    }

    private static GoldenOperator Of(GoldenClass kind, Func<Tensor, Tensor> run) => new(kind, null, x => [run(x)]);

    private static GoldenOperator Of(GoldenClass kind, Module layer) => new(kind, layer, x => [layer.Invoke(x)]);

    /// <summary>Fully connected layer without a bias.</summary>
    private sealed class PlainLinear : Module
    {
        private readonly Parameter weight;

        public PlainLinear(int inputs, int outputs) =>
            weight = Parameter("weight", Shape.Matrix(outputs, inputs), Initialization.LinearUniform);

        protected override Tensor Forward(Tensor x) => x.Linear(weight);
    }
}
