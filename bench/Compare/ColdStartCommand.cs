using System.CommandLine;
using System.Diagnostics;
using System.Runtime;
using System.Text.Json;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Measure;
using MuxKernels.Peers;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary><c>coldstart</c>: from the start of a process to the first result, with the number of methods that were
/// compiled on the way.</summary>
internal static class ColdStartCommand
{
    private const string Ours = "MuxKernels";

    private const string Method =
        "Child processes take turns; median, 5 % and 95 % over them. Ours reads a safetensors file, builds the "
        + "network, prepares the plan and runs it once; ONNX Runtime, in the same host program, reads its ONNX file, makes a "
        + "session and runs it once. Process start is taken before the process is created. The files are in the cache "
        + "of the system.";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("coldstart", "Process start to the first result.");
        Option<string> model = new("--model")
        {
            Description = "Network.",
            DefaultValueFactory = static _ => "muxnet-m",
        };
        Option<int> threads = new("--threads") { Description = "Threads.", DefaultValueFactory = static _ => 1 };
        Option<int> runs = new("--runs") { Description = "Processes.", DefaultValueFactory = static _ => 9 };
        Option<string?> child = new("--child") { Description = "What a child process loads.", Hidden = true };
        Option<long> started = new("--started") { Description = "When the child was started.", Hidden = true };
        Option<string> output = new("--output")
        {
            Description = "Folder of the JSON document.",
            DefaultValueFactory = static _ => Path.Combine("bench", "results"),
        };
        foreach (Option option in (ReadOnlySpan<Option>)[model, threads, runs, child, started, output])
        {
            command.Add(option);
        }

        command.SetAction(parsed => parsed.GetValue(child) is { } file
            ? Child(file, parsed.GetRequiredValue(model), parsed.GetValue(threads), parsed.GetValue(started))
            : Run(parsed.GetRequiredValue(model), parsed.GetValue(threads), parsed.GetValue(runs),
                parsed.GetRequiredValue(output)));
        return command;
    }

    private static int Run(string model, int threads, int runs, string folder)
    {
        PeerSet.TellMissing(oneDnn: false);
        string temporary = Directory.CreateTempSubdirectory("muxkernels-").FullName;
        try
        {
            (string Name, string File)[] contestants = Prepare(model, temporary);
            List<Start>[] starts = [.. contestants.Select(static _ => new List<Start>())];
            Progress progress = new(Console.Error, runs);
            for (int run = 0; run < runs; run++)
            {
                progress.Next($"{model}, {threads} threads, process {run + 1} of each");
                for (int i = 0; i < contestants.Length; i++)
                {
                    string text = ChildProcess.Run(new Dictionary<string, string>(), "coldstart", "--child",
                        contestants[i].File, "--model", model, "--threads", $"{threads}", "--started",
                        $"{Stopwatch.GetTimestamp()}");
                    starts[i].Add(JsonSerializer.Deserialize<Start>(text)
                        ?? throw new ComparisonException("A child process said nothing."));
                }
            }

            string name = $"{model}, batch 1, {threads} thread{(threads > 1 ? "s" : "")}";
            ResultRow[] rows =
            [
                Row($"{name}: process start to first result", contestants, starts, static s => s.FirstMs),
                Row($"{name}: main program to first result", contestants, starts, static s => s.FirstMs - s.MainMs),
                Row($"{name}: second run", contestants, starts, static s => s.SecondMs - s.FirstMs),
            ];
            foreach (ResultRow row in rows)
            {
                progress.Note($"{row.Name}: " + string.Join("; ", row.Entries.Select(
                    static e => $"{e.Name} {e.MedianMs:F1} ms, {e.MethodsJitted} methods jitted")));
            }

            new ResultFile("coldstart", Machine.Read(), Method, PeerSet.Describe(), rows)
                .Write(Path.Combine(folder, "coldstart.json"));
            return 0;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Writes the files that the children read.</summary>
    private static (string Name, string File)[] Prepare(string model, string folder)
    {
        using CpuDevice device = new(Environment.ProcessorCount);
        using MuxNet network = Subjects.Network(model, device);
        string weights = Path.Combine(folder, "weights.safetensors");
        WeightFile.Save(weights, network);
        List<(string, string)> files = [(Ours, weights)];
        foreach (bool rewrite in OnnxRuntime.IsAvailable ? new[] { true, false } : [])
        {
            string file = Path.Combine(folder, rewrite ? "rewritten.onnx" : "exported.onnx");
            Onnx.Write(file, Onnx.Model(network, InputOf(network),
                new OnnxOptions { FixedBatch = true, RewriteForPeer = rewrite }));
            files.Add((rewrite ? PeerKernels.Rewritten : PeerKernels.Exported, file));
        }

        return [.. files];
    }

    private static Shape InputOf(MuxNet network) =>
        new(1, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize);

    private static int Child(string file, string model, int threads, long started)
    {
        double main = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Start start = file.EndsWith(".onnx", StringComparison.Ordinal)
            ? StartPeer(file, model, threads, started)
            : StartOurs(file, threads, started);
        Console.WriteLine(JsonSerializer.Serialize(start with { MainMs = main }));
        return 0;
    }

    private static Start StartOurs(string file, int threads, long started)
    {
        using CpuDevice device = new(1);
        using MuxNet network = WeightFile.Open(file, device);
        Shape shape = InputOf(network);
        float[] x = new float[shape.Length], y = new float[network.Spec.Classes];
        using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { Threads = threads });
        plan.Run(x, y);
        return SinceThen(() => plan.Run(x, y), started);
    }

    /// <summary>Opening a session runs it once, to learn the shapes of its outputs: that is the first result.</summary>
    private static Start StartPeer(string file, string model, int threads, long started)
    {
        NetworkSpec spec = MuxNets.Get(model);
        using OrtSession session = OrtSession.Open(file, new OrtOptions { Threads = threads },
            new Shape(1, spec.ImageChannels, spec.ImageSize, spec.ImageSize));
        return SinceThen(session.Run, started);
    }

    /// <summary>The first result is there: the times until now and of another run.</summary>
    private static Start SinceThen(Action run, long started)
    {
        double first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        long jitted = JitInfo.GetCompiledMethodCount();
        run();
        return new Start(0, first, Stopwatch.GetElapsedTime(started).TotalMilliseconds, jitted);
    }

    private static ResultRow Row(string name, (string Name, string File)[] contestants, List<Start>[] starts,
        Func<Start, double> time) => new(name, [.. contestants.Select((c, i) =>
    {
        Spread spread = Spread.Of(starts[i].Select(time));
        return new ResultEntry(c.Name, spread.MedianMs, spread.P5Ms, spread.P95Ms, spread.Runs)
        {
            Peer = i > 0,
            RatioToOurs = i == 0 ? null : spread.MedianMs / Spread.Median(starts[0].Select(time)),
            MethodsJitted = (long)Spread.Median(starts[i].Select(static s => (double)s.Jitted)),
        };
    })]);

    /// <summary>Times of a child process, milliseconds since it was started.</summary>
    private sealed record Start(double MainMs, double FirstMs, double SecondMs, long Jitted);
}
