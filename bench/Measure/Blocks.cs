using System.Diagnostics;

namespace MuxKernels.Measure;

/// <summary>Something that is timed.</summary>
/// <param name="Name">Its name in the result.</param>
/// <param name="Run">One run.</param>
public sealed record Contestant(string Name, Action Run);

/// <summary>Times of a contestant.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spread">Over all runs of all rounds.</param>
/// <param name="RoundMediansMs">Median of each round.</param>
public sealed record Measured(string Name, Spread Spread, IReadOnlyList<double> RoundMediansMs)
{
    /// <summary>How many times longer this took than another: the median over the rounds, in each of which both were
    /// measured shortly after one another.</summary>
    public double RatioTo(Measured other) =>
        MuxKernels.Measure.Spread.Median(RoundMediansMs.Zip(other.RoundMediansMs, static (a, b) => a / b));
}

/// <summary>
/// Times contestants in blocks that take turns, A B C A B C. A block is a pause, some runs that do not count, and many
/// that do: libraries whose threads go on spinning after a run (ONNX Runtime's do) would otherwise disturb the next
/// contestant, and the first runs after it find the caches filled with its data.
/// </summary>
public sealed record Blocks
{
    /// <summary>Rounds; each measures every contestant once.</summary>
    public int Rounds { get; init; } = 9;

    /// <summary>Time of a block that counts.</summary>
    public double BlockMs { get; init; } = 80;

    /// <summary>Fewest runs of a block that count.</summary>
    public int LeastRuns { get; init; } = 2;

    /// <summary>Pause before a block.</summary>
    public double PauseMs { get; init; } = 60;

    /// <summary>Runs at the begin of a block that do not count, as a share of the time of the block.</summary>
    public double WarmShare { get; init; } = 0.2;

    /// <summary>Time for which each contestant runs before the first round: code is compiled meanwhile.</summary>
    public double WarmUpMs { get; init; } = 300;

    /// <summary>A sample is as many calls as take this long; short kernels are timed by the hundred.</summary>
    public double SampleMs { get; init; } = 0.05;

    /// <summary>Measures.</summary>
    /// <param name="contestants">What is timed, in turns.</param>
    /// <param name="betweenRounds">Called before each round, for a yardstick that must be taken in the same run; null
    /// for nothing.</param>
    /// <param name="cancellation">Ends the measurement between two blocks.</param>
    public IReadOnlyList<Measured> Run(IReadOnlyList<Contestant> contestants, Action? betweenRounds = null,
        CancellationToken cancellation = default)
    {
        int[] calls = [.. contestants.Select(c => CallsFor(c.Run))];
        List<double>[] times = [.. contestants.Select(static _ => new List<double>())];
        List<double>[] medians = [.. contestants.Select(static _ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            if (betweenRounds is not null)
            {
                Thread.Sleep((int)PauseMs);
                betweenRounds();
            }

            for (int i = 0; i < contestants.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                double[] block = Block(contestants[i].Run, calls[i]);
                times[i].AddRange(block);
                medians[i].Add(Spread.Median(block));
            }
        }

        return [.. contestants.Select((c, i) => new Measured(c.Name, Spread.Of(times[i]), medians[i]))];
    }

    private static double Time(Action run, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            run();
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
    }

    private double[] Block(Action run, int calls)
    {
        Thread.Sleep(TimeSpan.FromMilliseconds(PauseMs));
        long start = Stopwatch.GetTimestamp();
        do
        {
            run();
        }
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < BlockMs * WarmShare);
        List<double> times = [];
        start = Stopwatch.GetTimestamp();
        while (times.Count < LeastRuns || Stopwatch.GetElapsedTime(start).TotalMilliseconds < BlockMs)
        {
            times.Add(Time(run, calls));
        }

        return [.. times];
    }

    /// <summary>Warms up and finds how many calls a sample takes.</summary>
    private int CallsFor(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        double fastest = double.PositiveInfinity;
        do
        {
            fastest = Math.Min(fastest, Time(run, 1));
        }
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < WarmUpMs);
        return (int)Math.Clamp(Math.Ceiling(SampleMs / Math.Max(fastest, 1e-6)), 1, 100_000);
    }
}
