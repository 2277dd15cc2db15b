namespace MuxKernels.Measure;

/// <summary>How long something took, over many runs.</summary>
/// <param name="MedianMs">Half of the runs were faster.</param>
/// <param name="P5Ms">One run in twenty was faster.</param>
/// <param name="P95Ms">One run in twenty was slower.</param>
/// <param name="LeastMs">The fastest run.</param>
/// <param name="Runs">Number of runs.</param>
public sealed record Spread(double MedianMs, double P5Ms, double P95Ms, double LeastMs, int Runs)
{
    /// <summary>Spread of the times of single runs, in milliseconds.</summary>
    /// <exception cref="ArgumentException">No times.</exception>
    public static Spread Of(IEnumerable<double> times)
    {
        double[] sorted = [.. times.Order()];
        return sorted.Length == 0
            ? throw new ArgumentException("There are no times.", nameof(times))
            : new Spread(Quantile(sorted, 0.5), Quantile(sorted, 0.05), Quantile(sorted, 0.95), sorted[0],
                sorted.Length);
    }

    /// <summary>Median of numbers in any order.</summary>
    /// <exception cref="ArgumentException">No numbers.</exception>
    public static double Median(IEnumerable<double> numbers) => Of(numbers).MedianMs;

    /// <summary>A quantile of ascending numbers, linear between two of them.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int low = (int)place, high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
    }
}
