namespace MuxKernels.Autograd;

/// <summary>How a parameter starts.</summary>
public enum Initialization
{
    /// <summary>All zeros.</summary>
    Zeros,

    /// <summary>All ones.</summary>
    Ones,

    /// <summary>Normal with deviation <c>√(2/(k²·C_out))</c>, not divided by groups, as in the released code.</summary>
    ConvolutionNormal,

    /// <summary>Uniform ±<c>1/√outputs</c> (the released code takes the count of outputs as fan).</summary>
    LinearUniform,
}

/// <summary>A part of a parameter with a name of its own in the state dictionary.</summary>
/// <param name="Name">Suffix below the module: <c>weight</c>, <c>0.weight</c>, <c>convs.0.1.weight</c>.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Offset">Its first element within the parameter.</param>
public readonly record struct ParameterPart(string Name, Shape Shape, int Offset);

/// <summary>
/// Trained numbers, or a buffer that is kept with them (running statistics). Memory is a run of the network's
/// <see cref="ParameterStore"/>. A parameter may have several parts (mixed kernels, multiplexed scales), which lie one
/// after the other and have names of their own in the state dictionary.
/// </summary>
public sealed class Parameter : Tensor
{
    private View data;
    private View gradient;

    /// <summary>A parameter of parts that lie one after the other.</summary>
    /// <exception cref="ShapeException">An empty part, or more numbers than memory of one piece has.</exception>
    public Parameter(IReadOnlyList<(string Name, Shape Shape)> parts, Initialization initialization,
        bool trained = true)
        : base(null, Whole(parts), View.None, trained)
    {
        Guard.Positive(Shape, nameof(Parameter));
        Initialization = initialization;
        List<ParameterPart> list = [];
        int offset = 0;
        foreach ((string name, Shape shape) in parts)
        {
            list.Add(new ParameterPart(name, shape, offset));
            offset += (int)shape.Length;
        }

        Parts = list;
    }

    /// <summary>The parts, in order.</summary>
    public IReadOnlyList<ParameterPart> Parts { get; }

    /// <summary>How it starts.</summary>
    public Initialization Initialization { get; }

    /// <summary>Whether it is trained (else a buffer).</summary>
    public bool IsTrained => NeedsGradient;

    /// <summary>Whether weight decay is usually left out for it: scales, shifts and biases.</summary>
    public bool IsNormOrBias => Parts[0].Shape.Rank == 1;

    /// <inheritdoc/>
    public override View Data => data.IsEmpty
        ? throw new InvalidOperationException(
            "This network has no memory yet: call Materialize(device) or load a checkpoint first.")
        : data;

    /// <inheritdoc/>
    public override View Gradient
    {
        get => gradient;
        internal set => throw new InvalidOperationException("A parameter's gradient belongs to its store.");
    }

    /// <summary>Whether the numbers lie in this memory.</summary>
    internal bool IsIn(View memory) => data.Buffer is not null && ReferenceEquals(data.Buffer, memory.Buffer);

    internal void Place(View data, View gradient) => (this.data, this.gradient) = (data, gradient);

    private static Shape Whole(IReadOnlyList<(string Name, Shape Shape)> parts)
    {
        if (parts.Count == 1)
        {
            return parts[0].Shape;
        }

        long length = parts.Sum(p => p.Shape.Length);
        Guard.That(length <= Guard.MaxLength, nameof(Parameter), $"{length} numbers, at most {Guard.MaxLength}.");
        return Shape.Vector((int)length);
    }
}
