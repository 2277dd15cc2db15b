using System.Text;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary>The figures of <c>training-kernels</c> as Markdown tables.</summary>
internal static class TrainingTable
{
    /// <summary>Families, geometries and passes.</summary>
    public static string Of(IReadOnlyList<ResultRow> rows)
    {
        StringBuilder text = new();
        string[] sets = [.. rows.Select(static r => Split(r.Name).Set).Distinct()];
        Kernels(text, sets, [.. rows.Where(static r => !r.IsPart && IsKernel(r))]);
        Kernels(text, sets, [.. rows.Where(static r => r.IsPart)]);
        foreach (ResultRow row in rows.Where(static r => !IsKernel(r)))
        {
            if (text.Length > 0)
            {
                text.AppendLine();
            }

            text.AppendLine($"| {row.Name} | GB/s | of a copy |").AppendLine("|---|---|---|");
            foreach (ResultEntry e in row.Entries)
            {
                text.AppendLine($"| {e.Name} | {e.GigabytesPerS:F1} | {e.PercentOfCopy:F0} % |");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static void Kernels(StringBuilder text, string[] sets, IReadOnlyList<ResultRow> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        if (text.Length > 0)
        {
            text.AppendLine();
        }

        string[] directions = [TrainingKernel.Forward, TrainingKernel.InputGradient, TrainingKernel.WeightGradient];
        string heads = string.Concat(sets.Select(set => $" {set}: cap | {string.Join(" | ", directions)} |"));
        text.AppendLine($"| GMAdd/s, percent of the peak |{heads}");
        text.AppendLine("|---|" + string.Concat(Enumerable.Repeat("---|", sets.Length * (directions.Length + 1))));
        foreach (IGrouping<string, ResultRow> row in rows.GroupBy(static r => Split(r.Name).What))
        {
            text.Append($"| {row.Key} |");
            foreach (string set in sets)
            {
                ResultRow? own = row.FirstOrDefault(r => Split(r.Name).Set == set);
                text.Append(own?.LaneCapPercent is { } cap ? $" {cap:F0} |" : " |");
                foreach (string direction in directions)
                {
                    ResultEntry? e = own?.Entries.FirstOrDefault(e => e.Name == direction);
                    text.Append(e is null ? " |" : $" {e.GmaddsPerS:F1}, {e.PercentOfPeak:F0} % |");
                }
            }

            text.AppendLine();
        }
    }

    private static bool IsKernel(ResultRow row) => row.Madds is not null;

    private static (string Set, string What) Split(string name)
    {
        int end = name.IndexOf(": ", StringComparison.Ordinal);
        return (name[..end], name[(end + 2)..]);
    }
}
