using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Tests of the tester: a wrong kernel is caught, and its counterexample is shrunk.</summary>
public class TesterTests
{
    private static readonly KernelOperation<Shape> Doubling = RegistryRows.Doubling;

    [Fact]
    public void A_wrong_kernel_is_caught_and_shrunk_to_its_smallest_case()
    {
        CheckFailedException failure = Assert.Throws<CheckFailedException>(() =>
            Check.Against(Doubling, static (in args, inputs, outputs, _) =>
            {
                for (int i = 0; i < inputs[0].Length; i++)
                {
                    outputs[0][i] = args.W >= 4 && i == 3 ? 0.5f : 2 * inputs[0][i];
                }
            }));
        Assert.Contains("tests.doubling: y[0, 0, 0, 3] is 0.5, expected", failure.Message);
        Assert.Contains("geometry [1, 1, 1, 4]", failure.Message);
        Assert.Contains("seed     1", failure.Message);
    }

    [Fact]
    public void A_right_kernel_passes() =>
        Check.Against(Doubling, static (in args, inputs, outputs, _) =>
        {
            for (int i = 0; i < inputs[0].Length; i++)
            {
                outputs[0][i] = 2 * inputs[0][i];
            }
        });

    [Fact]
    public void A_throwing_kernel_is_reported_with_its_geometry()
    {
        CheckFailedException failure = Assert.Throws<CheckFailedException>(() =>
            Check.Against(
                Doubling,
                static (in Shape _, KernelMemory[] _, KernelMemory[] _, WorkPool? _) => Guard.Fail("no such map"),
                [new Shape(2, 3, 4, 5)]));
        Assert.Contains("threw ShapeException: no such map", failure.Message);
        Assert.Contains("geometry [2, 3, 4, 5]", failure.Message);
    }

    [Theory]
    [InlineData(double.NaN, float.NaN, 0, true)]
    [InlineData(double.NaN, 1f, 1e9, false)]
    [InlineData(1, float.NaN, 1e9, false)]
    [InlineData(double.PositiveInfinity, float.PositiveInfinity, 0, true)]
    [InlineData(double.PositiveInfinity, float.NegativeInfinity, double.PositiveInfinity, false)]
    [InlineData(1, 1.5f, 0.5, true)]
    [InlineData(1, 1.5f, 0.4, false)]
    [InlineData(1, 1f, double.NaN, false)]
    public void Closeness_is_exact_about_NaN_and_infinities(double expected, float actual, double bound, bool close) =>
        Assert.Equal(close, Check.IsClose(expected, actual, bound));

    [Fact]
    public void Fill_is_a_function_of_seed_and_position()
    {
        Assert.Equal(Fill.Uniform(1, 10)[..5], Fill.Uniform(1, 5));
        Assert.NotEqual(Fill.Uniform(1, 5), Fill.Uniform(2, 5));
        Assert.All(Fill.Uniform(3, 1000), x => Assert.InRange(x, -1f, 1f));
        Assert.All(Fill.Operand(3, new KernelOperand("v", Shape.Vector(1000), ValueDomain.Positive)),
            x => Assert.InRange(x, 0.1f, 2f));
        float[] classes = Fill.Operand(3, new KernelOperand("k", Shape.Vector(1000), ValueDomain.ClassIndex, 5));
        Assert.Equal([0f, 1f, 2f, 3f, 4f], classes.Distinct().Order());
    }
}
