using System.CommandLine;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary><c>chart FILE</c>: how many times longer than ours each peer of a result file takes, or where it has no
/// peers the percent of the peak, as a picture beside it.</summary>
internal static class ChartCommand
{
    /// <summary>Stands behind the instruction set in the name of a row.</summary>
    private const string SetMark = ": ";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("chart", "A result file as FILE.svg.");
        Argument<string> file = new("FILE") { Description = "A result file with ratio_to_ours or percent_of_peak." };
        command.Add(file);
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file)));
        return command;
    }

    private static int Run(string path)
    {
        Write(ResultFile.Parse(File.ReadAllText(path)), path);
        return 0;
    }

    /// <summary>Draws a result file.</summary>
    /// <param name="file">What was measured.</param>
    /// <param name="path">Where it stands; the picture gets the same name with <c>.svg</c>.</param>
    /// <exception cref="ComparisonException">Neither ratios nor percent of the peak.</exception>
    internal static void Write(ResultFile file, string path)
    {
        string picture = Path.ChangeExtension(path, ".svg");
        if (Names(file, static e => e.RatioToOurs) is { Length: > 0 } peers)
        {
            Chart.Write(picture, $"{file.Kind}: time over ours (1 is as fast as ours)",
                [.. file.Rows.Select(static r => (r.Name, r))], peers, static e => e.RatioToOurs ?? double.NaN);
            return;
        }

        ResultRow[] whole = [.. file.Rows.Where(static r => !r.IsPart
            && r.Entries.Any(static e => e.PercentOfPeak is not null))];
        if (whole.Length == 0)
        {
            throw new ComparisonException($"{path}: no entry has a ratio_to_ours or a percent_of_peak.");
        }

        // Of several instruction sets the widest, which comes first.
        string set = whole[0].Name[..(whole[0].Name.IndexOf(SetMark, StringComparison.Ordinal) + 1)];
        int prefix = set.Length == 0 ? 0 : set.Length + SetMark.Length - 1;
        string where = set.Length == 0 ? "" : $", {set[..^1]}";
        Chart.Write(picture, $"{file.Kind}: percent of the peak{where} (more is better)",
            [.. whole.Where(r => r.Name.StartsWith(set, StringComparison.Ordinal)).Select(r => (r.Name[prefix..], r))],
            Names(file, static e => e.PercentOfPeak), static e => e.PercentOfPeak ?? double.NaN);
    }

    private static string[] Names(ResultFile file, Func<ResultEntry, double?> value) =>
        [.. file.Rows.SelectMany(static r => r.Entries).Where(e => value(e) is not null).Select(static e => e.Name)
            .Distinct()];
}
