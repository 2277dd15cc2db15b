using MuxKernels.Interop;
using Xunit;

namespace MuxKernels.Golden.Tests;

public class OperatorGoldenTests
{
    private const int Cases = 61;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Operators_and_blocks_agree_on_the_processor(int threads)
    {
        using CpuDevice device = new(threads);
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Part("ops")], device);
        GoldenFixture.AssertPassed(report, Cases);
        Assert.True(report.Comparisons.Count() > 3 * Cases);
    }

    [Fact]
    public void Operators_and_blocks_agree_to_a_millionth_in_double()
    {
        using ReferenceDevice device = new();
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Part("ops")], device,
            new GoldenOptions { Rule = GoldenRule.Double });
        GoldenFixture.AssertPassed(report, Cases);
    }
}
