namespace MuxKernels.Autograd;

/// <summary>Stochastic gradient descent in PyTorch's form, with momentum, Nesterov and weight decay
/// (see <see cref="SgdStep"/>).</summary>
public sealed class Sgd : Optimizer
{
    private readonly View velocity;

    /// <summary>An SGD optimizer.</summary>
    /// <param name="store">The network's memory.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="momentum">Momentum, 0 for none.</param>
    /// <param name="weightDecay">Added to the gradient as wd·p.</param>
    /// <param name="nesterov">Whether steps look ahead.</param>
    /// <param name="decayNormAndBias">Whether weight decay also acts on scales, shifts and biases.</param>
    public Sgd(ParameterStore store, double rate, double momentum = 0, double weightDecay = 0, bool nesterov = false,
        bool decayNormAndBias = true)
        : base(store, decayNormAndBias)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        if (nesterov && momentum == 0)
        {
            throw new ArgumentException("Nesterov steps need momentum above 0.", nameof(nesterov));
        }

        (Rate, Momentum, WeightDecay, Nesterov) = (rate, momentum, weightDecay, nesterov);
        velocity = momentum > 0 ? NewState() : View.None;
    }

    /// <summary>Momentum.</summary>
    public double Momentum { get; }

    /// <summary>Weight decay.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether steps look ahead.</summary>
    public bool Nesterov { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, View Memory)> State =>
        velocity.IsEmpty ? [] : [("velocity", velocity)];

    /// <inheritdoc/>
    protected override void Update(ParameterRuns runs, double gradientScale, View average, double averageDecay)
    {
        SgdStep.Args step = new(runs.Length, Rate, Momentum, WeightDecay, Nesterov, Steps == 1, gradientScale);
        Store.Device.SgdPassUpdate(new SgdPass.Args(runs, step, averageDecay), Store.Gradients, Store.Values, velocity,
            average);
    }
}
