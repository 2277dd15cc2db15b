using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Inference.Tests;

/// <summary>Strided and even kernels, a lone activation, rearrangements, a dense convolution in the middle, a map as
/// the result.</summary>
internal sealed class OddNetwork : Module
{
    private readonly Conv2d first;
    private readonly Conv2d even;
    private readonly Conv2d dense;
    private readonly BatchNorm2d norm;

    public OddNetwork()
    {
        first = Child("first", new Conv2d(8, 12, 1, bias: true));
        even = Child("even", new Conv2d(12, 12, 4, stride: 2, groups: 12));
        dense = Child("dense", new Conv2d(48, 5, 3, bias: true));
        norm = Child("norm", new BatchNorm2d(12, ActivationKind.HardSwish));
    }

    protected override Tensor Forward(Tensor x)
    {
        Tensor y = first.Invoke(x).Activate(ActivationKind.Relu6);
        y = norm.Invoke(y.Shuffle(3));
        Tensor half = even.Invoke(y);
        half = half.Shape.H % 2 == 0 && half.Shape.W % 2 == 0 ? half.SpaceToChannel().ChannelToSpace() : half;
        Tensor wide = half.Concat(half).Concat(half.Shuffle(2)).Concat(half);
        return dense.Invoke(wide);
    }
}

/// <summary>One map read by a depthwise and a 1×1 convolution and a sum; sums of all kinds; pooled features as the
/// result.</summary>
internal sealed class ForkedNetwork : Module
{
    private readonly Conv2d start;
    private readonly Conv2d depthwise;
    private readonly Conv2d pairs;
    private readonly Conv2d point;
    private readonly SqueezeExcite2d se;

    public ForkedNetwork()
    {
        start = Child("start", new Conv2d(6, 20, 3, bias: true));
        depthwise = Child("depthwise", new Conv2d(20, 20, 3, groups: 20));
        pairs = Child("pairs", new Conv2d(20, 20, 5, groups: 10));
        point = Child("point", new Conv2d(20, 20, 1));
        se = Child("se", new SqueezeExcite2d(20, 5, ActivationKind.Swish));
    }

    protected override Tensor Forward(Tensor x)
    {
        Tensor a = start.Invoke(x);
        Tensor b = depthwise.Invoke(a).Plus(point.Invoke(a)).Plus(pairs.Invoke(a));
        Tensor c = se.Invoke(point.Invoke(b)).Plus(a);
        return point.Invoke(c.Plus(c)).Plus(c).GlobalAveragePool();
    }
}
