namespace MuxKernels.Autograd;

/// <summary>
/// One operation with its arguments, as a value: the record's backward pass, summaries, exporters and planners all read
/// it, and nothing else describes a network. Derive from it to add an operator of your own.
/// </summary>
public abstract record Operator
{
    /// <summary>Name of the operation: <c>PointwiseConv</c>.</summary>
    public virtual string Type => GetType().Name.Replace("Operator", "", StringComparison.Ordinal);

    /// <summary>Shapes of what it makes: the results, then what it saves for the backward pass.</summary>
    public abstract IReadOnlyList<Shape> Results { get; }

    /// <summary>How many of <see cref="Results"/> are results; the others are saved only.</summary>
    public virtual int ResultCount => 1;

    /// <summary>Multiply-adds by the paper's counting rule (SPEC §3.2).</summary>
    public virtual long MultiplyAdds => 0;

    /// <summary>Multiply-adds of convolutions and matrix products alone.</summary>
    public virtual long MultiplyAddsLinear => MultiplyAdds;

    /// <summary>Computes the results. Every operand has the validated shape.</summary>
    public abstract void Forward(Device device, Operands o);

    /// <summary>Computes the gradients that are asked for (<see cref="Operands.Wants"/>).</summary>
    public abstract void Backward(Device device, Operands o);

    /// <summary>
    /// Whether <see cref="Backward"/> adds the gradient of an input (parameters) or writes it (inputs).
    /// </summary>
    public virtual bool Adds(int input) => input > 0;
}

/// <summary>The memory an operator works on.</summary>
public sealed class Operands
{
    private readonly View[] inputs;
    private readonly View[] results;
    private readonly View[] inputGradients;
    private readonly View[] resultGradients;

    /// <summary>Where it is noted which inputs (true) and results an operator asks for; null for nowhere.</summary>
    internal HashSet<(bool IsInput, int Index)>? Asked { get; init; }

    internal Operands(View[] inputs, View[] results, View[] inputGradients, View[] resultGradients)
    {
        (this.inputs, this.results) = (inputs, results);
        (this.inputGradients, this.resultGradients) = (inputGradients, resultGradients);
    }

    /// <summary>First input, x.</summary>
    public View X => Input(0);

    /// <summary>Second input, the weight of a convolution.</summary>
    public View W => Input(1);

    /// <summary>Third input, or none: the bias.</summary>
    public View Bias => Input(2);

    /// <summary>First result, y.</summary>
    public View Y => Result(0);

    /// <summary>Gradient of the first result, dy.</summary>
    public View Dy => resultGradients[0];

    /// <summary>Where the gradient of the first input goes; empty where it is not wanted.</summary>
    public View Dx => inputGradients[0];

    /// <summary>Where the gradient of the second input is added; empty where it is not wanted.</summary>
    public View Dw => inputGradients[1];

    /// <summary>An input; empty where there is none.</summary>
    public View Input(int index)
    {
        Asked?.Add((true, index));
        return index < inputs.Length ? inputs[index] : View.None;
    }

    /// <summary>A result or something saved.</summary>
    public View Result(int index)
    {
        Asked?.Add((false, index));
        return results[index];
    }

    /// <summary>Gradient of a result; zero where nobody used it.</summary>
    public View ResultGradient(int index) => resultGradients[index];

    /// <summary>Where the gradient of an input goes; empty where it is not wanted.</summary>
    public View InputGradient(int index) => index < inputGradients.Length ? inputGradients[index] : View.None;

    /// <summary>Whether the gradient of an input is wanted.</summary>
    public bool Wants(int index) => !InputGradient(index).IsEmpty;
}

/// <summary>One entry of the record.</summary>
/// <param name="Operator">What was computed.</param>
/// <param name="Inputs">Its operands; null where an optional one (a bias) is absent.</param>
/// <param name="Results">Its results, then what it saved.</param>
/// <param name="Scope">Path of the module it belongs to: <c>blocks.3.0.conv_pw</c>.</param>
public sealed record Node(Operator Operator, IReadOnlyList<Tensor?> Inputs, IReadOnlyList<Tensor> Results,
    string Scope);
