namespace MuxKernels.Autograd;

/// <summary>One element where a gradient and its central difference were compared.</summary>
/// <param name="Tensor">Which input or parameter.</param>
/// <param name="Index">Which element.</param>
/// <param name="Analytic">The backward pass's gradient.</param>
/// <param name="Numeric">The central difference.</param>
/// <param name="Error">Their distance.</param>
/// <param name="Allowed">What the check allows.</param>
public readonly record struct GradientError(string Tensor, int Index, double Analytic, double Numeric, double Error,
    double Allowed)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Tensor}[{Index}]: gradient {Analytic:R}, central difference {Numeric:R}, off by {Error:E2}, "
        + $"allowed {Allowed:E2}";
}

/// <summary>Gradients against central differences, in double on a <see cref="ReferenceDevice"/>.</summary>
public static class GradientCheck
{
    /// <summary>
    /// Compares the gradient of <c>L = Σ c·f(inputs)</c> with random c against
    /// <c>(L(x + h) − L(x − h))/2h</c> for a sample of elements of every input.
    /// </summary>
    /// <param name="function">Builds the result from the inputs; called many times, so it must be a function of them
    /// alone (parameters of a network are inputs here as well: pass them as tensors).</param>
    /// <param name="inputs">Shape and values of each input.</param>
    /// <param name="training">Whether batch-norm uses batch statistics.</param>
    /// <param name="step">h, relative to 1.</param>
    /// <param name="tolerance">Allowed distance relative to the largest gradient of the tensor.</param>
    /// <param name="samples">Elements compared for each input.</param>
    /// <param name="seed">Seed of c and of the sample.</param>
    /// <param name="candidate">Where the gradient is computed; null for the reference device, as the differences.
    /// </param>
    /// <returns>Elements beyond the tolerance, worst first; empty if the gradient is right.</returns>
    public static IReadOnlyList<GradientError> Run(Func<Tensor[], Tensor> function,
        IReadOnlyList<(Shape Shape, double[] Values)> inputs, bool training = false, double step = 1e-5,
        double tolerance = 1e-6, int samples = 40, ulong seed = 1, Device? candidate = null)
    {
        using ReferenceDevice device = new();
        double[] weights = [];
        double[][] gradients;
        using (Session session = new(candidate ?? device, training, record: true, seed))
        {
            Tensor[] xs = [.. inputs.Select(x => session.Input(x.Shape, x.Values, needsGradient: true))];
            Tensor y = function(xs);
            weights = Coefficients(y.Shape, seed);
            session.Backward([y], [weights]);
            gradients = [.. xs.Select(x => x.Gradient.IsEmpty ? new double[x.Shape.Length] : x.GradientToDoubles())];
        }

        List<GradientError> errors = [];
        for (int t = 0; t < inputs.Count; t++)
        {
            double[] values = inputs[t].Values;
            double largest = Math.Max(gradients[t].Max(Math.Abs), 1e-3);
            int count = Math.Min(samples, values.Length);
            for (int k = 0; k < count; k++)
            {
                int i = count == values.Length
                    ? k
                    : (int)(SplitMix.Hash(seed + (ulong)(t * 1_000_003 + k)) % (ulong)values.Length);
                double saved = values[i];
                double h = step * Math.Max(1, Math.Abs(saved));
                values[i] = saved + h;
                double above = Loss(function, inputs, training, weights, device, seed);
                values[i] = saved - h;
                double below = Loss(function, inputs, training, weights, device, seed);
                values[i] = saved;
                double numeric = (above - below) / (2 * h), error = Math.Abs(numeric - gradients[t][i]);
                double allowed = tolerance * largest;
                if (!(error <= allowed))
                {
                    errors.Add(new GradientError($"input {t}", i, gradients[t][i], numeric, error, allowed));
                }
            }
        }

        return [.. errors.OrderByDescending(e => e.Error / e.Allowed)];
    }

    private static double Loss(Func<Tensor[], Tensor> function, IReadOnlyList<(Shape Shape, double[] Values)> inputs,
        bool training, double[] weights, Device device, ulong seed)
    {
        using Session session = new(device, training, record: false, seed);
        double[] y = function([.. inputs.Select(x => session.Input(x.Shape, x.Values))]).ToDoubles();
        double sum = 0;
        for (int i = 0; i < y.Length; i++)
        {
            sum += y[i] * weights[i];
        }

        return sum;
    }

    private static double[] Coefficients(Shape shape, ulong seed)
    {
        double[] c = new double[shape.Length];
        for (int i = 0; i < c.Length; i++)
        {
            c[i] = SplitMix.Uniform(seed * 7919 + (ulong)i) * 2 - 1;
        }

        return c;
    }
}
