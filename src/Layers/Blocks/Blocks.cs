using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>A block of a MUXNet.</summary>
public abstract class Block : Module
{
    /// <summary>Output channels.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Stride of the block.</summary>
    public required int Stride { get; init; }

    /// <summary>Channels of the expanded map; equal to the input's where a block does not expand.</summary>
    public required int ExpandedChannels { get; init; }

    /// <summary>First part of the block: up to the expanded map that the depthwise convolution reads.</summary>
    public abstract Tensor Expand(Tensor x);

    /// <summary>Second part of the block: from the expanded map to the result.</summary>
    public abstract Tensor Project(Tensor x, Tensor expanded);

    /// <summary>One block of a row.</summary>
    /// <param name="spec">The row.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="stride">This block's stride.</param>
    /// <param name="dropConnect">This block's drop-connect rate.</param>
    /// <param name="norm">Batch-norm numbers.</param>
    public static Block Create(BlockSpec spec, int inChannels, int stride, double dropConnect = 0,
        NormNumbers? norm = null) => spec.Kind switch
        {
            BlockKind.DepthwiseSeparable => DepthwiseSeparable.Of(spec, inChannels, stride, dropConnect, norm),
            BlockKind.InvertedResidual => InvertedResidual.Of(spec, inChannels, stride, dropConnect, norm),
            _ => MuxInvertedResidual.Of(spec, inChannels, stride, norm),
        };

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => Project(x, Expand(x));

    private protected static Module DepthwiseOf(int channels, BlockSpec spec, int stride, int channelsPerGroup) =>
        spec.Kernels.Count > 1
            ? new MixedConv2d(channels, spec.Kernels, channelsPerGroup, stride)
            : new Conv2d(channels, channels, spec.Kernels[0], stride, groups: channels / channelsPerGroup);

    private protected static int Reduced(BlockSpec spec, int channels) =>
        Math.Max(1, (int)(spec.SqueezeRatio * channels));
}

/// <summary>Numbers of batch normalisation.</summary>
/// <param name="Epsilon">ε.</param>
/// <param name="Momentum">m.</param>
public sealed record NormNumbers(float Epsilon = 1e-5f, float Momentum = 0.1f)
{
    internal static BatchNorm2d Layer(NormNumbers? numbers, int channels,
        ActivationKind activation = ActivationKind.None)
    {
        NormNumbers n = numbers ?? new NormNumbers();
        return new BatchNorm2d(channels, activation, n.Epsilon, n.Momentum);
    }
}

/// <summary>ds: depthwise k×k → BN → act → [SE] → 1×1 → BN (→ act) (+ x if the shapes agree).</summary>
public sealed class DepthwiseSeparable : Block
{
    private readonly Module convDw;
    private readonly BatchNorm2d bn1;
    private readonly SqueezeExcite2d? se;
    private readonly Conv2d convPw;
    private readonly BatchNorm2d bn2;
    private readonly bool skip;
    private readonly float dropConnect;

    private DepthwiseSeparable(BlockSpec spec, int inChannels, int stride, double dropConnect, NormNumbers? norm)
    {
        convDw = Child("conv_dw", DepthwiseOf(inChannels, spec, stride, 1));
        bn1 = Child("bn1", NormNumbers.Layer(norm, inChannels, spec.Activation));
        se = spec.SqueezeRatio > 0
            ? Child("se", new SqueezeExcite2d(inChannels, Reduced(spec, inChannels), spec.Activation))
            : null;
        convPw = Child("conv_pw", new Conv2d(inChannels, spec.Channels, 1));
        bn2 = Child("bn2", NormNumbers.Layer(norm, spec.Channels,
            spec.PointwiseActivation ? spec.Activation : ActivationKind.None));
        skip = stride == 1 && inChannels == spec.Channels && !spec.NoSkip;
        this.dropConnect = (float)dropConnect;
    }

    /// <inheritdoc/>
    public override Tensor Expand(Tensor x) => x;

    /// <inheritdoc/>
    public override Tensor Project(Tensor x, Tensor expanded)
    {
        Tensor y = bn1.Invoke(convDw.Invoke(x));
        y = bn2.Invoke(convPw.Invoke(se?.Invoke(y) ?? y));
        return skip ? y.DropConnect(dropConnect).Plus(x) : y;
    }

    internal static DepthwiseSeparable Of(BlockSpec spec, int inChannels, int stride, double dropConnect,
        NormNumbers? norm) => new(spec, inChannels, stride, dropConnect, norm)
        {
            OutChannels = spec.Channels,
            Stride = stride,
            ExpandedChannels = inChannels,
        };
}

/// <summary>
/// ir: 1×1 → BN → act → (mixed-kernel) depthwise → BN → act → [SE] → 1×1 → BN (+ x if the shapes agree).
/// </summary>
public sealed class InvertedResidual : Block
{
    private readonly Conv2d convPw;
    private readonly BatchNorm2d bn1;
    private readonly Module convDw;
    private readonly BatchNorm2d bn2;
    private readonly SqueezeExcite2d? se;
    private readonly Conv2d convPwl;
    private readonly BatchNorm2d bn3;
    private readonly bool skip;
    private readonly float dropConnect;

