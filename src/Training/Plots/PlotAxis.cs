using System.Globalization;

namespace MuxKernels.Training;

/// <summary>One axis of a plot: its range, its ticks, and where a value stands between the two ends.</summary>
internal sealed class PlotAxis
{
    private const int WantedTicks = 6;

    private PlotAxis(double min, double max, bool log, IReadOnlyList<double> ticks, int decimals)
    {
        (Min, Max, Log, Ticks) = (min, max, log, ticks);
        Labels = [.. ticks.Select(tick => Format(tick, decimals))];
    }

    public double Min { get; }

    public double Max { get; }

    public bool Log { get; }

    public IReadOnlyList<double> Ticks { get; }

    public IReadOnlyList<string> Labels { get; }

    /// <summary>Whether a value can be drawn.</summary>
    public static bool Drawable(double value, bool log) =>
        double.IsFinite(value) && Math.Abs(value) < 1e300 && (!log || value > 1e-300);

    /// <summary>The axis for some values.</summary>
    /// <param name="values">What is to be drawn; what can't be is ignored.</param>
    /// <param name="log">Logarithmic.</param>
    /// <param name="snap">Whether the ends are moved out to ticks.</param>
    public static PlotAxis For(IEnumerable<double> values, bool log, bool snap)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        bool whole = true;
        foreach (double value in values.Where(value => Drawable(value, log)))
        {
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
            whole &= Math.Floor(value) == value;
        }

        if (min > max)
        {
            (min, max) = log ? (1, 10) : (0, 1);
        }

        return log ? Logarithmic(min, max, snap) : Linear(min, max, snap, whole);
    }

    /// <summary>Position of a value, 0 at the beginning of the axis and 1 at its end.</summary>
    public double Position(double value) => Log
        ? (Math.Log10(value) - Math.Log10(Min)) / (Math.Log10(Max) - Math.Log10(Min))
        : (value - Min) / (Max - Min);

    /// <summary>A number with few digits: <c>0.25</c>, <c>1500</c>, <c>2.5e-7</c>.</summary>
    public static string Format(double value, int decimals)
    {
        double size = Math.Abs(value);
        return size is 0 or (>= 1e-4 and < 1e6)
            ? value.ToString("0." + new string('#', Math.Clamp(decimals, 0, 10)), CultureInfo.InvariantCulture)
            : value.ToString("0.###e0", CultureInfo.InvariantCulture);
    }

    private static PlotAxis Linear(double min, double max, bool snap, bool whole)
    {
        double size = Math.Max(Math.Abs(min), Math.Abs(max));
        if (size < 1e-280 || max - min <= size * 1e-6)
        {
            double margin = size < 1e-280 || whole ? Math.Max(0.5, size * 1e-6) : size * 0.05;
            (min, max) = (min - margin, max + margin);
        }

        double rough = (max - min) / WantedTicks, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        step = whole ? Math.Max(1, step) : step;
        double slack = 1e-9 * (max - min) / step;
        double first = snap ? Math.Floor(min / step + slack) : Math.Ceiling(min / step - slack);
        double last = snap ? Math.Ceiling(max / step - slack) : Math.Floor(max / step + slack);
        List<double> ticks = [];
        for (int i = 0; i <= last - first; i++)
        {
            // The sum makes 0 of −0.
            ticks.Add((first + i) * step + 0.0);
        }

        int decimals = (int)Math.Max(0, -Math.Floor(Math.Log10(step) + 1e-9));
        return snap
            ? new PlotAxis(first * step, last * step, false, ticks, decimals)
            : new PlotAxis(min, max, false, ticks, decimals);
    }

    private static PlotAxis Logarithmic(double min, double max, bool snap)
    {
        if (max / min < 1.0001)
        {
            (min, max) = (min / 2, max * 2);
        }

        int first = (int)Math.Floor(Math.Log10(min) + 1e-9), last = (int)Math.Ceiling(Math.Log10(max) - 1e-9);
        int every = Math.Max(1, (last - first + WantedTicks) / (WantedTicks + 2));
        double[] factors = last - first <= 2 ? [1, 2, 5] : [1];
        List<double> ticks = [];
        for (int power = first; power <= last; power += every)
        {
            ticks.AddRange(factors.Select(factor => factor * Math.Pow(10, power)));
        }

        if (snap)
        {
            min = ticks.LastOrDefault(tick => tick <= min * 1.0001, min);
            max = ticks.FirstOrDefault(tick => tick >= max * 0.9999, max);
        }

        return new PlotAxis(min, max, true, [.. ticks.Where(t => t >= min * 0.9999 && t <= max * 1.0001)], 10);
    }
}
