namespace MuxKernels;

/// <summary>The list of families, one line each: what a new family adds to.</summary>
internal static class Families
{
    public static IEnumerable<KernelOperation> Operations() =>
    [
        .. SpaceToChannel.Operations(),
        .. ChannelToSpace.Operations(),
        .. ChannelSlice.Operations(),
        .. ChannelConcat.Operations(),
        .. ChannelShuffle.Operations(),
        .. MuxJoin.Operations(),
        .. DepthwiseConv.Operations(),
        .. GroupConv.Operations(),
        .. MixedConv.Operations(),
        .. PointwiseConv.Operations(),
        .. DenseConv.Operations(),
        .. Linear.Operations(),
        .. ConvBias.Operations(),
        .. Activation.Operations(),
        .. BatchNorm.Operations(),
        .. SqueezeExcite.Operations(),
        .. GlobalAveragePool.Operations(),
        .. SoftmaxCrossEntropy.Operations(),
        .. Dropout.Operations(),
        .. Add.Operations(),
        .. SgdStep.Operations(),
        .. AdamWStep.Operations(),
        .. SgdPass.Operations(),
        .. AdamWPass.Operations(),
        .. MovingAverage.Operations(),
        .. MuxConv.Operations(),
    ];
}
