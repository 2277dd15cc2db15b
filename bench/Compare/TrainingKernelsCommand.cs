using System.CommandLine;
using MuxKernels.Layers;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary><c>training-kernels</c>: forward, input gradient and weight gradient of every family, with AVX-512 and, in
/// a child process, with AVX2.</summary>
internal static class TrainingKernelsCommand
{
    private const int Rounds = 3;
    private const long CacheBytes = 150_000, MemoryBytes = 48_000_000;

    private const string Method =
        "One thread, one process, warm; forward, input gradient and weight gradient take turns, blocks of many runs. "
        + "Geometries of MUXNet-m (MuxConv: of MUXNet-m-spatial) with images of 64 and 224 pixels, channel-blocked "
        + "maps, one image, of a 1×1 convolution one run of the batch's pixels as training plans cut it; kernels "
        + "alone, without normalisation, filling of bands and packing of weights; every result agrees with the "
        + "layer-by-layer kernel to 1e-5 of the largest number. A row of several geometries is their multiply-adds "
        + "over their time for a batch of 32. Multiply-adds by the paper's rule, padding included; percent of the "
        + "fused multiply-adds in registers, the median of those measured before each round. Linear: the plain kernels "
        + "on 32 images. Normalisation: bytes of the maps that a pass reads and writes, beside a copy of the map in "
        + "the same turns.";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("training-kernels", "All directions of training, each family's percent of the peak.");
        Option<int?> width = new("--width") { Description = "512 or 256: bits of the vectors; both if not given." };
        width.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int?>() is not (null or 512 or 256))
            {
                result.AddError("--width: expected 512 or 256.");
            }
        });
        Option<double> seconds = new("--seconds")
        {
            Description = "Time of the measurement, for each width.",
            DefaultValueFactory = static _ => 70,
        };
        seconds.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.1 and <= 36_000))
            {
                result.AddError("--seconds: expected 0.1 … 36000.");
            }
        });
        Option<string?> only = new("--only") { Description = "Only rows whose name contains this." };
        Option<bool> json = new("--json") { Description = "Prints the document instead of the table." };
        Option<bool> child = new("--child") { Description = "Writes no files.", Hidden = true };
        Option<string> output = new("--output")
        {
            Description = "Folder of the JSON document and the chart.",
            DefaultValueFactory = static _ => Path.Combine("bench", "results"),
        };
        foreach (Option option in (ReadOnlySpan<Option>)[width, seconds, only, json, child, output])
        {
            command.Add(option);
        }

        command.SetAction(parsed => Run(parsed.GetValue(width), parsed.GetValue(seconds), parsed.GetValue(only) ?? "",
            parsed.GetValue(json), parsed.GetValue(child) ? null : parsed.GetRequiredValue(output)));
        return command;
    }

    private static int Run(int? width, double seconds, string only, bool json, string? folder)
    {
        int own = 32 * MachineProbe.VectorLanes;
        if (width > own)
        {
            throw new ComparisonException($"--width {width}: vectors have {own} bits here.");
        }

        if (folder is not null && !Directory.Exists(folder))
        {
            throw new ComparisonException($"--output {folder}: there is no such folder.");
        }

        ResultFile? file = null;
        if (width is null || width == own)
        {
            file = new("training-kernels", Machine.Read(), Method, new Dictionary<string, string>(),
                Measure(seconds, only));
        }

        if (own > 256 && width is null or 256)
        {
            Console.Error.WriteLine("With AVX2:");
            ResultFile narrow = Narrow(seconds, only);
            file = file is null ? narrow : file with { Rows = [.. file.Rows, .. narrow.Rows] };
        }

        if (folder is not null)
        {
            string path = Path.Combine(folder, "training-kernels.json");
            file!.Write(path);
            if (file.Rows.Any(static r => r.Madds is not null))
            {
                ChartCommand.Write(file, path);
            }
        }

        Console.WriteLine(json || folder is null ? file!.ToJson() : TrainingTable.Of(file!.Rows));
        return 0;
    }

    private static ResultFile Narrow(double seconds, string only)
    {
        ResultFile narrow = ResultFile.Parse(ChildProcess.Run(
            new Dictionary<string, string> { ["DOTNET_EnableAVX512"] = "0" }, "training-kernels", "--child",
            "--seconds", $"{seconds}", "--only", only));
        return narrow.Machine.InstructionSet == MachineProbe.InstructionSet
            ? throw new ComparisonException($"The child process uses {MachineProbe.InstructionSet} as well.")
            : narrow;
    }

    private static List<ResultRow> Measure(double seconds, string only)
    {
        TrainingRow[] families = [.. TrainingRow.All().Where(r => r.Name.Contains(only, StringComparison.Ordinal))];
        NetworkSpec spec = MuxNets.Get("muxnet-m");
        string linear = $"linear {spec.HeadChannels}→{spec.Classes}, batch {TrainingRow.Batch}";
        bool hasLinear = linear.Contains(only, StringComparison.Ordinal);
        (string Name, long Bytes)[] norms = [.. ((string, long)[])[("normalisation, second cache", CacheBytes),
            ("normalisation, memory", MemoryBytes)]];
        norms = [.. norms.Where(n => n.Name.Contains(only, StringComparison.Ordinal))];
        int kernels = families.Sum(static f => f.Parts.Count) + (hasLinear ? 1 : 0);
        if (kernels + norms.Length == 0)
        {
            throw new ComparisonException($"--only {only}: no row has such a name.");
        }

        // A direction warms up for one part of its time and is then measured in three blocks, each with runs before it.
        double part = 1000 * seconds / (3 * kernels + 5 * norms.Length);
        Blocks blocks = new() { Rounds = Rounds, PauseMs = 0, WarmUpMs = 0.28 * part, BlockMs = 0.2 * part };
        Progress progress = new(Console.Error, kernels + norms.Length);
        using CpuDevice device = new(1);
        List<ResultRow> rows = [];
        foreach (TrainingRow family in families)
        {
            string name = Prefixed(family.Name);
            List<(ResultRow Row, double Count)> parts = [];
            foreach (TrainingPart p in family.Parts)
            {
                string label = family.Parts.Count == 1 ? name : name + ResultRow.PartMark + p.Label;
                progress.Next(label);
                using TrainingKernel kernel = TrainingKernel.Of(label, p.Operator, device);
                parts.Add((Contest(label, kernel, blocks), p.Count));
                Tell(progress, parts[^1].Row);
            }

            rows.AddRange(parts.Select(static p => p.Row));
            if (parts.Count > 1)
            {
                rows.Add(Total(name, parts));
                Tell(progress, rows[^1]);
            }
        }

        if (hasLinear)
        {
            progress.Next(Prefixed(linear));
            using TrainingKernel kernel = TrainingKernel.OfLinear(TrainingRow.Batch, spec.HeadChannels, spec.Classes);
            rows.Add(Contest(Prefixed(linear), kernel, blocks));
            Tell(progress, rows[^1]);
        }

        foreach ((string name, long bytes) in norms)
        {
            progress.Next(Prefixed(name));
            using NormPasses passes = NormPasses.Of(bytes);
            rows.Add(Traffic(Prefixed(name), passes, blocks));
            Tell(progress, rows[^1]);
        }

        return rows;
    }

    private static string Prefixed(string name) => $"{MachineProbe.InstructionSet}: {name}";

    private static void Tell(Progress progress, ResultRow row) => progress.Note(string.Join("; ", row.Entries.Select(
        static e => $"{e.Name} {1000 * e.MedianMs:F1} µs" + (e.PercentOfPeak is { } peak ? $", {peak:F1} %"
            : e.PercentOfCopy is { } copy ? $", {copy:F0} % of a copy" : ""))));

    private static ResultRow Contest(string name, TrainingKernel kernel, Blocks blocks)
    {
        List<double> peaks = [];
        IReadOnlyList<Measured> times = blocks.Run(kernel.Directions, () => peaks.Add(MachineProbe.PeakFma(1, 5)));
        double peak = Spread.Median(peaks);
        return new ResultRow(name, [.. times.Select(t => ResultEntry.Of(t, t, kernel.MultiplyAdds, peak))])
        {
            Madds = kernel.MultiplyAdds,
            PeakGmaddsPerS = peak,
            LaneCapPercent = 100 * kernel.LaneCap,
        };
    }

    /// <summary>Several geometries: multiply-adds over time, each as often as it counts.</summary>
    private static ResultRow Total(string name, IReadOnlyList<(ResultRow Row, double Count)> parts)
    {
        double madds = parts.Sum(static p => p.Count * p.Row.Madds!.Value);
        double Share(Func<ResultRow, double> percent) =>
            100 * madds / parts.Sum(p => p.Count * p.Row.Madds!.Value * 100 / percent(p.Row));

        return new ResultRow(name, [.. parts[0].Row.Entries.Select((first, i) =>
        {
            double Sum(Func<ResultEntry, double> time) => parts.Sum(p => p.Count * time(p.Row.Entries[i]));
            double ms = Sum(static e => e.MedianMs);
            return new ResultEntry(first.Name, ms, Sum(static e => e.P5Ms), Sum(static e => e.P95Ms),
                parts.Min(p => p.Row.Entries[i].Runs))
            {
                LeastMs = Sum(static e => e.LeastMs!.Value),
                GmaddsPerS = madds / ms / 1e6,
                PercentOfPeak = Share(r => r.Entries[i].PercentOfPeak!.Value),
            };
        })])
        {
            Madds = (long)madds,
            PeakGmaddsPerS = Spread.Median(parts.Select(static p => p.Row.PeakGmaddsPerS!.Value)),
            LaneCapPercent = Share(static r => r.LaneCapPercent!.Value),
        };
    }

    private static ResultRow Traffic(string name, NormPasses passes, Blocks blocks)
    {
        IReadOnlyList<Measured> times = blocks.Run([.. passes.Passes.Select(static p => p.What)]);
        double Rate(int i) => passes.Passes[i].Maps * passes.MapBytes / times[i].Spread.MedianMs / 1e6;
        int copy = times.Count - 1;
        return new ResultRow(name, [.. times.Select((t, i) =>
            new ResultEntry(t.Name, t.Spread.MedianMs, t.Spread.P5Ms, t.Spread.P95Ms, t.Spread.Runs)
            {
                LeastMs = t.Spread.LeastMs,
                GigabytesPerS = Rate(i),
                PercentOfCopy = 100 * Rate(i) / Rate(copy),
            })]);
    }
}
