using System.Globalization;

namespace MuxKernels.Testing;

/// <summary>Gradients against central differences in double, for plain functions: a backward pass of one's own is right
/// if <c>gradient_i ≈ (f(x + h·e_i) − f(x − h·e_i)) / 2h</c>.</summary>
public static class GradientCheck
{
    /// <summary>The gradient of <paramref name="f"/> at <paramref name="x"/> by central differences.</summary>
    /// <param name="f">A function of numbers; it must not keep or change the array.</param>
    /// <param name="x">Where.</param>
    /// <param name="step">h; errors are h² of the third derivative, and 10⁻¹⁶/h of the value.</param>
    public static double[] Numeric(Func<double[], double> f, ReadOnlySpan<double> x, double step = 1e-5)
    {
        double[] at = x.ToArray(), gradient = new double[at.Length];
        for (int i = 0; i < at.Length; i++)
        {
            double middle = at[i];
            at[i] = middle + step;
            double above = f(at);
            at[i] = middle - step;
            double below = f(at);
            at[i] = middle;
            gradient[i] = (above - below) / (2 * step);
        }

        return gradient;
    }

    /// <summary>Demands <c>|gradient − numeric| ≤ tolerance·(1 + |numeric|)</c> in every element.</summary>
    /// <param name="f">The function.</param>
    /// <param name="x">Where.</param>
    /// <param name="gradient">Its gradient there, to be checked.</param>
    /// <param name="tolerance">Allowed error.</param>
    /// <param name="step">Step of the differences.</param>
    /// <exception cref="CheckFailedException">An element that is not the derivative, or lengths that
    /// differ.</exception>
    public static void Agrees(Func<double[], double> f, ReadOnlySpan<double> x, ReadOnlySpan<double> gradient,
        double tolerance = 1e-6, double step = 1e-5)
    {
        if (x.Length != gradient.Length)
        {
            throw new CheckFailedException($"The gradient has {gradient.Length} elements, expected {x.Length}.");
        }

        double[] numeric = Numeric(f, x, step);
        for (int i = 0; i < numeric.Length; i++)
        {
            if (!(Math.Abs(gradient[i] - numeric[i]) <= tolerance * (1 + Math.Abs(numeric[i]))))
            {
                throw new CheckFailedException(string.Create(CultureInfo.InvariantCulture,
                    $"The gradient's element {i} is {gradient[i]:G9}, central differences give {numeric[i]:G9}."));
            }
        }
    }
}
