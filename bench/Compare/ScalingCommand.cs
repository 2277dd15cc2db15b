using System.CommandLine;
using MuxKernels.Inference;
using MuxKernels.Layers;
using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary><c>scaling</c>: one planned network with more and more threads, in turns.</summary>
internal static class ScalingCommand
{
    private const string Method = "One process; plans of the same network with different numbers of threads take turns "
        + "in blocks of many runs. ratio_to_ours is time over that of one thread, the median over the rounds; results "
        + "have the same bits.";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("scaling", "A planned network on one and on several threads.");
        Option<string> model = new("--model") { DefaultValueFactory = static _ => "muxnet-m" };
        Option<int[]> batches = new("--batches")
        {
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ => [1, 32],
        };
        Option<int[]> threads = new("--threads")
        {
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ =>
                [.. new[] { 1, 2, 4, 8, 16 }.Where(static t => t <= Environment.ProcessorCount)],
        };
        Option<int> rounds = new("--rounds") { DefaultValueFactory = static _ => 15 };
        Option<string> output = new("--output")
        {
            DefaultValueFactory = static _ => Path.Combine("bench", "results"),
        };
        foreach (Option option in (ReadOnlySpan<Option>)[model, batches, threads, rounds, output])
        {
            command.Add(option);
        }

        command.SetAction(parsed => Run(parsed.GetRequiredValue(model), parsed.GetRequiredValue(batches),
            parsed.GetRequiredValue(threads), parsed.GetValue(rounds), parsed.GetRequiredValue(output)));
        return command;
    }

    private static int Run(string model, int[] batches, int[] threads, int rounds, string output)
    {
        Progress progress = new(Console.Error, batches.Length);
        List<ResultRow> rows = [];
        using CpuDevice device = new(Environment.ProcessorCount);
        using MuxNet network = Subjects.Network(model, device);
        foreach (int batch in batches)
        {
            progress.Next($"{model}, batch {batch}");
            Shape shape = new(batch, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize);
            float[] x = Fill.Uniform(7, shape.Length), y = new float[batch * network.Spec.Classes];
            InferencePlan[] plans = [.. threads.Select(t =>
                InferencePlan.Of(network, shape, new PlanOptions { Threads = t }))];
            IReadOnlyList<Measured> times = new Blocks { Rounds = rounds, PauseMs = 20 }.Run(
                [.. plans.Select((p, i) => new Contestant($"{threads[i]} threads", () => p.Run(x, y)))]);
            long madds = Summary.Of(network, shape).MultiplyAdds;
            double[] peaks = [.. threads.Select(t => MachineProbe.PeakFma(t))];
            ResultRow row = new($"{model}, batch {batch}",
                [.. times.Select((t, i) => ResultEntry.Of(t, times[0], madds, peaks[i]))]) { Madds = madds };
            rows.Add(row);
            progress.Note(string.Join("; ", row.Entries.Select(e => $"{e.Name} {e.MedianMs:F3} ms (best {e.LeastMs:F3})"
                + (e.RatioToOurs is { } r ? $", {1 / r:F2}× as fast" : ""))));
            foreach (InferencePlan plan in plans)
            {
                plan.Dispose();
            }
        }

        new ResultFile("scaling", Machine.Read(), Method, new Dictionary<string, string>(), rows)
            .Write(Path.Combine(output, "scaling.json"));
        return 0;
    }
}
