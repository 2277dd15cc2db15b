using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>k×k convolution; the kernel family follows from the shapes. State: <c>weight</c> [, <c>bias</c>].</summary>
public sealed class Conv2d : Module
{
    private readonly Parameter weight;
    private readonly Parameter? bias;
    private readonly (int Stride, int Dilation, int Groups, Padding Padding) geometry;

    /// <summary>A convolution layer.</summary>
    public Conv2d(int inChannels, int outChannels, int kernel, int stride = 1, int dilation = 1, int groups = 1,
        Padding padding = default, bool bias = false)
    {
        Guard.Positive(groups, nameof(Conv2d));
        Guard.That(inChannels % groups == 0 && outChannels % groups == 0, nameof(Conv2d),
            $"{inChannels} input and {outChannels} output channels, expected multiples of groups = {groups}.");
        geometry = (stride, dilation, groups, padding);
        weight = Parameter("weight", new Shape(outChannels, inChannels / groups, kernel, kernel),
            Initialization.ConvolutionNormal);
        this.bias = bias ? Parameter("bias", Shape.Vector(outChannels), Initialization.Zeros) : null;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) =>
        x.Conv2d(weight, bias, geometry.Stride, geometry.Dilation, geometry.Groups, geometry.Padding);
}

/// <summary>
/// Mixed-kernel convolution layer: channels (and groups) split over kernel sizes. State: <c>0.weight</c>,
/// <c>1.weight</c> …, one for each size.
/// </summary>
public sealed class MixedConv2d : Module
{
    private readonly Parameter[] weights;
    private readonly IntList kernels;
    private readonly int channelsPerGroup;
    private readonly (int Stride, int Dilation, Padding Padding) geometry;
    private readonly IntList inputs;
    private readonly IntList groupsOf;

    /// <summary>A mixed-kernel convolution with as many outputs as inputs, in groups of
    /// <paramref name="channelsPerGroup"/> channels (1 is depthwise): one fused kernel.</summary>
    public MixedConv2d(int channels, IntList kernels, int channelsPerGroup = 1, int stride = 1, int dilation = 1,
        Padding padding = default)
    {
        (this.kernels, this.channelsPerGroup) = (kernels, channelsPerGroup);
        geometry = (stride, dilation, padding);
        inputs = ChannelParts.Split(channels, kernels.Count);
        weights = [Parameter([.. kernels.Select((k, i) =>
            ($"{i}.weight", new Shape(inputs[i], channelsPerGroup, k, k)))], Initialization.ConvolutionNormal)];
    }

    /// <summary>The general form of the released code: inputs, outputs and groups are each split over the sizes; every
    /// part is a grouped convolution of its own.</summary>
    public MixedConv2d(int inChannels, int outChannels, IntList kernels, int groups, int stride = 1, int dilation = 1,
        Padding padding = default)
    {
        this.kernels = kernels;
        geometry = (stride, dilation, padding);
        inputs = ChannelParts.Split(inChannels, kernels.Count);
        IntList outputs = ChannelParts.Split(outChannels, kernels.Count);
        groupsOf = groups == 1
            ? IntList.Create([.. kernels.Select(_ => 1)])
            : ChannelParts.Split(groups, kernels.Count);
        weights = new Parameter[kernels.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            Guard.That(inputs[i] % groupsOf[i] == 0 && outputs[i] % groupsOf[i] == 0, nameof(MixedConv2d),
                $"part {i} has {inputs[i]} inputs and {outputs[i]} outputs for {groupsOf[i]} groups.");
            Shape weight = new(outputs[i], inputs[i] / groupsOf[i], kernels[i], kernels[i]);
            weights[i] = Parameter($"{i}.weight", weight, Initialization.ConvolutionNormal);
        }
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        (int stride, int dilation, Padding padding) = geometry;
        if (groupsOf.Count == 0)
        {
            return x.MixedConv(weights[0], kernels, channelsPerGroup, stride, dilation, padding);
        }

        Tensor[] parts = x.Split(inputs.AsSpan());
        Tensor y = parts[0].Conv2d(weights[0], null, stride, dilation, groupsOf[0], padding);
        for (int i = 1; i < parts.Length; i++)
        {
            y = y.Concat(parts[i].Conv2d(weights[i], null, stride, dilation, groupsOf[i], padding));
        }

        return y;
    }
}

/// <summary>
/// Spatial multiplexing convolution layer. State: <c>convs.i.1.weight</c> for a scaled part (the 1 is its place between
/// the two rearrangements), <c>convs.i.weight</c> for a plain one.
/// </summary>
public sealed class MuxConv2d : Module
{
    private readonly Parameter weight;
    private readonly Func<Shape, MuxConv.Args> argsOf;

