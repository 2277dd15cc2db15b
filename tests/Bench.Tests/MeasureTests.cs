using System.Text.Json;
using MuxKernels.Layers;
using MuxKernels.Measure;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class MeasureTests
{
    [Fact]
    public void Shape_table_is_the_record_of_the_network()
    {
        foreach (string network in MuxNets.Names)
        {
            IReadOnlyList<ShapeRow> rows = ShapeTable.Of(network);
            using MuxNet net = MuxNets.Build(network);
            Summary summary = Summary.Of(net, new Shape(1, net.Spec.ImageChannels, net.Spec.ImageSize,
                net.Spec.ImageSize));
            Assert.Equal(summary.MultiplyAdds, rows.Sum(r => r.Count * r.MultiplyAdds));
            Assert.Equal(rows.Count, rows.Select(r => r.Args).Distinct().Count());
            Assert.All(rows, r => Assert.Equal(r.Operation.ArgsType, r.Args.GetType()));
        }
    }

    [Fact]
    public void Shape_table_by_family_batch_and_size()
    {
        IReadOnlyList<(PointwiseConv.Args Args, int Count)> rows = ShapeTable.Of<PointwiseConv.Args>("muxnet-m", 4, 64);
        Assert.All(rows, r => Assert.Equal(4, r.Args.X.N));
        Assert.Contains(rows, r => r.Args.X == new Shape(4, 24, 32, 32) && r.Args.Y.C == 96);
        Assert.Contains(rows, r => r.Args.X.H == 2 && r.Args.Y.C == 1280);
        Assert.Contains(ShapeTable.Of("muxnet-m-spatial"), r => r.Operation.Name == "muxconv.forward");
        Assert.DoesNotContain(ShapeTable.Of("muxnet-m"), r => r.Operation.Name == "muxconv.forward");
        Assert.Contains(ShapeTable.Of("muxnet-m"), r => r.Operation.Name == "batchnorm.forward-eval");
    }

    [Fact]
    public void Spread_of_times()
    {
        Spread spread = Spread.Of(Enumerable.Range(0, 101).Select(i => (double)i).Reverse());
        Assert.Equal(new Spread(50, 5, 95, 0, 101), spread);
        Assert.Equal(2.5, Spread.Median([1, 4, 2, 3]));
        Assert.Equal(7, Spread.Of([7]).P95Ms);
        Assert.Throws<ArgumentException>(() => Spread.Of([]));
    }

    [Fact]
    public void Ratio_is_the_median_over_the_rounds()
    {
        Spread any = new(1, 1, 1, 1, 3);
        Measured slow = new("slow", any, [20, 30, 400]), fast = new("fast", any, [10, 10, 100]);
        Assert.Equal(3, slow.RatioTo(fast));
    }

    [Fact]
    public void Blocks_take_turns_and_count_every_round()
    {
        List<char> order = [];
        Blocks blocks = new() { Rounds = 3, BlockMs = 0, PauseMs = 0, WarmUpMs = 0, WarmShare = 0, LeastRuns = 2 };
        int rounds = 0;
        IReadOnlyList<Measured> times = blocks.Run(
            [new("a", () => Note('a')), new("b", () => Note('b'))], () => rounds++);
        Assert.Equal(3, rounds);
        Assert.Equal("abababab", string.Concat(order));
        Assert.All(times, t => Assert.Equal((6, 3), (t.Spread.Runs, t.RoundMediansMs.Count)));
        Assert.Equal(["a", "b"], times.Select(t => t.Name));

        // Each block once: the order without repetitions. The sleep makes a sample one call long.
        void Note(char who)
        {
            Thread.Sleep(1);
            if (order.Count == 0 || order[^1] != who)
            {
                order.Add(who);
            }
        }
    }

    [Fact]
    public void Blocks_end_when_they_are_cancelled()
    {
        using CancellationTokenSource source = new();
        Blocks blocks = new() { WarmUpMs = 0 };
        Assert.Throws<OperationCanceledException>(() => blocks.Run([new("a", source.Cancel), new("b", () => { })],
            cancellation: source.Token));
    }

    [Fact]
    public void Result_files_are_read_as_they_were_written()
    {
        Measured ours = new("ours", new Spread(2, 1, 3, 1, 10), [2, 2]), peer = new("peer", new(8, 7, 9, 7, 5), [8, 6]);
        ResultRow row = new("row",
        [
            ResultEntry.Of(ours, ours, 100_000_000, 80),
            ResultEntry.Of(peer, ours, 100_000_000, 80) with { Note = "its kernel", LargestDifference = 1.234567e-7 },
        ])
        {
            Madds = 100_000_000,
            PeakGmaddsPerS = 80,
        };
        ResultFile file = new("kernels", Machine.Read(), "how", new Dictionary<string, string> { ["Peer"] = "1.2" },
            [row]);
        ResultFile read = ResultFile.Parse(file.ToJson());
        Assert.Equal(file.ToJson(), read.ToJson());
        ResultEntry[] entries = [.. read.Rows[0].Entries];
        Assert.Equal((false, 2), (entries[0].Peer, entries[0].MedianMs));
        Assert.Equal((50, 62.5), (entries[0].GmaddsPerS, entries[0].PercentOfPeak));
        Assert.Null(entries[0].RatioToOurs);
        Assert.Equal((true, 3.5, 1.23457e-7), (entries[1].Peer, entries[1].RatioToOurs, entries[1].LargestDifference));
        Assert.Equal("1.2", read.Peers["Peer"]);
        Assert.Throws<JsonException>(() => ResultFile.Parse("null"));
    }

    [Fact]
    public void Progress_says_rate_and_time_left()
    {
        using StringWriter output = new();
        Progress progress = new(output, 3);
        progress.Next("first");
        progress.Note("a note");
        progress.Next("second");
        string[] lines = output.ToString().Split('\n', StringSplitOptions.TrimEntries);
        Assert.Equal("[1/3] first", lines[0]);
        Assert.Equal("a note", lines[1]);
        Assert.Matches(@"^\[2/3, \d+\.\d s each, \d+ s left\] second$", lines[2]);
    }
}
