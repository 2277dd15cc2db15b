using System.Text.Json.Nodes;
using MuxKernels.Interop;
using MuxKernels.Training;
using Xunit;

namespace MuxKernels.Golden.Tests;

public class TraceGoldenTests
{
    private static readonly GoldenOptions Traces = new() { Parts = GoldenParts.Traces };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Training_follows_the_traces_on_the_processor(int threads)
    {
        using CpuDevice device = new(threads);
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Folder], device, Traces);
        GoldenFixture.AssertPassed(report, 4);
    }

    [Theory]
    [InlineData(1, Recompute.Always)]
    [InlineData(2, Recompute.Auto)]
    [InlineData(2, Recompute.Never)]
    public void Training_plans_follow_the_traces(int threads, Recompute recompute)
    {
        using CpuDevice device = new(threads);
        int plans = 0;
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Folder], device, Traces with
        {
            Training = (network, shape) =>
            {
                plans++;
                return new PlannedStep(TrainingPlan.Of(network, shape, recompute: recompute));
            },
        });
        GoldenFixture.AssertPassed(report, 4);
        Assert.Equal(4, plans);
    }

    /// <summary>Two chaotic traces of m, which in double are followed to the last loss, and the one of xs.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Training_follows_a_trace_to_a_millionth_in_double(int index)
    {
        using ReferenceDevice device = new();
        string file = Single(index);
        try
        {
            GoldenReport report = GoldenVerifier.Verify([file], device, Traces with { Rule = GoldenRule.Double });
            GoldenFixture.AssertPassed(report, 1);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_loss_that_is_two_thousandths_off_is_found()
    {
        using CpuDevice device = new(1);
        string file = Single(3, trace => trace["loss_f64"]![2] = (double)trace["loss_f64"]![2]! + 2e-3);
        try
        {
            GoldenComparison bad = GoldenVerifier.Verify([file], device, Traces).Comparisons.Single(c => !c.Passed);
            Assert.Equal("loss 2", bad.Tensor);
            Assert.Equal(2e-3, bad.Error!.Value, 2e-4);
            Assert.True(bad.Bound < bad.Allowance && bad.Allowance < 1e-3);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class PlannedStep(TrainingPlan plan) : IGoldenStep
    {
        public double Run(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<double> logits)
        {
            float[] y = new float[logits.Length];
            float loss = plan.Step(images, labels, y);
            for (int i = 0; i < y.Length; i++)
            {
                logits[i] = y[i];
            }

            return loss;
        }

        public void Dispose() => plan.Dispose();
    }

    /// <summary>A file with one of the traces.</summary>
    private static string Single(int index, Action<JsonNode>? change = null)
    {
        JsonNode all = JsonNode.Parse(File.ReadAllText(GoldenFixture.Part("nets/traces.json")))!;
        JsonNode trace = all["traces"]![index]!.DeepClone();
        change?.Invoke(trace);
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(file, new JsonObject { ["format"] = 1, ["traces"] = new JsonArray(trace) }.ToJsonString());
        return file;
    }
}
