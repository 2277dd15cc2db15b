namespace MuxKernels;

/// <summary>Analytic error bounds of float32 results against a float64 reference. A tolerance is a theorem, not a
/// taste.</summary>
public static class ErrorBound
{
    /// <summary>Unit roundoff of float32, <c>2⁻²⁴</c>.</summary>
    public const double Unit = 1.0 / (1 << 24);

    /// <summary>Smallest float32 subnormal, <c>2⁻¹⁴⁹</c>.</summary>
    public const double Tiny = 1.401298464324817e-45;

    /// <summary>A sum of <paramref name="depth"/> products in any order:
    /// <c>|y − ref| ≤ (depth + 8)·2⁻²⁴·Σ|w·x| + depth·2⁻¹⁴⁹</c>. For a banded sum depth is band + bands.</summary>
    /// <param name="depth">Roundings on the longest path.</param>
    /// <param name="magnitude"><c>Σ|w·x|</c> of the element.</param>
    public static double Sum(long depth, double magnitude) => (depth + 8) * Unit * magnitude + depth * Tiny;

    /// <summary>Bound of an operation that is a sum of products of its inputs: the magnitudes come from its own
    /// reference on absolute values.</summary>
    public static double[][] OfSum<TArgs>(in TArgs args, double[][] inputs, double[][] expected,
        KernelReference<TArgs> reference, long depth)
        where TArgs : struct
    {
        double[][] absolute = [.. inputs.Select(x => Array.ConvertAll(x, Math.Abs))];
        double[][] bounds = [.. expected.Select(y => new double[y.Length])];
        reference(args, absolute, bounds);
        foreach (double[] bound in bounds)
        {
            for (int i = 0; i < bound.Length; i++)
            {
                bound[i] = Sum(depth, bound[i]);
            }
        }

        return bounds;
    }

    /// <summary>No error at all: data movement.</summary>
    public static double[][] Exact<TArgs>(in TArgs args, double[][] inputs, double[][] expected)
        where TArgs : struct => [.. expected.Select(y => new double[y.Length])];
}
