namespace MuxKernels;

/// <summary>
/// The seam between what is computed and where: owns memory and has one method for each operation of each family.
/// Input gradients are written (<c>←</c>), parameter gradients are added (<c>+=</c>). A device without a body for an
/// operation throws <see cref="OperationMissingException"/>.
/// </summary>
public abstract partial class Device
{
    /// <summary>y ← 1×1 convolution of x.</summary>
    public virtual void PointwiseConvForward(in PointwiseConv.Args args, View x, View w, View bias, View y) =>
        Missing(nameof(PointwiseConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void PointwiseConvBackwardInput(in PointwiseConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(PointwiseConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void PointwiseConvBackwardWeight(in PointwiseConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(PointwiseConvBackwardWeight));

    /// <summary>y ← dense k×k convolution of x.</summary>
    public virtual void DenseConvForward(in DenseConv.Args args, View x, View w, View bias, View y) =>
        Missing(nameof(DenseConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void DenseConvBackwardInput(in DenseConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(DenseConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void DenseConvBackwardWeight(in DenseConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(DenseConvBackwardWeight));

    /// <summary>y ← depthwise k×k convolution of x.</summary>
    public virtual void DepthwiseConvForward(in DepthwiseConv.Args args, View x, View w, View bias, View y) =>
        Missing(nameof(DepthwiseConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void DepthwiseConvBackwardInput(in DepthwiseConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(DepthwiseConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void DepthwiseConvBackwardWeight(in DepthwiseConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(DepthwiseConvBackwardWeight));

    /// <summary>y ← group-wise k×k convolution of x.</summary>
    public virtual void GroupConvForward(in GroupConv.Args args, View x, View w, View bias, View y) =>
        Missing(nameof(GroupConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void GroupConvBackwardInput(in GroupConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(GroupConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void GroupConvBackwardWeight(in GroupConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(GroupConvBackwardWeight));

    /// <summary>y ← mixed-kernel convolution of x.</summary>
    public virtual void MixedConvForward(in MixedConv.Args args, View x, View w, View y) =>
        Missing(nameof(MixedConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void MixedConvBackwardInput(in MixedConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(MixedConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void MixedConvBackwardWeight(in MixedConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(MixedConvBackwardWeight));

    /// <summary>y ← spatial multiplexing convolution of x.</summary>
    public virtual void MuxConvForward(in MuxConv.Args args, View x, View w, View y) =>
        Missing(nameof(MuxConvForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void MuxConvBackwardInput(in MuxConv.Args args, View dy, View w, View dx) =>
        Missing(nameof(MuxConvBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void MuxConvBackwardWeight(in MuxConv.Args args, View dy, View x, View dw) =>
        Missing(nameof(MuxConvBackwardWeight));

    /// <summary>db += sum of dy over batch and map; the argument is dy's shape.</summary>
    public virtual void ConvBackwardBias(in Shape args, View dy, View db) =>
        Missing(nameof(ConvBackwardBias));

    /// <summary>y ← space to channel of x; its gradient is ChannelToSpaceForward with the inverse.</summary>
    public virtual void SpaceToChannelForward(in SpaceToChannel.Args args, View x, View y) =>
        Missing(nameof(SpaceToChannelForward));

    /// <summary>y ← channel to space of x; its gradient is SpaceToChannelForward with the inverse.</summary>
    public virtual void ChannelToSpaceForward(in ChannelToSpace.Args args, View x, View y) =>
        Missing(nameof(ChannelToSpaceForward));

    /// <summary>y ← a run of channels of x.</summary>
    public virtual void ChannelSliceForward(in ChannelSlice.Args args, View x, View y) =>
        Missing(nameof(ChannelSliceForward));

    /// <summary>dx ← dy in its run of channels, zero elsewhere.</summary>
    public virtual void ChannelSliceBackward(in ChannelSlice.Args args, View dy, View dx) =>
        Missing(nameof(ChannelSliceBackward));

    /// <summary>y ← [a; b].</summary>
    public virtual void ChannelConcatForward(in ChannelConcat.Args args, View a, View b, View y) =>
        Missing(nameof(ChannelConcatForward));

    /// <summary>da, db ← the parts of dy; either may be empty.</summary>
    public virtual void ChannelConcatBackward(in ChannelConcat.Args args, View dy, View da, View db) =>
        Missing(nameof(ChannelConcatBackward));

    /// <summary>y ← shuffled channels of x; its gradient is the same with the inverse.</summary>
    public virtual void ChannelShuffleForward(in ChannelShuffle.Args args, View x, View y) =>
        Missing(nameof(ChannelShuffleForward));

    /// <summary>y ← SH_G([f (+ a); b]).</summary>
    public virtual void MuxJoinForward(in MuxJoin.Args args, View f, View x, View y) =>
        Missing(nameof(MuxJoinForward));

    /// <summary>df, dx ← gradients; either may be empty.</summary>
    public virtual void MuxJoinBackward(in MuxJoin.Args args, View dy, View df, View dx) =>
        Missing(nameof(MuxJoinBackward));

    /// <summary>y ← f(x); y may be x.</summary>
    public virtual void ActivationForward(in Activation.Args args, View x, View y) =>
        Missing(nameof(ActivationForward));

    /// <summary>dx ← f'(x)·dy.</summary>
    public virtual void ActivationBackward(in Activation.Args args, View dy, View x, View dx) =>
        Missing(nameof(ActivationBackward));

    /// <summary>y ← normalised x by the batch's statistics, which are saved and folded into the running ones.</summary>
    public virtual void BatchNormForwardTrain(in BatchNorm.Args args,
        View x, View gamma, View beta, View y, View mean, View inverseDeviation, View runningMean,
        View runningVariance) =>
        Missing(nameof(BatchNormForwardTrain));

    /// <summary>y ← normalised x by the running statistics.</summary>
    public virtual void BatchNormForwardEval(in BatchNorm.Args args,
        View x, View gamma, View beta, View runningMean, View runningVariance, View y) =>
        Missing(nameof(BatchNormForwardEval));

    /// <summary>dx ← gradient of the input; dgamma, dbeta += theirs.</summary>
    public virtual void BatchNormBackwardTrain(in BatchNorm.Args args,
        View dy, View x, View gamma, View beta, View mean, View inverseDeviation, View dx, View dgamma, View dbeta) =>
        Missing(nameof(BatchNormBackwardTrain));

    /// <summary>dx ← gradient of the input with fixed statistics; dgamma, dbeta += theirs.</summary>
    public virtual void BatchNormBackwardEval(in BatchNorm.Args args,
        View dy, View x, View gamma, View beta, View runningMean, View runningVariance, View dx, View dgamma,
        View dbeta) =>
        Missing(nameof(BatchNormBackwardEval));

    /// <summary>y ← gated x.</summary>
    public virtual void SqueezeExciteForward(in SqueezeExcite.Args args,
        View x, View w1, View b1, View w2, View b2, View y, View saved) =>
        Missing(nameof(SqueezeExciteForward));

    /// <summary>dx ← gradient of the input; the others += theirs.</summary>
    public virtual void SqueezeExciteBackward(in SqueezeExcite.Args args,
        View dy, View x, View w1, View w2, View saved, View dx, View dw1, View db1, View dw2, View db2) =>
        Missing(nameof(SqueezeExciteBackward));

    /// <summary>y ← mean over the map.</summary>
    public virtual void GlobalAveragePoolForward(in GlobalAveragePool.Args args, View x, View y) =>
        Missing(nameof(GlobalAveragePoolForward));

    /// <summary>dx ← dy spread over the map.</summary>
    public virtual void GlobalAveragePoolBackward(in GlobalAveragePool.Args args, View dy, View dx) =>
        Missing(nameof(GlobalAveragePoolBackward));

    /// <summary>y ← x·wᵀ + bias.</summary>
    public virtual void LinearForward(in Linear.Args args, View x, View w, View bias, View y) =>
        Missing(nameof(LinearForward));

    /// <summary>dx ← gradient of the input.</summary>
    public virtual void LinearBackwardInput(in Linear.Args args, View dy, View w, View dx) =>
        Missing(nameof(LinearBackwardInput));

    /// <summary>dw += gradient of the weight.</summary>
    public virtual void LinearBackwardWeight(in Linear.Args args, View dy, View x, View dw) =>
        Missing(nameof(LinearBackwardWeight));

    /// <summary>y ← mean loss; the softmax is saved.</summary>
    public virtual void SoftmaxCrossEntropyForward(in SoftmaxCrossEntropy.Args args,
        View x, View labels, View y, View softmax) =>
        Missing(nameof(SoftmaxCrossEntropyForward));

    /// <summary>dx ← gradient of the logits.</summary>
    public virtual void SoftmaxCrossEntropyBackward(in SoftmaxCrossEntropy.Args args,
        View dy, View softmax, View labels, View dx) =>
        Missing(nameof(SoftmaxCrossEntropyBackward));

    /// <summary>y ← masked x; the same call with dy gives dx.</summary>
    public virtual void DropoutForward(in Dropout.Args args, View x, View y) =>
        Missing(nameof(DropoutForward));

    /// <summary>y ← a + b; y may be a.</summary>
    public virtual void AddForward(in Add.Args args, View a, View b, View y) =>
        Missing(nameof(AddForward));

    /// <summary>One step of SGD; velocity may be empty without momentum.</summary>
    public virtual void SgdUpdate(in SgdStep.Args args, View gradient, View parameter, View velocity) =>
        Missing(nameof(SgdUpdate));

    /// <summary>One step of AdamW.</summary>
    public virtual void AdamWUpdate(in AdamWStep.Args args, View gradient, View parameter, View m, View v) =>
        Missing(nameof(AdamWUpdate));

    /// <summary>average ← decay·average + (1 − decay)·x.</summary>
    public virtual void MovingAverageUpdate(in MovingAverage.Args args, View x, View average) =>
        Missing(nameof(MovingAverageUpdate));

    /// <summary>A step of SGD for all parameters, their average (empty for none), gradients to zero: in one pass where
    /// the device can, else one after the other.</summary>
    public virtual void SgdPassUpdate(in SgdPass.Args args, View gradient, View parameter, View velocity, View average)
    {
        for (int run = 0; run < args.Runs.Count; run++)
        {
            (int offset, int length, _) = args.Runs[run];
            SgdUpdate(args.StepOf(run), gradient.Slice(offset, length), parameter.Slice(offset, length),
                velocity.IsEmpty ? View.None : velocity.Slice(offset, length));
        }

        FinishPass(args.Average, gradient, parameter, average);
    }

    /// <summary>A step of AdamW for all parameters, their average (empty for none), gradients to zero: in one pass
    /// where the device can, else one after the other.</summary>
    public virtual void AdamWPassUpdate(in AdamWPass.Args args, View gradient, View parameter, View m, View v,
        View average)
    {
        for (int run = 0; run < args.Runs.Count; run++)
        {
            (int offset, int length, _) = args.Runs[run];
            AdamWUpdate(args.StepOf(run), gradient.Slice(offset, length), parameter.Slice(offset, length),
                m.Slice(offset, length), v.Slice(offset, length));
        }

        FinishPass(args.Average, gradient, parameter, average);
    }

    private void FinishPass(double decay, View gradient, View parameter, View average)
    {
        if (!average.IsEmpty)
        {
            MovingAverageUpdate(new MovingAverage.Args(parameter.Length, decay), parameter, average);
        }

        Fill(gradient, 0f);
    }
}
