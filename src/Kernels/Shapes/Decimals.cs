using System.Globalization;

namespace MuxKernels;

/// <summary>Numbers as they were written: <c>1e-5f</c> means 0.00001, not the float nearest to it.</summary>
public static class Decimals
{
    /// <summary>The double that the shortest decimal text of a float names, without allocating.</summary>
    public static double Of(float value)
    {
        Span<char> text = stackalloc char[32];
        return value.TryFormat(text, out int length, provider: CultureInfo.InvariantCulture)
            ? double.Parse(text[..length], CultureInfo.InvariantCulture)
            : value;
    }
}
