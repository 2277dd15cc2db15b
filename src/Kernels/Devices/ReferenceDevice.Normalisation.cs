namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    /// <inheritdoc/>
    public override void BatchNormForwardTrain(in BatchNorm.Args args, View x, View gamma, View beta, View y,
        View mean, View inverseDeviation, View runningMean, View runningVariance) =>
        BatchNorm.ForwardTrainReference<double>(args, Span(x), Span(gamma), Span(beta), Span(y), Span(mean),
            Span(inverseDeviation), Span(runningMean), Span(runningVariance));

    /// <inheritdoc/>
    public override void BatchNormForwardEval(in BatchNorm.Args args, View x, View gamma, View beta,
        View runningMean, View runningVariance, View y) =>
        BatchNorm.ForwardEvalReference<double>(args, Span(x), Span(gamma), Span(beta), Span(runningMean),
            Span(runningVariance), Span(y));

    /// <inheritdoc/>
    public override void BatchNormBackwardTrain(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View mean, View inverseDeviation, View dx, View dgamma, View dbeta) =>
        BatchNorm.BackwardTrainReference<double>(args, Span(dy), Span(x), Span(gamma), Span(beta), Span(mean),
            Span(inverseDeviation), Span(dx), Span(dgamma), Span(dbeta));

    /// <inheritdoc/>
    public override void BatchNormBackwardEval(in BatchNorm.Args args, View dy, View x, View gamma, View beta,
        View runningMean, View runningVariance, View dx, View dgamma, View dbeta) =>
        BatchNorm.BackwardEvalReference<double>(args, Span(dy), Span(x), Span(gamma), Span(beta), Span(runningMean),
            Span(runningVariance), Span(dx), Span(dgamma), Span(dbeta));

    /// <inheritdoc/>
    public override void SqueezeExciteForward(in SqueezeExcite.Args args, View x, View w1, View b1, View w2,
        View b2, View y, View saved) =>
        SqueezeExcite.ForwardReference<double>(args, Span(x), Span(w1), Span(b1), Span(w2), Span(b2), Span(y),
            Span(saved));

    /// <inheritdoc/>
    public override void SqueezeExciteBackward(in SqueezeExcite.Args args, View dy, View x, View w1, View w2,
        View saved, View dx, View dw1, View db1, View dw2, View db2) =>
        SqueezeExcite.BackwardReference<double>(args, Span(dy), Span(x), Span(w1), Span(w2), Span(saved), Span(dx),
            Span(dw1), Span(db1), Span(dw2), Span(db2));

    /// <inheritdoc/>
    public override void GlobalAveragePoolForward(in GlobalAveragePool.Args args, View x, View y) =>
        GlobalAveragePool.ForwardReference<double>(args, Span(x), Span(y));

    /// <inheritdoc/>
    public override void GlobalAveragePoolBackward(in GlobalAveragePool.Args args, View dy, View dx) =>
        GlobalAveragePool.BackwardReference<double>(args, Span(dy), Span(dx));

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyForward(in SoftmaxCrossEntropy.Args args, View x, View labels, View y,
        View softmax) =>
        SoftmaxCrossEntropy.ForwardReference<double>(args, Span(x), Span(labels), Span(y), Span(softmax));

    /// <inheritdoc/>
    public override void SoftmaxCrossEntropyBackward(in SoftmaxCrossEntropy.Args args, View dy, View softmax,
        View labels, View dx) =>
        SoftmaxCrossEntropy.BackwardReference<double>(args, Span(dy), Span(softmax), Span(labels), Span(dx));
}
