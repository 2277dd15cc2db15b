using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Golden.Tests;

/// <summary>The goldens that are inference, computed by plans, at the bounds of eager execution.</summary>
public class PlanGoldenTests
{
    private const int Networks = 6;
    private const int Operators = 61;

    /// <summary>Results of operators that are inference: all but training, losses and drop-connect; split has
    /// two.</summary>
    private const int OperatorPlans = 51;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Logits_and_block_summaries_agree(int threads)
    {
        using CpuDevice device = new(threads);
        int plans = 0;
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Folder], device,
            new GoldenOptions { Parts = GoldenParts.Networks, Inference = By(threads, () => plans++) });
        GoldenFixture.AssertPassed(report, Networks);
        int computed = report.Cases.Where(c => c.Name.Contains("logits", StringComparison.Ordinal))
            .Sum(c => c.Comparisons.Count);
        Assert.True(computed > 20, $"{computed} tensors");
        Assert.Equal(computed, plans);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Operators_and_blocks_agree(int threads)
    {
        using CpuDevice device = new(threads);
        int plans = 0;
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Part("ops")], device,
            new GoldenOptions { Inference = By(threads, () => plans++) });
        GoldenFixture.AssertPassed(report, Operators);
        Assert.Equal(OperatorPlans, plans);
    }

    [Fact]
    public void A_result_that_is_off_is_found()
    {
        using CpuDevice device = new(1);
        GoldenInference plan = By(1, () => { });
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Part("ops")], device, new GoldenOptions
        {
            Inference = (module, shape, x) =>
            {
                float[] y = plan(module, shape, x);
                y[^1] += 1e-2f;
                return y;
            },
        });
        Assert.Equal(Operators - OperatorPlans + 1, report.Passed);
        Assert.All(report.Comparisons.Where(c => !c.Passed), c => Assert.StartsWith("y", c.Tensor));
    }

    private static GoldenInference By(int threads, Action count) => (module, shape, x) =>
    {
        using InferencePlan plan = InferencePlan.Of(module, shape, new PlanOptions { Threads = threads });
        float[] y = new float[plan.Output.Length];
        plan.Run(x, y);
        count();
        return y;
    };
}
