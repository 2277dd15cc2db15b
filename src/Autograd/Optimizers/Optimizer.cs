namespace MuxKernels.Autograd;

/// <summary>Changes the parameters of a network after each backward pass.</summary>
public abstract class Optimizer : IDisposable
{
    private readonly ParameterRuns runs;

    /// <summary>An optimizer of a network's parameters.</summary>
    /// <param name="store">The network's memory.</param>
    /// <param name="decayNormAndBias">Whether weight decay also acts on scales, shifts and biases.</param>
    protected Optimizer(ParameterStore store, bool decayNormAndBias)
    {
        Store = store;
        (int Length, bool Decays)[] trained = [.. store.Parameters.Where(p => p.IsTrained)
            .Select(p => ((int)p.Shape.Length, decayNormAndBias || !p.IsNormOrBias))];
        runs = new ParameterRuns(trained.Length > 0 ? trained : [(store.Values.Length, false)]);
    }

    /// <summary>The network's memory.</summary>
    public ParameterStore Store { get; }

    /// <summary>Learning rate of the next step.</summary>
    public double Rate { get; set; }

    /// <summary>An average of the network's numbers that each step moves on; null for none. It is the
    /// caller's.</summary>
    public WeightAverage? Average { get; set; }

    /// <summary>Number of steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Names and memory of what the optimizer remembers, for checkpoints; each as long as the trained numbers.
    /// </summary>
    public abstract IReadOnlyList<(string Name, View Memory)> State { get; }

    /// <summary>
    /// Takes one step with the gradients that are there. With <paramref name="maximumNorm"/> above 0 the gradients are
    /// scaled so that their global L2 norm is at most that. One pass does the rest: clipping, decay, the step, the
    /// average, and gradients that are zero afterwards.
    /// </summary>
    /// <returns>The norm before scaling; 0 where no limit was asked for.</returns>
    /// <exception cref="ArithmeticException">The norm is not a finite number: the step was not taken.</exception>
    /// <exception cref="InvalidOperationException">The network has its averages in place of its numbers, or the average
    /// is another network's.</exception>
    public double Step(double maximumNorm = 0)
    {
        if (Average is { } own && (own.IsSwapped || !ReferenceEquals(own.Store, Store)))
        {
            throw new InvalidOperationException(own.IsSwapped
                ? "The network has its averages in place of its numbers; swap them back before a step."
                : "The average is another network's.");
        }

        double norm = 0;
        double scale = 1;
        if (maximumNorm > 0)
        {
            norm = Store.GradientNorm();
            if (!double.IsFinite(norm))
            {
                throw new ArithmeticException(
                    $"The gradient's norm is {norm} at step {Steps + 1}: training diverged; lower the rate (now "
                    + $"{Rate:G3}).");
            }

            scale = norm > maximumNorm ? maximumNorm / (norm + 1e-6) : 1;
        }

        Steps++;
        Update(runs, scale, Average?.Values ?? View.None, Average?.NextDecay ?? 0);
        Average?.Move();
        return norm;
    }

    /// <summary>Goes on after a checkpoint was loaded into <see cref="State"/>.</summary>
    public void Resume(long steps) => Steps = steps;

    /// <summary>Goes on where another optimizer of this kind and of a network of this size was, on whatever device:
    /// after <c>network.MoveTo</c> a new optimizer takes over from the old one.</summary>
    /// <exception cref="ArgumentException">It remembers something else.</exception>
    public void Continue(Optimizer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        IReadOnlyList<(string Name, View Memory)> own = State, theirs = other.State;
        if (!own.Select(s => (s.Name, s.Memory.Length)).SequenceEqual(theirs.Select(s => (s.Name, s.Memory.Length))))
        {
            throw new ArgumentException($"It has {Text(theirs)}, expected {Text(own)}.", nameof(other));
        }

        for (int i = 0; i < own.Count; i++)
        {
            double[] values = new double[theirs[i].Memory.Length];
            other.Store.Device.Read(theirs[i].Memory, values);
            Store.Device.Write(values, own[i].Memory);
        }

        Steps = other.Steps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((string _, View memory) in State)
        {
            Store.Device.Return(memory.Buffer!);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Updates all parameters, moves their average on and sets the gradients to zero.</summary>
    /// <param name="runs">Where weight decay acts.</param>
    /// <param name="gradientScale">Factor on the gradients.</param>
    /// <param name="average">Memory of the average; empty for none.</param>
    /// <param name="averageDecay">What the average keeps.</param>
    protected abstract void Update(ParameterRuns runs, double gradientScale, View average, double averageDecay);

    /// <summary>Zeroed memory as long as the trained numbers.</summary>
    protected View NewState()
    {
        View view = Store.Device.Rent(Store.Values.Length).View;
        Store.Device.Fill(view, 0f);
        return view;
    }

    private static string Text(IReadOnlyList<(string Name, View Memory)> state) => state.Count == 0
        ? "no state"
        : string.Join(", ", state.Select(s => $"{s.Name} with {s.Memory.Length} elements"));
}