    /// <summary>A MuxConv layer; see <see cref="MuxConv.Args"/> for the arguments.</summary>
    /// <exception cref="ShapeException">Parts that do not fit, or <see cref="OddMaps.Plain"/>, where the weight's shape
    /// would depend on the map.</exception>
    public MuxConv2d(int channels, IntList scales, IntList kernels, int channelsPerGroup = 1, int stride = 1,
        int dilation = 1, OddMaps oddMaps = OddMaps.Error, int factor = 2, int splitMultiple = 1)
    {
        Guard.That(oddMaps != OddMaps.Plain, nameof(MuxConv2d),
            "OddMaps.Plain would make the weight's shape depend on the map; choose Error or Pad, or a scale of 0.");
        argsOf = x => new MuxConv.Args(x, scales, kernels, channelsPerGroup, stride, dilation, oddMaps, factor,
            splitMultiple);
        int extent = factor * Math.Max(1, stride) * 16;
        MuxConv.Args args = argsOf(new Shape(1, channels, extent, extent));
        weight = Parameter([.. Enumerable.Range(0, scales.Count).Select(args.Part).Select(p =>
            (p.Scale == 0 ? $"convs.{p.Index}.weight" : $"convs.{p.Index}.1.weight", p.Weight))],
            Initialization.ConvolutionNormal);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.MuxConv(weight, argsOf(x.Shape));
}

/// <summary>Batch normalisation followed by an activation. State: <c>weight</c>, <c>bias</c>, <c>running_mean</c>,
/// <c>running_var</c>, <c>num_batches_tracked</c>.</summary>
public sealed class BatchNorm2d : Module
{
    private readonly Parameter gamma;
    private readonly Parameter beta;
    private readonly Parameter mean;
    private readonly Parameter variance;
    private readonly Counter batches;
    private readonly ActivationKind activation;
    private readonly (float Epsilon, float Momentum) numbers;

    /// <summary>A batch-norm layer.</summary>
    public BatchNorm2d(int channels, ActivationKind activation = ActivationKind.None, float epsilon = 1e-5f,
        float momentum = 0.1f)
    {
        this.activation = activation;
        numbers = (epsilon, momentum);
        gamma = Parameter("weight", Shape.Vector(channels), Initialization.Ones);
        beta = Parameter("bias", Shape.Vector(channels), Initialization.Zeros);
        mean = Buffer("running_mean", Shape.Vector(channels), Initialization.Zeros);
        variance = Buffer("running_var", Shape.Vector(channels), Initialization.Ones);
        batches = Counter("num_batches_tracked");
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        if (x.Session!.IsTraining)
        {
            batches.Value++;
        }

        return x.BatchNorm(gamma, beta, mean, variance, activation, numbers.Epsilon, numbers.Momentum);
    }
}

/// <summary>Squeeze-excite. State: <c>conv_reduce.weight</c>, <c>conv_reduce.bias</c>, <c>conv_expand.weight</c>,
/// <c>conv_expand.bias</c>.</summary>
public sealed class SqueezeExcite2d : Module
{
    private readonly Parameter w1;
    private readonly Parameter b1;
    private readonly Parameter w2;
    private readonly Parameter b2;
    private readonly (ActivationKind Inner, ActivationKind Gate) kinds;

    /// <summary>A squeeze-excite layer with <paramref name="reduced"/> hidden units.</summary>
    public SqueezeExcite2d(int channels, int reduced, ActivationKind activation,
        ActivationKind gate = ActivationKind.Sigmoid)
    {
        kinds = (activation, gate);
        w1 = Parameter("conv_reduce.weight", new Shape(reduced, channels, 1, 1), Initialization.ConvolutionNormal);
        b1 = Parameter("conv_reduce.bias", Shape.Vector(reduced), Initialization.Zeros);
        w2 = Parameter("conv_expand.weight", new Shape(channels, reduced, 1, 1), Initialization.ConvolutionNormal);
        b2 = Parameter("conv_expand.bias", Shape.Vector(channels), Initialization.Zeros);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.SqueezeExcite(w1, b1, w2, b2, kinds.Inner, kinds.Gate);
}

/// <summary>Fully connected layer with a bias. State: <c>weight</c>, <c>bias</c>.</summary>
public sealed class Linear1d : Module
{
    private readonly Parameter weight;
    private readonly Parameter bias;

    /// <summary>A fully connected layer.</summary>
    public Linear1d(int inputs, int outputs)
    {
        weight = Parameter("weight", Shape.Matrix(outputs, inputs), Initialization.LinearUniform);
        bias = Parameter("bias", Shape.Vector(outputs), Initialization.Zeros);
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => x.Linear(weight, bias);
}
