namespace MuxKernels;

public static partial class GpuVariants
{
    private static void AddLayers()
    {
        // Running statistics before the step are inputs, after it outputs.
        Add<BatchNorm.Args>("batchnorm.forward-train", static (d, in a, x, y) =>
        {
            d.Copy(x[3], y[3]);
            d.Copy(x[4], y[4]);
            d.BatchNormForwardTrain(a, x[0], x[1], x[2], y[0], y[1], y[2], y[3], y[4]);
        });
        Add<BatchNorm.Args>("batchnorm.forward-eval", static (d, in a, x, y) =>
            d.BatchNormForwardEval(a, x[0], x[1], x[2], x[3], x[4], y[0]));
        Add<BatchNorm.Args>("batchnorm.backward-train", static (d, in a, x, y) =>
            d.BatchNormBackwardTrain(a, x[0], x[1], x[2], x[3], x[4], x[5], y[0], y[1], y[2]));
        Add<BatchNorm.Args>("batchnorm.backward-eval", static (d, in a, x, y) =>
            d.BatchNormBackwardEval(a, x[0], x[1], x[2], x[3], x[4], x[5], y[0], y[1], y[2]));
        Add<SqueezeExcite.Args>("squeeze-excite.forward", static (d, in a, x, y) =>
            d.SqueezeExciteForward(a, x[0], x[1], x[2], x[3], x[4], y[0], y[1]));
        Add<SqueezeExcite.Args>("squeeze-excite.backward", static (d, in a, x, y) =>
            d.SqueezeExciteBackward(a, x[0], x[1], x[2], x[3], x[4], y[0], y[1], y[2], y[3], y[4]));
        Add<GlobalAveragePool.Args>("average-pool.forward", static (d, in a, x, y) =>
            d.GlobalAveragePoolForward(a, x[0], y[0]));
        Add<GlobalAveragePool.Args>("average-pool.backward", static (d, in a, x, y) =>
            d.GlobalAveragePoolBackward(a, x[0], y[0]));
        Add<Linear.Args>("linear.forward", static (d, in a, x, y) => d.LinearForward(a, x[0], x[1], Bias(x), y[0]));
        Add<Linear.Args>("linear.backward-input", static (d, in a, x, y) =>
            d.LinearBackwardInput(a, x[0], x[1], y[0]));
        Add<Linear.Args>("linear.backward-weight", static (d, in a, x, y) =>
            d.LinearBackwardWeight(a, x[0], x[1], y[0]));
    }

    private static void AddTraining()
    {
        Add<Dropout.Args>("dropout.forward", static (d, in a, x, y) => d.DropoutForward(a, x[0], y[0]));
        Add<SoftmaxCrossEntropy.Args>("cross-entropy.forward", static (d, in a, x, y) =>
            d.SoftmaxCrossEntropyForward(a, x[0], x[1], y[0], y[1]));
        Add<SoftmaxCrossEntropy.Args>("cross-entropy.backward", static (d, in a, x, y) =>
            d.SoftmaxCrossEntropyBackward(a, x[0], x[1], x[2], y[0]));

        // Parameters and state before the step are inputs, after it outputs.
        Add<SgdStep.Args>("sgd.update", static (d, in a, x, y) =>
        {
            d.Copy(x[1], y[0]);
            d.Copy(x[2], y[1]);
            d.SgdUpdate(a, x[0], y[0], y[1]);
        });
        Add<AdamWStep.Args>("adamw.update", static (d, in a, x, y) =>
        {
            d.Copy(x[1], y[0]);
            d.Copy(x[2], y[1]);
            d.Copy(x[3], y[2]);
            d.AdamWUpdate(a, x[0], y[0], y[1], y[2]);
        });
        Add<MovingAverage.Args>("average.update", static (d, in a, x, y) =>
        {
            d.Copy(x[1], y[0]);
            d.MovingAverageUpdate(a, x[0], y[0]);
        });
        Add<SgdPass.Args>("sgd-pass.update", static (d, in a, x, y) =>
        {
            CopyAll(d, x, y);
            d.SgdPassUpdate(a, y[0], y[1], y[2], y[3]);
        });
        Add<AdamWPass.Args>("adamw-pass.update", static (d, in a, x, y) =>
        {
            CopyAll(d, x, y);
            d.AdamWPassUpdate(a, y[0], y[1], y[2], y[3], y[4]);
        });
    }

    private static void CopyAll(GpuDevice device, View[] from, View[] to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            device.Copy(from[i], to[i]);
        }
    }
}
