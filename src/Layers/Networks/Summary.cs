using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>One recorded operation of a network.</summary>
/// <param name="Name">Path of its module: <c>blocks.3.0.conv_pw</c>.</param>
/// <param name="Type">Operation.</param>
/// <param name="Output">Shape of its result.</param>
/// <param name="Parameters">Trained numbers it reads.</param>
/// <param name="MultiplyAdds">Multiply-adds by the paper's rule (<see cref="Operator.MultiplyAdds"/>).</param>
/// <param name="MultiplyAddsLinear">Multiply-adds of convolutions and matrix products alone.</param>
/// <param name="Bytes">Bytes of its result as float32.</param>
public sealed record LayerSummary(string Name, string Type, Shape Output, long Parameters, long MultiplyAdds,
    long MultiplyAddsLinear, long Bytes);

/// <summary>
/// Shapes, parameters and multiply-adds of a network, read from its record on a <see cref="MetaDevice"/>.
/// </summary>
/// <param name="Layers">Every operation, in order.</param>
/// <param name="Parameters">All trained numbers.</param>
/// <param name="MultiplyAdds">Multiply-adds by the paper's rule (<see cref="Operator.MultiplyAdds"/>).</param>
/// <param name="MultiplyAddsLinear">Multiply-adds of convolutions and matrix products alone.</param>
/// <param name="ActivationBytes">Bytes of all results as float32.</param>
public sealed record Summary(IReadOnlyList<LayerSummary> Layers, long Parameters, long MultiplyAdds,
    long MultiplyAddsLinear, long ActivationBytes)
{
    /// <summary>Describes a network for inputs of a shape; nothing is computed.</summary>
    public static Summary Of(Module network, Shape input)
    {
        using MetaDevice device = new();
        using Session session = new(device, training: false, record: true);
        network.Invoke(session.Placeholder(input));
        LayerSummary[] layers = [.. session.Record.Select(Describe)];
        return new Summary(layers, network.ParameterCount, layers.Sum(l => l.MultiplyAdds),
            layers.Sum(l => l.MultiplyAddsLinear), layers.Sum(l => l.Bytes));
    }

    private static LayerSummary Describe(Node node) => new(
        string.Join('.', node.Scope.Split('.', StringSplitOptions.RemoveEmptyEntries)),
        node.Operator.Type,
        node.Results[0].Shape,
        node.Inputs.OfType<Parameter>().Where(p => p.IsTrained).Sum(p => p.Shape.Length),
        node.Operator.MultiplyAdds,
        node.Operator.MultiplyAddsLinear,
        sizeof(float) * node.Results.Take(node.Operator.ResultCount).Sum(r => r.Shape.Length));
}
