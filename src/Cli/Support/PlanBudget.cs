using System.Diagnostics;
using MuxKernels.Inference;
using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>One step of a plan: its time on one thread beside what this machine's limits allow.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Layout">Layout of its maps.</param>
/// <param name="Tile">How it is cut into items.</param>
/// <param name="Bytes">Bytes of weights, input and output.</param>
/// <param name="Madds">Multiply-adds.</param>
/// <param name="LaneCapPercent">Share of the peak that the lanes allow.</param>
/// <param name="Activations">Values that go through an activation function.</param>
/// <param name="Us">Microseconds, the median.</param>
/// <param name="SharePercent">Share of all steps' time.</param>
/// <param name="GmaddsPerS">10⁹ multiply-adds a second.</param>
/// <param name="PercentOfPeak">Share of the peak measured in the same run.</param>
/// <param name="FmaUs">Multiply-adds of its vectors, idle lanes included, at the peak.</param>
/// <param name="TrafficUs">Its bytes at the speed of a copy that touches as many.</param>
/// <param name="SwishUs">Its swishes and sigmoids at the measured speed of swish; where only one of two fused
/// convolutions has one, half of the activations.</param>
internal sealed record StepBudget(string Name, string Kind, string Layout, string Tile, long Bytes, long Madds,
    double LaneCapPercent, long Activations, double Us, double SharePercent, double GmaddsPerS, double PercentOfPeak,
    double FmaUs, double TrafficUs, double SwishUs)
{
    /// <summary>No less is possible: multiply-adds and swishes share the vector units, traffic can hide behind
    /// them.</summary>
    public double LimitUs => Math.Max(FmaUs + SwishUs, TrafficUs);
}

/// <summary>Sums over the steps of a plan.</summary>
internal sealed record BudgetSums(long Bytes, long Madds, double LaneCapPercent, long Activations, double Us,
    double GmaddsPerS, double PercentOfPeak, double FmaUs, double TrafficUs, double SwishUs, double LimitUs);

/// <summary>A copy's speed with memory of one size.</summary>
internal sealed record CopyRate(long Bytes, double GbPerS);

