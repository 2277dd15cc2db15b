using System.CommandLine;
using System.Text.Json;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench compare OLD NEW</c>: what became slower between two measurements.</summary>
internal static class BenchCompare
{
    public static Command Create(Shell shell)
    {
        Command command = new("compare",
            "Compares two documents of bench --json or two result files; exit code 1 if something is slower.");
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

    private static (int Compared, int Slower) Compare(Shell shell, Dictionary<string, double> before,
        Dictionary<string, double> after, double tolerance, double? peers)
    {
        string[] shared = [.. before.Keys.Where(after.ContainsKey)];
        if (shared.Length == 0)
        {
            throw new InvalidDataException("The two documents measure nothing in common: "
                + $"{string.Join(", ", before.Keys)}; {string.Join(", ", after.Keys)}.");
        }

        Row[] rows = [.. shared.Select(name => new Row(name, before[name], after[name],
            after[name] / before[name], after[name] / before[name] > 1 + tolerance / 100))];
        int slower = rows.Count(r => r.Slower);
        shell.Result(new { tolerance, rows, slower, peers });
        Table table = new("", "what", ">before ms", ">after ms", ">ratio");
        foreach (Row row in rows)
        {
            table.Add(row.Slower ? "SLOWER" : "", row.Name, $"{row.BeforeMs:F4}", $"{row.AfterMs:F4}",
                $"{row.Ratio:F2}");
        }

        table.Write(shell.Output);
        return (rows.Length, slower);
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
                    v => v.GetProperty("median_ms").GetDouble()), []);
            }

            string input = string.Join('x', root.GetProperty("input").EnumerateArray());
            string name = $"{root.GetProperty("model").GetString()} {root.GetProperty("mode").GetString()} {input} "
                + $"{root.GetProperty("threads").GetRawText()} threads";
            return new Document(new() { [name] = root.GetProperty("median_ms").GetDouble() }, []);
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
                (entry.GetProperty("peer").GetBoolean() ? document.Peers : document.Ours).Add(
                    $"{name}: {entry.GetProperty("name").GetString()}", entry.GetProperty("median_ms").GetDouble());
            }
        }

        return document;
    }

    /// <summary>Medians in milliseconds by name.</summary>
    private sealed record Document(Dictionary<string, double> Ours, Dictionary<string, double> Peers);

    private sealed record Row(string Name, double BeforeMs, double AfterMs, double Ratio, bool Slower);
}
