using System.CommandLine;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary><c>chart FILE</c>: how many times longer than ours each peer of a result file takes, as a picture beside
/// it.</summary>
internal static class ChartCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("chart", "Times of the peers over ours in a result file, as FILE.svg.");
        Argument<string> file = new("FILE") { Description = "A result file with ratio_to_ours." };
        command.Add(file);
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file)));
        return command;
    }

    private static int Run(string path)
    {
        ResultFile file = ResultFile.Parse(File.ReadAllText(path));
        string[] peers = [.. file.Rows.SelectMany(static r => r.Entries).Where(static e => e.RatioToOurs is not null)
            .Select(static e => e.Name).Distinct()];
        if (peers.Length == 0)
        {
            throw new ComparisonException($"{path}: no entry has a ratio_to_ours.");
        }

        Chart.Write(Path.ChangeExtension(path, ".svg"), $"{file.Kind}: time over ours (1 is as fast as ours)",
            [.. file.Rows.Select(static r => (r.Name, r))], peers, static e => e.RatioToOurs ?? double.NaN);
        return 0;
    }
}
