using System.CommandLine;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Measure;
using MuxKernels.Peers;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary><c>networks</c>: planned networks beside ONNX Runtime on the exported graph and on the graph that an expert
/// rewrote for it.</summary>
internal static class NetworksCommand
{
    private const string Ours = "MuxKernels";

    private const string Method =
        "One process; blocks of many runs take turns (ours, rewritten, exported, ours, …). Before each block a pause, "
        + "because ONNX Runtime's threads spin for a while after a run, and some runs that do not count. Median, 5 % "
        + "and 95 % over single runs; ratio_to_ours is the median over the rounds. All of ONNX Runtime's optimisations, "
        + "sequential execution, one inter-op thread, fixed shapes, preallocated tensors. Multiply-adds by the paper's "
        + "rule for the original network, whatever is computed; the peak is the median of those measured before each "
        + "round with as many threads. Outputs agree to 1e-5 of the largest logit.";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("networks", "Whole networks beside ONNX Runtime.");
        Option<string[]> models = new("--models")
        {
            Description = "Networks.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ => ["muxnet-xs", "muxnet-s", "muxnet-m", "muxnet-m-spatial", "muxnet-l"],
        };
        Option<int[]> batches = new("--batches")
        {
            Description = "Images of a batch.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ => [1, 8, 32],
        };
        Option<int[]> threads = new("--threads")
        {
            Description = "Threads.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ => [1, 2],
        };
        Option<int> rounds = new("--rounds")
        {
            Description = "Rounds of a configuration.",
            DefaultValueFactory = static _ => 9,
        };
        Option<string> output = new("--output")
        {
            Description = "Folder of the JSON document and the charts.",
            DefaultValueFactory = static _ => Path.Combine("bench", "results"),
        };
        Option<string> name = new("--name")
        {
            Description = "Name of the files.",
            DefaultValueFactory = static _ => "networks",
        };
        foreach (Option option in (ReadOnlySpan<Option>)[models, batches, threads, rounds, output, name])
        {
            command.Add(option);
        }

        command.SetAction(parsed => Run(parsed.GetRequiredValue(models), parsed.GetRequiredValue(batches),
            parsed.GetRequiredValue(threads), parsed.GetValue(rounds),
            Path.Combine(parsed.GetRequiredValue(output), parsed.GetRequiredValue(name))));
        return command;
    }

    private static int Run(string[] models, int[] batches, int[] threads, int rounds, string file)
    {
        PeerSet.TellMissing(oneDnn: false);
        Progress progress = new(Console.Error, models.Length * batches.Length * threads.Length);
        List<(Configuration What, ResultRow Row)> rows = [];
        using CpuDevice device = new(Environment.ProcessorCount);
        foreach (string model in models)
        {
            using MuxNet network = Subjects.Network(model, device);
            foreach (int batch in batches)
            {
                foreach (int count in threads)
                {
                    Configuration what = new(model, batch, count);
                    progress.Next(what.ToString());
                    ResultRow row = Measure(network, what, rounds);
                    rows.Add((what, row));
                    progress.Note(string.Join("; ", row.Entries.Select(e => $"{e.Name} {e.MedianMs:F3} ms "
                        + $"(best {e.LeastMs:F3}), {e.PercentOfPeak:F0} %" + (e.RatioToOurs is { } r ? $", {r:F2}×" : ""))));
                }
            }
        }

        new ResultFile("networks", Machine.Read(), Method, PeerSet.Describe(), [.. rows.Select(r => r.Row)])
            .Write(file + ".json");
        foreach (int batch in batches)
        {
            Chart.Write($"{file}-batch{batch}.svg", $"Inference, 224×224, batch {batch}: ms per run (less is better)",
                [.. rows.Where(r => r.What.Batch == batch).Select(r => (r.What.Short, r.Row))],
                [Ours, PeerKernels.Rewritten, PeerKernels.Exported], static e => e.MedianMs);
        }

        return 0;
    }

    private static ResultRow Measure(MuxNet network, Configuration what, int rounds)
    {
        Shape shape = new(what.Batch, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize);
        float[] x = Fill.Uniform(7, shape.Length), y = new float[what.Batch * network.Spec.Classes];
        using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { Threads = what.Threads });
        plan.Run(x, y);
        List<Contestant> contestants = [new(Ours, () => plan.Run(x, y))];
        List<double?> differences = [null];
        List<OrtSession> sessions = [];
        try
        {
            foreach (bool rewrite in OnnxRuntime.IsAvailable ? (ReadOnlySpan<bool>)[true, false] : [])
            {
                string name = rewrite ? PeerKernels.Rewritten : PeerKernels.Exported;
                OrtSession session = new(OnnxModelOf(network, shape, rewrite),
                    new OrtOptions { Threads = what.Threads }, shape);
                sessions.Add(session);
                x.CopyTo(session.Input());
                session.Run();
                differences.Add(Outputs.Difference($"{what}, {name}", y, session.Output()));
                contestants.Add(new Contestant(name, session.Run));
            }

            List<double> peaks = [];
            Blocks blocks = new() { Rounds = Math.Max(1, what.Batch == 1 ? rounds : (rounds + 1) / 2) };
            IReadOnlyList<Measured> times = blocks.Run(contestants,
                () => peaks.Add(MachineProbe.PeakFma(what.Threads, 40)));
            double peak = Spread.Median(peaks);
            long madds = Summary.Of(network, shape).MultiplyAdds;
            return new ResultRow(what.ToString(), [.. times.Select((t, i) =>
                ResultEntry.Of(t, times[0], madds, peak) with { LargestDifference = differences[i] })])
            {
                Madds = madds,
                PeakGmaddsPerS = peak,
            };
        }
        finally
        {
            sessions.ForEach(static s => s.Dispose());
        }
    }

    private static byte[] OnnxModelOf(MuxNet network, Shape shape, bool rewrite) => Onnx.ToBytes(Onnx.Model(network,
        shape, new OnnxOptions { FixedBatch = true, RewriteForPeer = rewrite }));

    /// <summary>One configuration.</summary>
    private sealed record Configuration(string Model, int Batch, int Threads)
    {
        public string Short => $"{Model["muxnet-".Length..]}, {Threads} thread{(Threads > 1 ? "s" : "")}";

        public override string ToString() => $"{Model}, batch {Batch}, {Threads} thread{(Threads > 1 ? "s" : "")}";
    }
}
