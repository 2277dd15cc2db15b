using MuxKernels.Measure;
using MuxKernels.Training;

namespace MuxKernels.Compare;

/// <summary>Bar charts of result rows.</summary>
internal static class Chart
{
    /// <summary>Writes a chart with a group of bars for each row.</summary>
    /// <param name="path">File.</param>
    /// <param name="title">Title.</param>
    /// <param name="rows">Label and row of each group.</param>
    /// <param name="names">Entries that become bars, in this order; those that no row has are left out.</param>
    /// <param name="value">Length of a bar.</param>
    public static void Write(string path, string title, IReadOnlyList<(string Label, ResultRow Row)> rows,
        IReadOnlyList<string> names, Func<ResultEntry, double> value)
    {
        PlotBars[] bars = [.. names
            .Where(name => rows.Any(r => r.Row.Entries.Any(e => e.Name == name)))
            .Select(name => new PlotBars(name, [.. rows.Select(r =>
                r.Row.Entries.FirstOrDefault(e => e.Name == name) is { } entry ? value(entry) : double.NaN)]))];
        Plot.Write(path, Plot.Bars(new PlotOptions { Title = title }, [.. rows.Select(r => r.Label)], bars));
    }
}