/// <summary>Where the time of a plan goes, image by image on one thread.</summary>
/// <param name="PeakGmaddsPerS">10⁹ multiply-adds a second of one thread at most.</param>
/// <param name="SwishGPerS">10⁹ swishes a second of one thread.</param>
/// <param name="Copies">10⁹ bytes a second that a copy of one thread reads and writes, by the bytes it
/// touches.</param>
/// <param name="Steps">The steps, in order.</param>
/// <param name="Sums">Their sums.</param>
internal sealed record PlanBudget(double PeakGmaddsPerS, double SwishGPerS, IReadOnlyList<CopyRate> Copies,
    IReadOnlyList<StepBudget> Steps, BudgetSums Sums) : IBudget
{
    /// <summary>Measures a plan's steps and the machine's limits.</summary>
    /// <param name="plan">The plan, warm.</param>
    /// <param name="x">One image.</param>
    /// <param name="seconds">Time for the steps.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public static PlanBudget Measure(InferencePlan plan, ReadOnlySpan<float> x, double seconds,
        CancellationToken cancellation)
    {
        CopyRates copies = CopyRates.Measure();
        double peak = MachineProbe.PeakFma(null), swish = SwishRate();
        double once = plan.Profile(x, 3).Sum();
        cancellation.ThrowIfCancellationRequested();
        double[] ms = plan.Profile(x, (int)Math.Clamp(1e3 * seconds / Math.Max(once, 1e-3), 5, 5000));
        cancellation.ThrowIfCancellationRequested();
        (peak, swish) = (Math.Max(peak, MachineProbe.PeakFma(null)), Math.Max(swish, SwishRate()));
        double all = 1e3 * ms.Sum();
        StepBudget[] steps = [.. plan.Steps.Select((s, i) => Of(s, 1e3 * ms[i], all, peak, swish, copies))];
        long madds = steps.Sum(s => s.Madds);
        double vectors = plan.Steps.Sum(s => s.MultiplyAdds / s.LaneCap);
        BudgetSums sums = new(steps.Sum(s => s.Bytes), madds, 100 * madds / vectors, steps.Sum(s => s.Activations), all,
            madds / all / 1e3, madds / all / 10 / peak, steps.Sum(s => s.FmaUs), steps.Sum(s => s.TrafficUs),
            steps.Sum(s => s.SwishUs), steps.Sum(s => s.LimitUs));
        return new PlanBudget(peak, swish, [.. copies.All.Select(c => new CopyRate(c.Bytes, c.GbPerS))], steps, sums);
    }

    /// <summary>Writes the steps as a table.</summary>
    public void Write(TextWriter writer)
    {
        Table table = new("step", "kind", "layout", ">tile", ">KB", ">µs", ">%", ">GMAdd/s", ">% of peak", ">lane cap",
            ">activations", ">FMA µs", ">traffic µs", ">swish µs");
        foreach (StepBudget s in Steps)
        {
            bool multiplies = s.Madds > 0;
            table.Add(s.Name, s.Kind, s.Layout, s.Tile, $"{s.Bytes / 1e3:F0}", $"{s.Us:F1}", $"{s.SharePercent:F1}",
                multiplies ? $"{s.GmaddsPerS:F1}" : "–", multiplies ? $"{s.PercentOfPeak:F0}" : "–",
                multiplies ? $"{s.LaneCapPercent:F0}" : "–", Table.Number(s.Activations), $"{s.FmaUs:F1}",
                $"{s.TrafficUs:F1}", $"{s.SwishUs:F1}");
        }

        table.Add($"{Steps.Count} steps", "", "", "", $"{Sums.Bytes / 1e3:F0}", $"{Sums.Us:F1}", "100",
            $"{Sums.GmaddsPerS:F1}", $"{Sums.PercentOfPeak:F0}", $"{Sums.LaneCapPercent:F0}",
            Table.Number(Sums.Activations), $"{Sums.FmaUs:F1}", $"{Sums.TrafficUs:F1}", $"{Sums.SwishUs:F1}");
        table.Write(writer);
        writer.WriteLine($"One thread, image by image. Limits of this run: {PeakGmaddsPerS:F0} GMAdd/s, "
            + $"{SwishGPerS:F1} G swish/s, copies at {Copies[^1].GbPerS:F0} (memory) to "
            + $"{Copies.Max(c => c.GbPerS):F0} GB/s (cache). Sum of the steps' limits, "
            + $"max(FMA + swish, traffic): {Sums.LimitUs:F0} µs, {100 * Sums.LimitUs / Sums.Us:F0} % of the time.");
    }

    /// <summary>Limits and time of each block as an SVG picture.</summary>
    public string Draw(string name)
    {
        var blocks = Steps.GroupBy(s => Block(s.Name, s.Kind)).Select(g => (g.Key, Steps: g.ToArray())).ToArray();
        PlotBars Bars(string series, Func<StepBudget, double> value) =>
            new(series, [.. blocks.Select(b => b.Steps.Sum(value))]);
        return Plot.Bars(
            new PlotOptions
            {
                Title = $"{name}: {Sums.Us / 1e3:F2} ms on one thread, microseconds of each block and their limits",
                XLabel = $"µs (peak {PeakGmaddsPerS:F0} GMAdd/s, {SwishGPerS:F1} G swish/s)",
            },
            [.. blocks.Select(b => b.Key)], Bars("FMA limit", s => s.FmaUs), Bars("traffic limit", s => s.TrafficUs),
            Bars("swish limit", s => s.SwishUs), Bars("measured", s => s.Us));
    }

    private static StepBudget Of(PlanStep s, double us, double all, double peak, double swish, CopyRates copies)
    {
        string[] functions = [.. s.Kind.Split(' ', ',', '+').Where(word => Enum.TryParse<ActivationKind>(word, out _))];
        double slow = functions.Count(f => f is nameof(ActivationKind.Swish) or nameof(ActivationKind.Sigmoid));
        return new StepBudget(s.Name, s.Kind, s.Layout, s.Tile, s.Bytes, s.MultiplyAdds, 100 * s.LaneCap, s.Activations,
            us, 100 * us / all, s.MultiplyAdds / us / 1e3, s.MultiplyAdds / us / 10 / peak,
            s.MultiplyAdds / s.LaneCap / peak / 1e3, copies.Microseconds(s.Bytes),
            slow == 0 ? 0 : s.Activations * slow / functions.Length / swish / 1e3);
    }

    /// <summary>10⁹ swishes a second of one thread, in the first-level cache.</summary>
    private static double SwishRate()
    {
        const int Length = 1 << 12, Calls = 16;
        Activation.Args args = new(Shape.Vector(Length), ActivationKind.Swish);
        float[] x = Values.Uniform(1, Length), y = new float[Length];
        double best = 0;
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed.TotalMilliseconds < 100)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++)
            {
                Activation.Forward(args, x, y);
            }

            best = Math.Max(best, (double)Length * Calls / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        return best;
    }

    /// <summary>The block that a step belongs to: <c>blocks.3.0.conv_pw</c> to blocks.3.</summary>
    internal static string Block(string name, string kind)
    {
        string[] parts = name.Split(',')[0].Split('.');
        return parts is ["blocks", string row, ..] ? $"blocks.{row}" : parts[0].Length > 0 ? parts[0] : kind;
    }
}
