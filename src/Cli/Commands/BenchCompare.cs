using System.CommandLine;
using System.Text.Json;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench compare OLD NEW</c>: what became slower between two measurements.</summary>
internal static class BenchCompare
{
    public static Command Create(Shell shell)
    {
        Command command = new("compare",
            "Compares two documents of bench --json or two result files, with the phases of training steps; exit code "
            + "1 if something is slower.");
        Argument<string> before = new("OLD") { Description = "Earlier document." };
        Argument<string> after = new("NEW") { Description = "Later document." };
        Option<double> tolerance = new("--tolerance")
        {
            Description = "Percent that count as noise.",
            DefaultValueFactory = static _ => 10,
            HelpName = "PERCENT",
        };
        command.Add(before);
        command.Add(after);
        command.Add(tolerance);
        shell.Handle(command, parsed => Run(shell, Read(parsed.GetRequiredValue(before)),
            Read(parsed.GetRequiredValue(after)),
            Check.Range(parsed.GetValue(tolerance), 0, 1000, "--tolerance")));
        return command;
    }

    private static int Run(Shell shell, Document before, Document after, double tolerance)
    {
        double? peers = Change(before.Peers, after.Peers);
        (int compared, int slower) = Compare(shell, before.Ours, after.Ours, tolerance, peers);
        shell.Line($"{slower} of {compared} slower by more than {tolerance} %");
        if (peers is { } change)
        {
            shell.Line($"Other libraries' times changed by a factor of {change:F2} (median)");
        }

        return slower > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Shows what both have. Phases are shown behind what they are phases of, and not counted: what is slower
    /// is so as a whole.</summary>
    private static (int Compared, int Slower) Compare(Shell shell, Dictionary<string, Time> before,
        Dictionary<string, Time> after, double tolerance, double? peers)
    {
        string[] shared = [.. before.Keys.Where(after.ContainsKey)];
        if (shared.Length == 0)
        {
            throw new InvalidDataException("The two documents measure nothing in common: "
                + $"{string.Join(", ", before.Keys)}; {string.Join(", ", after.Keys)}.");
        }

        Row[] rows = [.. shared.Select(name =>
        {
            double ratio = after[name].Ms / before[name].Ms;
            return new Row(name, before[name].Ms, after[name].Ms, ratio, ratio > 1 + tolerance / 100,
                before[name].IsPhase);
        })];
        int slower = rows.Count(static r => r is { Slower: true, Phase: false });
        shell.Result(new { tolerance, rows, slower, peers });
        Table table = new("", "what", ">before ms", ">after ms", ">ratio");
        foreach (Row row in rows)
        {
            string mark = !row.Slower ? "" : row.Phase ? "slower" : "SLOWER";
            table.Add(mark, row.Name, $"{row.BeforeMs:F4}", $"{row.AfterMs:F4}",
                $"{row.Ratio:F2}");
        }

        table.Write(shell.Output);
        return (rows.Count(static r => !r.Phase), slower);
    }

    /// <summary>By what factor the times of other libraries changed, the median; null where there are none.</summary>
    private static double? Change(Dictionary<string, double> before, Dictionary<string, double> after)
    {
        double[] ratios = [.. before.Keys.Where(after.ContainsKey).Select(name => after[name] / before[name]).Order()];
        return ratios.Length == 0 ? null : ratios[ratios.Length / 2];
    }

    /// <summary>Every median of a document, by what it is a median of.</summary>
    private static Document Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement root = document.RootElement;
            if (root.TryGetProperty("rows", out JsonElement rows))
            {
                return ReadRows(rows);
            }

            if (root.TryGetProperty("variants", out JsonElement variants))
            {
                string what = $"{root.GetProperty("kernel").GetString()} {root.GetProperty("shape").GetString()}";
                return new Document(variants.EnumerateArray().ToDictionary(
                    v => $"{what} {v.GetProperty("target").GetString()}",
                    v => new Time(v.GetProperty("median_ms").GetDouble(), false)), []);
            }

            string input = string.Join('x', root.GetProperty("input").EnumerateArray());
            string name = $"{root.GetProperty("model").GetString()} {root.GetProperty("mode").GetString()} {input} "
                + $"{root.GetProperty("threads").GetRawText()} threads";
            Document single = new([], []);
            single.Add(name, root, isPeer: false);
            return single;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or ArgumentException)
        {
            throw new InvalidDataException($"{path}: expected a document of muxnet bench --json or a result file of "
                + $"the benchmarks: {e.Message}", e);
        }
    }

    /// <summary>A result file of the benchmarks: rows of entries, ours and those of other libraries.</summary>
    private static Document ReadRows(JsonElement rows)
    {
        Document document = new([], []);
        foreach (JsonElement row in rows.EnumerateArray())
        {
            string name = row.GetProperty("name").GetString() ?? "";
            foreach (JsonElement entry in row.GetProperty("entries").EnumerateArray())
            {
                document.Add($"{name}: {entry.GetProperty("name").GetString()}", entry,
                    entry.GetProperty("peer").GetBoolean());
            }
        }

        return document;
    }

    /// <summary>A median.</summary>
    /// <param name="Ms">Milliseconds.</param>
    /// <param name="IsPhase">Whether it is a part of another one.</param>
    private sealed record Time(double Ms, bool IsPhase);

    /// <summary>Medians by name.</summary>
    private sealed record Document(Dictionary<string, Time> Ours, Dictionary<string, double> Peers)
    {
        private const string Unit = "_ms";

        /// <summary>Adds the median of an entry and, where it has some, those of its phases.</summary>
        public void Add(string name, JsonElement entry, bool isPeer)
        {
            double ms = entry.GetProperty("median_ms").GetDouble();
            if (isPeer)
            {
                Peers.Add(name, ms);
                return;
            }

            Ours.Add(name, new Time(ms, false));
            if (!entry.TryGetProperty("phases", out JsonElement phases))
            {
                return;
            }

            foreach (JsonProperty phase in phases.EnumerateObject()
                .Where(static p => p.Name.EndsWith(Unit, StringComparison.Ordinal)))
            {
                Ours.Add($"{name}, {phase.Name[..^Unit.Length]}", new Time(phase.Value.GetDouble(), true));
            }
        }
    }

    private sealed record Row(string Name, double BeforeMs, double AfterMs, double Ratio, bool Slower, bool Phase);
}
