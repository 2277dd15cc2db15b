namespace MuxKernels.Interop;

/// <summary>Collects the comparisons of one case.</summary>
/// <param name="caseName">Name of the case.</param>
internal sealed class GoldenComparer(string caseName)
{
    /// <summary>Stands for the largest value of a tensor of zeros.</summary>
    public const double Smallest = 1e-300;

    private readonly List<GoldenComparison> comparisons = [];

    /// <summary>Added to the reason of a failure.</summary>
    public string Hint { get; set; } = "";

    /// <summary>What was compared so far.</summary>
    public IReadOnlyList<GoldenComparison> Comparisons => comparisons;

    /// <summary>Adds a comparison whose error is known.</summary>
    public void Add(string tensor, double error, double bound) => Add(tensor, error, bound, bound);

    /// <summary>Adds a comparison with an allowance beyond its bound.</summary>
    public void Add(string tensor, double error, double bound, double allowance) => comparisons.Add(
        double.IsFinite(error)
            ? new GoldenComparison(caseName, tensor, error, bound, error <= allowance) { Allowance = allowance }
            : new GoldenComparison(caseName, tensor, null, bound, false) { Allowance = allowance });

    /// <summary>Adds a tensor that was not computed: a failure.</summary>
    public void AddMissing(string tensor, double bound) =>
        comparisons.Add(new GoldenComparison(caseName, tensor, null, bound, false));

    /// <summary>Adds <c>max|got − want|/scale</c>.</summary>
    public void Add(string tensor, ReadOnlySpan<double> got, ReadOnlySpan<double> want, double scale, double bound) =>
        Add(tensor, Distance(got, want) / scale, bound);

    /// <summary><c>max|v|</c>, at least <see cref="Smallest"/>.</summary>
    public static double Largest(ReadOnlySpan<double> values)
    {
        double largest = Smallest;
        foreach (double value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    /// <summary><c>max|got − want|</c>; not a number where one of them is none or the lengths differ.</summary>
    public static double Distance(ReadOnlySpan<double> got, ReadOnlySpan<double> want)
    {
        if (got.Length != want.Length)
        {
            return double.NaN;
        }

        double largest = 0;
        for (int i = 0; i < got.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(got[i] - want[i]));
        }

        return largest;
    }

    /// <summary><c>√Σv²</c>.</summary>
    public static double Norm(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value * value;
        }

        return Math.Sqrt(sum);
    }
}
