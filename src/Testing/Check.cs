using System.Globalization;

namespace MuxKernels.Testing;

/// <summary>Comparisons that explain themselves, and checks of kernels against a reference over generated geometries.
/// </summary>
public static partial class Check
{
    /// <summary>Demands <c>|actual − expected| ≤ bound</c> for every element. NaN and infinities must be met exactly.
    /// </summary>
    /// <param name="expected">Reference values.</param>
    /// <param name="actual">Values found.</param>
    /// <param name="bounds">Allowed error of each element.</param>
    /// <param name="what">Kernel and geometry, for the message.</param>
    /// <param name="shape">Shape, for the index in the message; null for a flat index.</param>
    /// <exception cref="CheckFailedException">An element outside its bound, or lengths that differ.</exception>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, ReadOnlySpan<double> bounds,
        string what = "values", Shape? shape = null)
    {
        if (Difference(expected, actual, bounds, shape) is { } difference)
        {
            throw new CheckFailedException($"{what}: {difference}.");
        }
    }

    /// <summary>Demands equal bits in every element.</summary>
    /// <exception cref="CheckFailedException">An element that differs, or lengths that differ.</exception>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what = "values",
        Shape? shape = null)
    {
        if (BitDifference(expected, actual, shape) is { } difference)
        {
            throw new CheckFailedException($"{what}: {difference}.");
        }
    }

    /// <summary>Describes the first element outside its bound; null if there is none.</summary>
    public static string? Difference(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual,
        ReadOnlySpan<double> bounds, Shape? shape = null)
    {
        if (expected.Length != actual.Length || bounds.Length != actual.Length)
        {
            return $"{actual.Length} elements, expected {expected.Length} with {bounds.Length} bounds";
        }

        (int first, int count) = (-1, 0);
        for (int i = 0; i < actual.Length; i++)
        {
            if (!IsClose(expected[i], actual[i], bounds[i]))
            {
                first = first < 0 ? i : first;
                count++;
            }
        }

        return first < 0 ? null : $"{Index(first, shape)} is {Text(actual[first])}, expected {Text(expected[first])} ± "
            + $"{bounds[first].ToString("G3", CultureInfo.InvariantCulture)} "
            + $"({count} of {actual.Length} elements are outside their bound, this is the first)";
    }

    /// <summary>Describes the first element whose bits differ; null if there is none.</summary>
    public static string? BitDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, Shape? shape = null)
    {
        if (expected.Length != actual.Length)
        {
            return $"{actual.Length} elements, expected {expected.Length}";
        }

        for (int i = 0; i < actual.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i])
                && !(float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
            {
                return $"{Index(i, shape)} is {Text(actual[i])}, expected the bits of {Text(expected[i])}";
            }
        }

        return null;
    }

    /// <summary>Whether a value meets its reference: within the bound, or the same infinity, or both NaN.</summary>
    public static bool IsClose(double expected, float actual, double bound) =>
        double.IsNaN(expected) ? float.IsNaN(actual)
        : double.IsInfinity(expected) ? actual == expected
        : Math.Abs(actual - expected) <= bound;

    /// <summary>The index of an element as text, <c>[n, c, h, w]</c>.</summary>
    public static string Index(int element, Shape? shape)
    {
        if (shape is not { } s)
        {
            return $"[{element}]";
        }

        int[] axes = s.Axes, index = new int[axes.Length];
        for (int axis = axes.Length - 1; axis >= 0; axis--)
        {
            (element, index[axis]) = Math.DivRem(element, axes[axis]);
        }

        return $"[{string.Join(", ", index)}]";
    }

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);
}
