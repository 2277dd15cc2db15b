using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

public static partial class GoldenVerifier
{
    private const double LossesPart = 1e-3;
    private const int MostSteps = 10_000;

    /// <summary>A training trace: the same batch at every step, SGD, losses, first gradients, final state.</summary>
    private static void RunTrace(TraceCase trace, Context context, GoldenComparer comparer)
    {
        Shape shape = CheckedInput(ShapeOf([trace.Batch, 3, trace.Resolution, trace.Resolution], trace.Model));
        if (trace.Steps is < 0 or > MostSteps || trace.Losses.Count > trace.Steps + 1
            || trace.LossDifferences.Count != trace.Losses.Count)
        {
            throw new InvalidDataException($"{trace.Model}: {trace.Steps} steps with {trace.Losses.Count} losses and "
                + $"{trace.LossDifferences.Count} differences, expected at most one loss more than steps.");
        }

        using MuxNet network = BuildNetwork(trace.Model, trace.NumClasses, shape.C);
        ParameterStore store = network.Materialize(context.Device);
        GoldenFormula.Fill(network, trace.Seed);
        int[] labels = GoldenFormula.Labels(trace.Seed, trace.Batch, trace.NumClasses);
        comparer.Add("labels", trace.Labels is null || labels.SequenceEqual(trace.Labels) ? 0 : 1, 0);
        float[] input = GoldenFormula.Values(trace.Seed, GoldenFormula.InputNumber, shape, 2);
        float[] targets = Array.ConvertAll(labels, l => (float)l);
        using Sgd sgd = new(store, trace.Lr, trace.Momentum, trace.WeightDecay);
        using IGoldenStep run = context.Training?.Invoke(network, shape) ?? new SessionStep(network, shape, context.Device);
        double[] logits = new double[(long)trace.Batch * trace.NumClasses];
        TraceLimits limits = new(trace, context.Rule);
        for (int step = 0; step < trace.Losses.Count; step++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            store.ZeroGradients();
            double loss = run.Run(input, targets, logits);
            if (limits.Compares(step))
            {
                comparer.Add($"loss {step}", Math.Abs(loss - trace.Losses[step]), limits.Loss(step),
                    limits.LossAllowance(step));
            }

            if (step == 0)
            {
                CompareLogits(logits, trace, limits, comparer);
            }

            if (step < trace.Steps)
            {
                if (step == 0)
                {
                    CompareGradients(network, trace, limits, context.Device, comparer);
                }

                sgd.Step();
            }
        }

        if (limits.ComparesToTheEnd)
        {
            CompareState(network, trace, limits, context.Device, comparer);
        }
    }

    /// <summary>A training step by a session, operator by operator.</summary>
    private sealed class SessionStep(MuxNet network, Shape shape, Device device) : IGoldenStep
    {
        private readonly Session session = new(device, training: true, record: true);

        public double Run(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<double> logits)
        {
            Tensor y = network.Invoke(session.Input(shape, images)), loss = y.CrossEntropy(labels);
            y.ToDoubles().CopyTo(logits);
            double value = loss.ToDoubles()[0];
            session.Backward(loss);
            session.Clear();
            return value;
        }

        public void Dispose() => session.Dispose();
    }

    private static void CompareLogits(double[] logits, TraceCase trace, TraceLimits limits, GoldenComparer comparer)
    {
        if (trace.FirstLogits.Count > 0)
        {
            double[] first = logits[..Math.Min(trace.FirstLogits.Count, logits.Length)];
            comparer.Add("first logits", first, [.. trace.FirstLogits], GoldenComparer.Largest(logits), limits.Logits);
        }
    }

    private static void CompareGradients(MuxNet network, TraceCase trace, TraceLimits limits, Device device,
        GoldenComparer comparer)
    {
        Dictionary<string, StateEntry> state = network.State().ToDictionary(e => e.Name, StringComparer.Ordinal);
        foreach (TraceNorm want in trace.FirstGradients)
        {
            string name = "gradient " + want.Name;
            if (!state.TryGetValue(want.Name, out StateEntry? entry) || entry.Counter is not null
                || entry.Gradient.IsEmpty)
            {
                comparer.AddMissing(name, limits.Gradient(want));
                continue;
            }

            double[] values = ReadDoubles(device, entry.Gradient);
            double norm = GoldenComparer.Norm(values);
            if (want.AnalyticallyZero)
            {
                comparer.Add(name, norm, limits.ZeroGradient(want));
                continue;
            }

            comparer.Add(name, Math.Abs(norm - want.Norm) / want.Norm, limits.Gradient(want));
            if (limits.ComparesElements)
            {
                double[] first = values[..Math.Min(want.First.Count, values.Length)];
                comparer.Add(name + " elements", first, [.. want.First], want.Norm, limits.Gradient(want));
            }
        }
    }

    private static void CompareState(MuxNet network, TraceCase trace, TraceLimits limits, Device device,
        GoldenComparer comparer)
    {
        Dictionary<string, StateEntry> state = network.State().ToDictionary(e => e.Name, StringComparer.Ordinal);
        foreach (TraceNorm want in trace.FinalState)
        {
            string name = "final " + want.Name;
            if (state.TryGetValue(want.Name, out StateEntry? entry) && entry.Counter is null)
            {
                double norm = GoldenComparer.Norm(ReadDoubles(device, entry.Data));
                comparer.Add(name, Math.Abs(norm - want.Norm) / Math.Max(want.Norm, GoldenComparer.Smallest),
                    limits.State(want), limits.StateAllowance(want));
            }
            else
            {
                comparer.AddMissing(name, limits.State(want));
            }
        }
    }

    /// <summary>Limits of a trace. In float32 they widen with what PyTorch's own float32 run shows; for
    /// allowances see <see cref="GoldenComparison.Allowance"/>.</summary>
    private sealed class TraceLimits(TraceCase trace, GoldenRule rule)
    {
        private readonly bool exact = rule == GoldenRule.Double;
        private readonly int compared = rule == GoldenRule.Double
            ? trace.Losses.Count
            : trace.LossDifferences.TakeWhile(d => d <= LossesPart).Count();

        public bool ComparesToTheEnd => compared == trace.Losses.Count;

        public bool ComparesElements => exact;

        public double Logits => exact ? 1e-6 : 1e-4;

        public bool Compares(int step) => step < compared;

        public double Loss(int step) => exact ? 1e-6 : 5e-5 + 20 * trace.LossDifferences[step];

        /// <summary>A loss feels a flipped relu unit after the first update: relu itself is continuous.</summary>
        public double LossAllowance(int step) => exact || step == 0 ? Loss(step) : Loss(step) + 5e-4;

        public double Gradient(TraceNorm want) => exact ? 1e-6 : 10 * want.RelativeError + 1e-5;

        public double ZeroGradient(TraceNorm want) => exact ? 1e-9 : 20 * want.NormInFloat + 1e-6;

        public double State(TraceNorm want) => exact ? 1e-6 : 10 * want.RelativeError + 1e-4;

        public double StateAllowance(TraceNorm want) => exact ? State(want) : State(want) + 2e-3;
    }
}