    private InvertedResidual(BlockSpec spec, int inChannels, int mid, int stride, double dropConnect,
        NormNumbers? norm)
    {
        convPw = Child("conv_pw", new Conv2d(inChannels, mid, 1));
        bn1 = Child("bn1", NormNumbers.Layer(norm, mid, spec.Activation));
        convDw = Child("conv_dw", DepthwiseOf(mid, spec, stride, 1));
        bn2 = Child("bn2", NormNumbers.Layer(norm, mid, spec.Activation));
        se = spec.SqueezeRatio > 0
            ? Child("se", new SqueezeExcite2d(mid, Reduced(spec, inChannels), spec.Activation))
            : null;
        convPwl = Child("conv_pwl", new Conv2d(mid, spec.Channels, 1));
        bn3 = Child("bn3", NormNumbers.Layer(norm, spec.Channels));
        skip = stride == 1 && inChannels == spec.Channels && !spec.NoSkip;
        this.dropConnect = (float)dropConnect;
    }

    /// <inheritdoc/>
    public override Tensor Expand(Tensor x) => bn1.Invoke(convPw.Invoke(x));

    /// <inheritdoc/>
    public override Tensor Project(Tensor x, Tensor expanded)
    {
        Tensor y = bn2.Invoke(convDw.Invoke(expanded));
        y = bn3.Invoke(convPwl.Invoke(se?.Invoke(y) ?? y));
        return skip ? y.DropConnect(dropConnect).Plus(x) : y;
    }

    internal static InvertedResidual Of(BlockSpec spec, int inChannels, int stride, double dropConnect,
        NormNumbers? norm)
    {
        int mid = (int)(inChannels * spec.Expansion);
        return new InvertedResidual(spec, inChannels, mid, stride, dropConnect, norm)
        {
            OutChannels = spec.Channels,
            Stride = stride,
            ExpandedChannels = mid,
        };
    }
}

/// <summary>
/// mux: the first ⌊p·C⌋ channels a go through 1×1 → BN → act → spatially multiplexed or group-wise convolution → BN →
/// act → [SE] → 1×1 → BN, + a; the others are copied; then a channel shuffle (MUXNet, CVPR 2020).
/// </summary>
public sealed class MuxInvertedResidual : Block
{
    private readonly Conv2d convPw;
    private readonly BatchNorm2d bn1;
    private readonly Module convDw;
    private readonly BatchNorm2d bn2;
    private readonly SqueezeExcite2d? se;
    private readonly Conv2d convPwl;
    private readonly BatchNorm2d bn3;
    private readonly int processed;
    private readonly int shuffleGroups;
    private readonly bool skip;

    private MuxInvertedResidual(BlockSpec spec, int processed, int mid, NormNumbers? norm)
    {
        this.processed = processed;
        (shuffleGroups, skip) = (spec.ShuffleGroups, !spec.NoSkip);
        convPw = Child("conv_pw", new Conv2d(processed, mid, 1));
        bn1 = Child("bn1", NormNumbers.Layer(norm, mid, spec.Activation));
        convDw = Child("conv_dw", spec.Scales.Count > 0
            ? new MuxConv2d(mid, spec.Scales, spec.Kernels, spec.ScaleChannelsPerGroup, oddMaps: spec.OddMaps)
            : DepthwiseOf(mid, spec, 1, spec.ChannelsPerGroup));
        bn2 = Child("bn2", NormNumbers.Layer(norm, mid, spec.Activation));
        se = spec.SqueezeRatio > 0
            ? Child("se", new SqueezeExcite2d(mid, Reduced(spec, processed), spec.Activation))
            : null;
        convPwl = Child("conv_pwl", new Conv2d(mid, processed, 1));
        bn3 = Child("bn3", NormNumbers.Layer(norm, processed));
    }

    /// <inheritdoc/>
    public override Tensor Expand(Tensor x) => bn1.Invoke(convPw.Invoke(x.Channels(0, processed)));

    /// <inheritdoc/>
    public override Tensor Project(Tensor x, Tensor expanded)
    {
        Tensor y = bn2.Invoke(convDw.Invoke(expanded));
        y = bn3.Invoke(convPwl.Invoke(se?.Invoke(y) ?? y));
        return y.MuxJoin(x, shuffleGroups, residual: skip);
    }

    internal static MuxInvertedResidual Of(BlockSpec spec, int inChannels, int stride, NormNumbers? norm)
    {
        Guard.That(stride == 1 && spec.Channels == inChannels, "mux block",
            $"stride {stride} and {inChannels} → {spec.Channels} channels, expected stride 1 and equal channels.");
        int processed = (int)(inChannels * spec.SplitRatio);
        Guard.That(processed > 0, "mux block",
            $"p = {spec.SplitRatio} of {inChannels} channels leaves none to process.");
        int mid = (int)(processed * spec.Expansion);
        Guard.That(mid % spec.ChannelsPerGroup == 0 || spec.Scales.Count > 0, "mux block",
            $"{mid} expanded channels, expected a multiple of {spec.ChannelsPerGroup} channels a group.");
        return new MuxInvertedResidual(spec, processed, mid, norm)
        {
            OutChannels = inChannels,
            Stride = stride,
            ExpandedChannels = mid,
        };
    }
}
