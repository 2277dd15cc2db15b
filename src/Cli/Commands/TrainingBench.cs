using System.Diagnostics;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench --mode train</c>: times of whole training steps and of their parts.</summary>
internal static class TrainingBench
{
    /// <summary>Trains, and times each step and what it consists of. The preparation of batches is timed beside it: a
    /// training does it in the background.</summary>
    /// <param name="runner">The network to train.</param>
    /// <param name="spec">What it is.</param>
    /// <param name="shape">Shape of a batch.</param>
    /// <param name="given">The batch; null for random images that are prepared as a training does.</param>
    /// <param name="seconds">Time to measure for.</param>
    /// <param name="keepsSteps">Whether the times of the plan's steps are kept.</param>
    /// <param name="cancellation">Ends the measurement between two steps.</param>
    public static NetworkBench.NetworkTimes Measure(TrainingRunner runner, NetworkSpec spec, Shape shape,
        float[]? given, double seconds, bool keepsSteps, CancellationToken cancellation)
    {
        float[] labels = TrainingFeed.Labels(shape, spec.Classes), y = new float[(long)shape.N * spec.Classes];
        using IEnumerator<float[]>? feed = given is null
            ? TrainingFeed.Random(spec, shape).GetEnumerator()
            : null;
        List<PhaseTimes> phases = [];
        List<double[]> steps = [];
        float? first = null;
        (Timing total, double allocated) = NetworkBench.Repeat(seconds, cancellation, () =>
        {
            long start = Stopwatch.GetTimestamp();
            bool isMade = feed?.MoveNext() ?? false;
            double data = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            float[] images = isMade ? feed!.Current : given!;
            start = Stopwatch.GetTimestamp();
            (float loss, PhaseTimes times) = runner.Step(shape, images, labels, y);
            double ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            first ??= loss;
            phases.Add(times with { Data = data });
            if (keepsSteps)
            {
                steps.Add([.. runner.StepTimes]);
            }

            return ms;
        });
        int warm = phases.Count - total.Times.Count;
        (string Name, Func<PhaseTimes, double> Of)[] parts =
        [
            ("data", p => p.Data), ("pack", p => p.Pack), ("forward", p => p.Forward), ("backward", p => p.Backward),
            ("optimizer", p => p.Optimizer),
        ];
        return new NetworkBench.NetworkTimes(total,
            [.. parts.Where(p => p.Name == "data" ? given is null : p.Name != "pack" || runner.Plan is TrainingPlan)
                .Select(p => (p.Name, Timing.Of(phases.Skip(warm).Select(p.Of)).Median))],
            y, allocated, runner.Plan is { } plan
                ? new NetworkBench.PlanFacts(null, plan.ArenaBytes, plan.Bytes, plan.Steps.Count, null,
                    runner.TimeToPlanMs)
                : null)
        {
            FirstLoss = first,
            StepTimes = [.. steps.Skip(warm)],
        };
    }
}
