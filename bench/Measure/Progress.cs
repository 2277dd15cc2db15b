using System.Diagnostics;

namespace MuxKernels.Measure;

/// <summary>Progress of a long measurement on a text writer (standard error): what is being measured, the rate, the
/// time that is left.</summary>
/// <param name="output">Where lines go.</param>
/// <param name="total">Number of measurements.</param>
public sealed class Progress(TextWriter output, int total)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private int done;

    /// <summary>Says what comes next.</summary>
    public void Next(string what)
    {
        string left = done == 0
            ? ""
            : $", {watch.Elapsed.TotalSeconds / done:F1} s each, {Time(watch.Elapsed / done * (total - done))} left";
        output.WriteLine($"[{done + 1}/{total}{left}] {what}");
        done++;
    }

    /// <summary>Says something about the current measurement.</summary>
    public void Note(string text) => output.WriteLine($"  {text}");

    private static string Time(TimeSpan time) =>
        time.TotalSeconds < 90 ? $"{time.TotalSeconds:F0} s" : $"{time.TotalMinutes:F0} min";
}
