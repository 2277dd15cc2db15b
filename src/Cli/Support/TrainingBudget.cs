using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>One step of a training plan, or several together.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Phase">pack, forward or backward.</param>
/// <param name="Ms">Milliseconds, the median.</param>
/// <param name="SharePercent">Share of all steps' time.</param>
/// <param name="Madds">Multiply-adds; of both gradients on the way back.</param>
/// <param name="GmaddsPerS">10⁹ multiply-adds a second.</param>
/// <param name="PercentOfPeak">Share of the peak measured in the same run.</param>
internal sealed record TrainingStepBudget(string Name, string Phase, double Ms, double SharePercent, long Madds,
    double GmaddsPerS, double PercentOfPeak);

/// <summary>Where the time of a training plan goes.</summary>
/// <param name="Threads">Threads it was measured with.</param>
/// <param name="PeakGmaddsPerS">10⁹ multiply-adds a second of these threads at most.</param>
/// <param name="Steps">The steps, in order.</param>
/// <param name="Sums">Sums of each phase and of everything.</param>
internal sealed record TrainingBudget(int Threads, double PeakGmaddsPerS, IReadOnlyList<TrainingStepBudget> Steps,
    IReadOnlyList<TrainingStepBudget> Sums) : IBudget
{
    private const string All = "all";

    /// <summary>What the steps of a plan take.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="times">Milliseconds of each step in each run.</param>
    /// <param name="threads">Threads it was measured with.</param>
    /// <param name="peak">10⁹ multiply-adds a second at most.</param>
    public static TrainingBudget Of(ITrainingPlan plan, IReadOnlyList<double[]> times, int threads, double peak)
    {
        double[] ms = [.. plan.Steps.Select((_, i) => Timing.Of(times.Select(t => t[i])).Median)];
        double sum = ms.Sum();
        TrainingStepBudget Row(string name, string phase, double time, long madds) => new(name, phase, time,
            100 * time / sum, madds, madds / time / 1e6, madds / time / 1e4 / peak);
        TrainingStepBudget[] steps = [.. plan.Steps.Select((s, i) =>
            Row(s.Name, NameOf(s.Phase), ms[i], s.MultiplyAdds))];
        return new TrainingBudget(threads, peak, steps,
        [
            .. steps.GroupBy(s => s.Phase).Select(g => Row($"{g.Count()} steps", g.Key, g.Sum(s => s.Ms),
                g.Sum(s => s.Madds))),
            Row($"{steps.Length} steps", All, sum, steps.Sum(s => s.Madds)),
        ]);
    }

    /// <summary>A phase as the user reads it.</summary>
    public static string NameOf(TrainingPhase phase) => phase switch
    {
        TrainingPhase.Pack => "pack",
        TrainingPhase.Forward => "forward",
        _ => "backward",
    };

    /// <inheritdoc/>
    public void Write(TextWriter writer)
    {
        Table table = new("step", "phase", ">ms", ">%", ">M multiply-adds", ">GMAdd/s", ">% of peak");
        foreach (TrainingStepBudget s in Steps.Concat(Sums))
        {
            bool multiplies = s.Madds > 0;
            table.Add(s.Name, s.Phase, $"{s.Ms:F3}", $"{s.SharePercent:F1}", multiplies ? $"{s.Madds / 1e6:F1}" : "–",
                multiplies ? $"{s.GmaddsPerS:F1}" : "–", multiplies ? $"{s.PercentOfPeak:F0}" : "–");
        }

        table.Write(writer);
        writer.WriteLine($"{Threads} threads, peak of this run {PeakGmaddsPerS:F0} GMAdd/s; medians of each step; a "
            + "step back has the multiply-adds of both gradients.");
    }

    /// <summary>Time of each block on both ways as an SVG picture.</summary>
    public string Draw(string name)
    {
        string[] blocks = [.. Steps.Select(Block).Distinct()];
        PlotBars Bars(string series, string phase) => new(series,
            [.. blocks.Select(b => Steps.Where(s => s.Phase == phase && Block(s) == b).Sum(s => s.Ms))]);
        return Plot.Bars(
            new PlotOptions
            {
                Title = $"{name}: training step of {Sums[^1].Ms:F1} ms, {Threads} threads, milliseconds of each block",
                XLabel = $"ms (peak {PeakGmaddsPerS:F0} GMAdd/s)",
            },
            blocks, Bars("forward", NameOf(TrainingPhase.Forward)), Bars("backward", NameOf(TrainingPhase.Backward)),
            Bars("packing", NameOf(TrainingPhase.Pack)));
    }

    /// <summary>The block that a step belongs to: <c>blocks.3.0.conv_pw</c> to blocks.3.</summary>
    private static string Block(TrainingStepBudget step)
    {
        string[] parts = step.Name.Split(',', ' ')[0].Split('.');
        return parts is ["blocks", string row, ..] ? $"blocks.{row}" : parts[0];
    }
}
