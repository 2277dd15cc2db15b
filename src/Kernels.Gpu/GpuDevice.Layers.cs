namespace MuxKernels;

public sealed partial class GpuDevice
{
    /// <inheritdoc/>
    public override void BatchNormForwardTrain(in BatchNorm.Args args, View x, View gamma, View beta, View y,
        View mean, View inverseDeviation, View runningMean, View runningVariance) =>
        BatchNormGpu.ForwardTrain(Stream, args, Memory(x), Memory(gamma), Memory(beta), Memory(y), Memory(mean),
            Memory(inverseDeviation), Memory(runningMean), Memory(runningVariance),
            Scratch(BatchNormGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void BatchNormForwardEval(in BatchNorm.Args args, View x, View gamma, View beta,
        View runningMean, View runningVariance, View y) =>
        BatchNormGpu.ForwardEval(Stream, args, Memory(x), Memory(gamma), Memory(beta), Memory(runningMean),
            Memory(runningVariance), Memory(y));

    /// <inheritdoc/>
    public override void BatchNormBackwardTrain(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View mean, View inverseDeviation, View dx, View dgamma, View dbeta) =>
        BatchNormGpu.BackwardTrain(Stream, args, Memory(dy), Memory(x), Memory(gamma), Memory(beta), Memory(mean),
            Memory(inverseDeviation), Memory(dx), Memory(dgamma), Memory(dbeta),
            Scratch(BatchNormGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void BatchNormBackwardEval(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View runningMean, View runningVariance, View dx, View dgamma, View dbeta) =>
        BatchNormGpu.BackwardEval(Stream, args, Memory(dy), Memory(x), Memory(gamma), Memory(beta),
            Memory(runningMean), Memory(runningVariance), Memory(dx), Memory(dgamma), Memory(dbeta),
            Scratch(BatchNormGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void SqueezeExciteForward(in SqueezeExcite.Args args, View x, View w1, View b1, View w2, View b2,
        View y, View saved) =>
        SqueezeExciteGpu.Forward(Stream, args, Memory(x), Memory(w1), Memory(b1), Memory(w2), Memory(b2), Memory(y),
            Memory(saved));

    /// <inheritdoc/>
    public override void SqueezeExciteBackward(in SqueezeExcite.Args args, View dy, View x, View w1, View w2,
        View saved, View dx, View dw1, View db1, View dw2, View db2) =>
        SqueezeExciteGpu.Backward(Stream, args, Memory(dy), Memory(x), Memory(w1), Memory(w2), Memory(saved),
            Memory(dx), Memory(dw1), Memory(db1), Memory(dw2), Memory(db2),
            Scratch(SqueezeExciteGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void GlobalAveragePoolForward(in GlobalAveragePool.Args args, View x, View y) =>
        GlobalAveragePoolGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void GlobalAveragePoolBackward(in GlobalAveragePool.Args args, View dy, View dx) =>
        GlobalAveragePoolGpu.Backward(Stream, args, Memory(dy), Memory(dx));

    /// <inheritdoc/>
    public override void LinearForward(in Linear.Args args, View x, View w, View bias, View y) =>
        LinearGpu.Forward(Stream, args, Memory(x), Memory(w), Memory(bias), Memory(y), Precision);

    /// <inheritdoc/>
    public override void LinearBackwardInput(in Linear.Args args, View dy, View w, View dx) =>
        LinearGpu.BackwardInput(Stream, args, Memory(dy), Memory(w), Memory(dx), Precision);

    /// <inheritdoc/>
    public override void LinearBackwardWeight(in Linear.Args args, View dy, View x, View dw) =>
        LinearGpu.BackwardWeight(Stream, args, Memory(dy), Memory(x), Memory(dw),
            Scratch(LinearGpu.ScratchLength(args)), Precision);

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(in SoftmaxCrossEntropy.Args args, View x, View labels, View y,
        View softmax) =>
        SoftmaxCrossEntropyGpu.Forward(Stream, args, Memory(x), Memory(labels), Memory(y), Memory(softmax),
            Scratch(SoftmaxCrossEntropyGpu.ScratchLength(args)));

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(in SoftmaxCrossEntropy.Args args, View dy, View softmax,
        View labels, View dx) =>
        SoftmaxCrossEntropyGpu.Backward(Stream, args, Memory(dy), Memory(softmax), Memory(labels), Memory(dx));

    /// <inheritdoc/>
    public override void DropoutForward(in Dropout.Args args, View x, View y) =>
        DropoutGpu.Forward(Stream, args, Memory(x), Memory(y));

    /// <inheritdoc/>
    public override void SgdUpdate(in SgdStep.Args args, View gradient, View parameter, View velocity) =>
        SgdStepGpu.Update(Stream, args, Memory(gradient), Memory(parameter), Memory(velocity));

    /// <inheritdoc/>
    public override void AdamWUpdate(in AdamWStep.Args args, View gradient, View parameter, View m, View v) =>
        AdamWStepGpu.Update(Stream, args, Memory(gradient), Memory(parameter), Memory(m), Memory(v));

    /// <inheritdoc/>
    public override void MovingAverageUpdate(in MovingAverage.Args args, View x, View average) =>
        MovingAverageGpu.Update(Stream, args, Memory(x), Memory(average));

    /// <inheritdoc/>
    public override void SgdPassUpdate(in SgdPass.Args args, View gradient, View parameter, View velocity,
        View average) =>
        SgdPassGpu.Update(Stream, args, Memory(gradient), Memory(parameter), Memory(velocity), Memory(average));

    /// <inheritdoc/>
    public override void AdamWPassUpdate(in AdamWPass.Args args, View gradient, View parameter, View m, View v,
        View average) =>
        AdamWPassGpu.Update(Stream, args, Memory(gradient), Memory(parameter), Memory(m), Memory(v), Memory(average));
}
