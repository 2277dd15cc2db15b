namespace MuxKernels.Compare;

/// <summary>Whether two programs computed the same.</summary>
internal static class Outputs
{
    /// <summary>Most that outputs may differ, as a share of the largest.</summary>
    public const double Tolerance = 1e-5;

    /// <summary>Largest difference as a share of the largest output.</summary>
    /// <exception cref="ComparisonException">More than <see cref="Tolerance"/>, a number that is not finite, or nothing
    /// but zeros.</exception>
    public static double Difference(string what, ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs)
    {
        if (ours.Length != theirs.Length)
        {
            throw new ComparisonException($"{what}: {theirs.Length} outputs, ours are {ours.Length}.");
        }

        double largest = 0, difference = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            if (!float.IsFinite(ours[i]) || !float.IsFinite(theirs[i]))
            {
                throw new ComparisonException($"{what}: output {i} is {theirs[i]}, ours {ours[i]}.");
            }

            largest = Math.Max(largest, Math.Abs((double)ours[i]));
            difference = Math.Max(difference, Math.Abs((double)ours[i] - theirs[i]));
        }

        return largest == 0 || difference > Tolerance * largest
            ? throw new ComparisonException($"{what}: outputs differ by {difference / largest:E1} of the largest, "
                + $"{largest:G3}; expected at most {Tolerance:E0}.")
            : difference / largest;
    }
}
