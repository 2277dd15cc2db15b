using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Batch statistics in one pass where they are hard: the mean far from zero, outliers among the values that
/// the shift is made of, channels that do not vary.</summary>
public sealed class BatchNormTests
{
    private static readonly BatchNorm.Args Args = new(new Shape(6, 3, 30, 30));

    [DeviceTheory("opencl")]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(1e4)]
    public void A_mean_far_from_zero_costs_no_digits(double offset) => Compare((_, value) => value + (float)offset);

    [DeviceTheory("opencl")]
    [InlineData(30)]
    [InlineData(1e5)]
    public void Outliers_among_the_first_values_cost_no_digits(float far) =>
        Compare((i, value) => i % (Args.Count / 8) == 0 ? far : value);

    [DeviceFact("opencl")]
    public void Channels_that_do_not_vary_have_no_variance() => Compare((_, _) => 0.3f);

    private static void Compare(Func<int, float, float> value)
    {
        KernelOperation<BatchNorm.Args> operation = KernelRegistry.Get<BatchNorm.Args>("batchnorm.forward-train");
        float[][] inputs = Fill.Operands(5, operation.Inputs(Args));
        for (int at = 0; at < inputs[0].Length; at++)
        {
            int image = at / (int)Args.X.ImageLength, i = image * Args.X.Pixels + at % Args.X.Pixels;
            inputs[0][at] = value(i, inputs[0][at]);
        }

        (double[][] expected, double[][] bounds) = Check.Expected(operation, Args, inputs);
        float[][] actual = Check.Zeros(operation.Outputs(Args));
        Rows.Body(operation, "opencl")(Args, KernelMemory.Of(inputs), KernelMemory.Of(actual), null);
        for (int i = 0; i < actual.Length; i++)
        {
            Check.Close(expected[i], actual[i], bounds[i], operation.Outputs(Args)[i].Name);
        }
    }
}
