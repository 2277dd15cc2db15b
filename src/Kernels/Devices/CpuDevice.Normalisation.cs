namespace MuxKernels;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void BatchNormForwardTrain(in BatchNorm.Args args, View x, View gamma, View beta, View y,
        View mean, View inverseDeviation, View runningMean, View runningVariance) =>
        BatchNorm.ForwardTrain(args, Span(x), Span(gamma), Span(beta), Span(y), Span(mean),
            Span(inverseDeviation), Span(runningMean), Span(runningVariance), work);

    /// <inheritdoc/>
    public override void BatchNormForwardEval(in BatchNorm.Args args, View x, View gamma, View beta,
        View runningMean, View runningVariance, View y) =>
        BatchNorm.ForwardEval(args, Span(x), Span(gamma), Span(beta), Span(runningMean),
            Span(runningVariance), Span(y), work);

    /// <inheritdoc/>
    public override void BatchNormBackwardTrain(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View mean, View inverseDeviation, View dx, View dgamma, View dbeta) =>
        BatchNorm.BackwardTrain(args, Span(dy), Span(x), Span(gamma), Span(beta), Span(mean),
            Span(inverseDeviation), Span(dx), Span(dgamma), Span(dbeta), work);

    /// <inheritdoc/>
    public override void BatchNormBackwardEval(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View runningMean, View runningVariance, View dx, View dgamma, View dbeta) =>
        BatchNorm.BackwardEval(args, Span(dy), Span(x), Span(gamma), Span(beta), Span(runningMean),
            Span(runningVariance), Span(dx), Span(dgamma), Span(dbeta), work);

    /// <inheritdoc/>
    public override void SqueezeExciteForward(in SqueezeExcite.Args args, View x, View w1, View b1, View w2,
        View b2, View y, View saved) =>
        SqueezeExcite.Forward(args, Span(x), Span(w1), Span(b1), Span(w2), Span(b2), Span(y),
            Span(saved), work);

    /// <inheritdoc/>
    public override void SqueezeExciteBackward(in SqueezeExcite.Args args, View dy, View x, View w1, View w2,
        View saved, View dx, View dw1, View db1, View dw2, View db2) =>
        SqueezeExcite.Backward(args, Span(dy), Span(x), Span(w1), Span(w2), Span(saved), Span(dx),
            Span(dw1), Span(db1), Span(dw2), Span(db2), Scratch(args.ScratchLength), work);

    /// <inheritdoc/>
    public override void GlobalAveragePoolForward(in GlobalAveragePool.Args args, View x, View y) =>
        GlobalAveragePool.Forward(args, Span(x), Span(y), work);

    /// <inheritdoc/>
    public override void GlobalAveragePoolBackward(in GlobalAveragePool.Args args, View dy, View dx) =>
        GlobalAveragePool.Backward(args, Span(dy), Span(dx), work);

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(in SoftmaxCrossEntropy.Args args, View x, View labels, View y,
        View softmax) =>
        SoftmaxCrossEntropy.Forward(args, Span(x), Span(labels), Span(y), Span(softmax), work);

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(in SoftmaxCrossEntropy.Args args, View dy, View softmax,
        View labels, View dx) =>
        SoftmaxCrossEntropy.Backward(args, Span(dy), Span(softmax), Span(labels), Span(dx), work);
}
