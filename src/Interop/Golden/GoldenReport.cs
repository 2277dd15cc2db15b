using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>Parts of a folder of golden data.</summary>
[Flags]
public enum GoldenParts
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Operators and blocks, <c>ops</c>.</summary>
    Operators = 1,

    /// <summary>Parameters, logits and block summaries of networks, <c>nets</c>.</summary>
    Networks = 2,

    /// <summary>Training traces, <c>traces</c>.</summary>
    Traces = 4,

    /// <summary>Everything.</summary>
    All = Operators | Networks | Traces,
}

/// <summary>How close results have to be.</summary>
public enum GoldenRule
{
    /// <summary>The limits of the golden data's own README, for devices that work in float32.</summary>
    Float,

    /// <summary>1e-6 everywhere, for a device that works in float64.</summary>
    Double,
}

/// <summary>What came out of a case.</summary>
public enum GoldenOutcome
{
    /// <summary>Every listed tensor is within its bound.</summary>
    Passed,

    /// <summary>A tensor is out of its bound or was not computed, or the case can't be read.</summary>
    Failed,

    /// <summary>The device has no body for an operation of the case.</summary>
    Skipped,
}

/// <summary>Computes what a module gives for an input in another way than operator by operator, such as by a plan.
/// </summary>
/// <param name="module">The module, with its numbers.</param>
/// <param name="shape">Shape of the input; each of its N images has a result of its own.</param>
/// <param name="x">The input.</param>
/// <returns>The result.</returns>
public delegate float[] GoldenInference(Module module, Shape shape, ReadOnlySpan<float> x);

/// <summary>Prepares the training step of a network whose parameters are on the verifier's device: a call of the result
/// computes the mean cross-entropy of a batch (images, class indices), writes the logits and adds all
/// gradients.</summary>
/// <param name="network">The network, with parameters.</param>
/// <param name="shape">Shape of the batch.</param>
public delegate IGoldenStep GoldenTraining(MuxNet network, Shape shape);

/// <summary>A prepared training step.</summary>
public interface IGoldenStep : IDisposable
{
    /// <summary>Computes one.</summary>
    /// <returns>The loss.</returns>
    double Run(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<double> logits);
}

/// <summary>What is checked, and how strictly.</summary>
public sealed record GoldenOptions
{
    /// <summary>Which parts.</summary>
    public GoldenParts Parts { get; init; } = GoldenParts.All;

    /// <summary>How close.</summary>
    public GoldenRule Rule { get; init; }

    /// <summary>What computes logits, maps of blocks and results of operators that are inference; null for the device,
    /// operator by operator. Gradients of operators are the device's in any case.</summary>
    public GoldenInference? Inference { get; init; }

    /// <summary>What computes the steps of training traces; null for the device, operator by operator.</summary>
    public GoldenTraining? Training { get; init; }
}

/// <summary>One tensor (or number) that was compared.</summary>
/// <param name="Case">Name of the case.</param>
/// <param name="Tensor">Name of the tensor within the case.</param>
/// <param name="Error">Largest distance, relative to what the rule says; null where the tensor was not computed or has
/// an element that is not a finite number.</param>
/// <param name="Bound">Largest allowed error; 0 where the rule asks for equality.</param>
/// <param name="Passed">Whether the error is within the bound, or within the allowance.</param>
public sealed record GoldenComparison(string Case, string Tensor, double? Error, double Bound, bool Passed)
{
    /// <summary>
    /// What the error may be where the bound is a matter of luck; equal to the bound elsewhere. After the first update
    /// of a float32 training trace, a relu unit whose input is nearer to zero than float32 rounds may be on either
    /// side, depending on the order of a sum (some 8 million units of a 64×64 trace have about one such); that moves
    /// losses by some 1e-4 and norms of batch-norm shifts by some 4e-4.
    /// </summary>
    public double Allowance { get; init; } = Bound;
}

/// <summary>One case: an operator, a network's parameters or logits, a training trace.</summary>
/// <param name="Part">Which part of the data it belongs to.</param>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">What came out.</param>
/// <param name="Reason">Why it failed or was skipped, one sentence; where it passed, empty or what is beyond its bound
/// and within its allowance.</param>
/// <param name="Comparisons">Its tensors.</param>
/// <param name="Elapsed">Time it took.</param>
public sealed record GoldenCase(GoldenParts Part, string Name, GoldenOutcome Outcome, string Reason,
    IReadOnlyList<GoldenComparison> Comparisons, TimeSpan Elapsed)
{
    /// <summary>The comparison nearest to its bound, or the worst beyond it; null where nothing was compared.</summary>
    public GoldenComparison? Worst => Comparisons.MaxBy(c => (!c.Passed, Ratio(c)));

    private static double Ratio(GoldenComparison c) => c switch
    {
        { Error: null } => double.PositiveInfinity,
        { Bound: 0 } => c.Error.Value > 0 ? double.PositiveInfinity : 0,
        _ => c.Error.Value / c.Bound,
    };
}

/// <summary>A case is done.</summary>
/// <param name="Done">Cases done so far.</param>
/// <param name="Total">All cases.</param>
/// <param name="Latest">The case that was just done.</param>
public sealed record GoldenProgress(int Done, int Total, GoldenCase Latest);

/// <summary>What a verification found.</summary>
/// <param name="Cases">Every case, in the order of the files.</param>
public sealed record GoldenReport(IReadOnlyList<GoldenCase> Cases)
{
    /// <summary>Every comparison of every case.</summary>
    public IEnumerable<GoldenComparison> Comparisons => Cases.SelectMany(c => c.Comparisons);

    /// <summary>Cases that passed.</summary>
    public int Passed => Count(GoldenOutcome.Passed);

    /// <summary>Cases that failed.</summary>
    public int Failed => Count(GoldenOutcome.Failed);

    /// <summary>Cases that the device can't do.</summary>
    public int Skipped => Count(GoldenOutcome.Skipped);

    /// <summary>Whether something was checked and nothing failed.</summary>
    public bool IsPassed => Failed == 0 && Passed > 0;

    private int Count(GoldenOutcome outcome) => Cases.Count(c => c.Outcome == outcome);
}
