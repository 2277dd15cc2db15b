namespace MuxKernels.Autograd;

/// <summary>AdamW, Adam with decoupled weight decay (see <see cref="AdamWStep"/>).</summary>
public sealed class AdamW : Optimizer
{
    private readonly View first;
    private readonly View second;

    /// <summary>An AdamW optimizer.</summary>
    /// <param name="store">The network's memory.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Decoupled decay, scaled by the rate.</param>
    /// <param name="decayNormAndBias">Whether weight decay also acts on scales, shifts and biases.</param>
    public AdamW(ParameterStore store, double rate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 0.01, bool decayNormAndBias = false)
        : base(store, decayNormAndBias)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epsilon);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(beta1, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(beta2, 1);
        (Rate, Beta1, Beta2, Epsilon, WeightDecay) = (rate, beta1, beta2, epsilon, weightDecay);
        first = NewState();
        try
        {
            second = NewState();
        }
        catch
        {
            store.Device.Return(first.Buffer!);
            throw;
        }
    }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; }

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; }

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, View Memory)> State => [("first", first), ("second", second)];

    /// <inheritdoc/>
    protected override void Update(ParameterRuns runs, double gradientScale, View average, double averageDecay)
    {
        AdamWStep.Args step = new(runs.Length, Rate, Beta1, Beta2, Epsilon, WeightDecay, Steps, gradientScale);
        Store.Device.AdamWPassUpdate(new AdamWPass.Args(runs, step, averageDecay), Store.Gradients, Store.Values, first,
            second, average);
    }
}
