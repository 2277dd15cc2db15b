using MuxKernels.Benchmarks;
using MuxKernels.Measure;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class BenchmarksTests
{
    [Fact]
    public void Every_convolution_of_the_network_is_a_case_of_some_family()
    {
        KernelBenchmarks[] families =
            [new Pointwise(), new Dense(), new Depthwise(), new GroupWise(), new Mixed(), new FullyConnected()];
        string[] cases = [.. families.SelectMany(f => f.Cases).Select(c => $"{c}")];
        Assert.Equal(cases.Length, cases.Distinct().Count());
        foreach (ShapeRow row in ShapeTable.Of("muxnet-m").Where(r => r.MultiplyAdds > 0))
        {
            if (row.Operation.Name is "batchnorm.forward-eval" or "squeeze-excite.forward" or "average-pool.forward")
            {
                continue;
            }

            Assert.Contains(cases, c => c.EndsWith($" {row.Args} (×{row.Count})", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_case_runs_and_knows_its_work()
    {
        KernelCase one = new Dense().Cases.First();
        one.Prepare(null)();
        Assert.Equal(24L * 112 * 112 * 27, one.MultiplyAdds);
        Assert.True(one.BytesMoved > 4 * (3 * 224 * 224 + 24 * 112 * 112));
    }

    [Fact]
    public void Own_options_are_taken_off_the_command_line()
    {
        Assert.Equal(["--filter", "*"], BenchOptions.Take(["--filter", "--batch", "1", "*", "--network", "muxnet-m"]));
        Assert.Equal(("muxnet-m", 1, 1), (BenchOptions.Network, BenchOptions.Batch, BenchOptions.Threads));
        ArgumentException bad = Assert.Throws<ArgumentException>(() => BenchOptions.Take(["--batch", "none"]));
        Assert.Contains("--batch is 'none'", bad.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BenchOptions.Take(["--network"]));
    }
}
