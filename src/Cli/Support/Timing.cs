using System.Diagnostics;

namespace MuxKernels.Cli;

/// <summary>Times of one thing that was run again and again.</summary>
/// <param name="Times">Milliseconds of each round, ascending.</param>
internal sealed record Timing(IReadOnlyList<double> Times)
{
    /// <summary>Half of the rounds were faster.</summary>
    public double Median => Percentile(0.5);

    /// <summary>One round in twenty was faster.</summary>
    public double P5 => Percentile(0.05);

    /// <summary>One round in twenty was slower.</summary>
    public double P95 => Percentile(0.95);

    /// <summary>Times of things in turns, A B A B, so that whatever else the machine does meets them alike.</summary>
    /// <param name="contestants">What is timed.</param>
    /// <param name="seconds">Time for all of them together.</param>
    /// <param name="cancellation">Ends the measurement between two rounds.</param>
    /// <param name="least">Fewest rounds.</param>
    /// <param name="roundMilliseconds">A round repeats a contestant for at least this long.</param>
    /// <param name="device">Whose clock is asked; null for that of the processor.</param>
    public static Timing[] Alternate(IReadOnlyList<Action> contestants, double seconds,
        CancellationToken cancellation, int least = 9, double roundMilliseconds = 2, Device? device = null)
    {
        int[] calls = [.. contestants.Select(c => Calls(c, roundMilliseconds, device))];
        List<double>[] times = [.. contestants.Select(_ => new List<double>())];
        Stopwatch watch = Stopwatch.StartNew();
        for (int round = 0; round < least || watch.Elapsed.TotalSeconds < seconds; round++)
        {
            for (int i = 0; i < contestants.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                times[i].Add(Time(contestants[i], calls[i], device));
            }
        }

        return [.. times.Select(Of)];
    }

    /// <summary>Milliseconds of one call of several.</summary>
    public static double Time(Action run, int calls = 1, Device? device = null)
    {
        if (device is not null)
        {
            return device.Time(() => Repeat(run, calls)) / calls;
        }

        long start = Stopwatch.GetTimestamp();
        Repeat(run, calls);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
    }

    /// <summary>Sorts times.</summary>
    public static Timing Of(IEnumerable<double> times) => new([.. times.Order()]);

    /// <summary>Warms up (the compiler works in the background) and finds how many calls a round takes.</summary>
    private static int Calls(Action run, double milliseconds, Device? device)
    {
        Stopwatch watch = Stopwatch.StartNew();
        double fastest = double.PositiveInfinity;
        for (int i = 0; i < 3 || (i < 100 && watch.ElapsedMilliseconds < 300); i++)
        {
            fastest = Math.Min(fastest, Time(run, 1, device));
        }

        return (int)Math.Clamp(Math.Ceiling(milliseconds / Math.Max(fastest, 1e-6)), 1, 100_000);
    }

    private static void Repeat(Action run, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            run();
        }
    }

    private double Percentile(double share) =>
        Times[(int)Math.Clamp(Math.Round(share * (Times.Count - 1)), 0, Times.Count - 1)];
}
