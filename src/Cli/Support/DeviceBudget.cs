using MuxKernels.Inference;
using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>One launch of a device's plan: its time for a batch beside what the device allows.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Madds">Multiply-adds of the batch.</param>
/// <param name="Bytes">Bytes of weights, input and output of the batch.</param>
/// <param name="Us">Microseconds, the median.</param>
/// <param name="SharePercent">Share of all steps' time.</param>
/// <param name="FmaUs">Multiply-adds at the peak.</param>
/// <param name="TrafficUs">Bytes at the speed of a copy.</param>
internal sealed record DeviceStepBudget(string Name, string Kind, long Madds, long Bytes, double Us,
    double SharePercent, double FmaUs, double TrafficUs)
{
    /// <summary>No less is possible.</summary>
    public double LimitUs => Math.Max(FmaUs, TrafficUs);

    /// <summary>Share of the limit that binds.</summary>
    public double PercentOfLimit => 100 * LimitUs / Us;
}

/// <summary>Where the time of a device's plan goes.</summary>
/// <param name="Limits">What the device can do at best, measured in the same run.</param>
/// <param name="Steps">The steps, in order.</param>
internal sealed record DeviceBudget(DeviceLimits Limits, IReadOnlyList<DeviceStepBudget> Steps) : IBudget
{
    /// <summary>Microseconds of all steps.</summary>
    public double Us => Steps.Sum(s => s.Us);

    /// <summary>Measures a plan's steps.</summary>
    /// <param name="plan">The plan, warm.</param>
    /// <param name="limits">What the device can do at best.</param>
    /// <param name="seconds">Time for the steps.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public static DeviceBudget Measure(DevicePlan plan, DeviceLimits limits, double seconds,
        CancellationToken cancellation)
    {
        double once = plan.Profile(2).Sum();
        cancellation.ThrowIfCancellationRequested();
        double[] ms = plan.Profile((int)Math.Clamp(250 * seconds / Math.Max(once, 1e-3), 3, 1000));
        cancellation.ThrowIfCancellationRequested();
        double all = ms.Sum();
        return new DeviceBudget(limits, [.. plan.Steps.Select((s, i) =>
        {
            long madds = s.MultiplyAdds * plan.Input.N, bytes = s.Bytes * plan.Input.N;
            return new DeviceStepBudget(s.Name, s.Kind, madds, bytes, 1e3 * ms[i], 100 * ms[i] / all,
                madds / limits.GmaddsPerS / 1e3, bytes / limits.CopyGbPerS / 1e3);
        })]);
    }

    /// <inheritdoc/>
    public void Write(TextWriter writer)
    {
        Table table = new("step", "kind", ">KB", ">µs", ">%", ">GMAdd/s", ">GB/s", ">FMA µs", ">traffic µs",
            ">% of limit");
        foreach (DeviceStepBudget s in Steps)
        {
            table.Add(s.Name, s.Kind, $"{s.Bytes / 1e3:F0}", $"{s.Us:F1}", $"{s.SharePercent:F1}",
                s.Madds > 0 ? $"{s.Madds / s.Us / 1e3:F1}" : "–", $"{s.Bytes / s.Us / 1e3:F1}", $"{s.FmaUs:F1}",
                $"{s.TrafficUs:F1}", $"{s.PercentOfLimit:F0}");
        }

        table.Write(writer);
        writer.WriteLine($"{Steps.Count} steps, {Us:F0} µs launched one by one. Limits of this run: "
            + $"{Limits.GmaddsPerS:F0} GMAdd/s, copies at {Limits.CopyGbPerS:F0} GB/s. Sum of the steps' limits: "
            + $"{Steps.Sum(s => s.LimitUs):F0} µs, {100 * Steps.Sum(s => s.LimitUs) / Us:F0} % of the time.");
    }

    /// <inheritdoc/>
    public string Draw(string name)
    {
        (string Key, DeviceStepBudget[] Steps)[] blocks =
        [
            .. Steps.GroupBy(s => PlanBudget.Block(s.Name, s.Kind)).Select(g => (g.Key, g.ToArray())),
        ];
        PlotBars Bars(string series, Func<DeviceStepBudget, double> value) =>
            new(series, [.. blocks.Select(b => b.Steps.Sum(value))]);
        return Plot.Bars(
            new PlotOptions
            {
                Title = $"{name}: {Us / 1e3:F2} ms step by step, microseconds of each block and their limits",
                XLabel = $"µs (peak {Limits.GmaddsPerS:F0} GMAdd/s, copies {Limits.CopyGbPerS:F0} GB/s)",
            },
            [.. blocks.Select(b => b.Key)], Bars("FMA limit", s => s.FmaUs), Bars("traffic limit", s => s.TrafficUs),
            Bars("measured", s => s.Us));
    }
}
