using System.Reflection;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Measure;

/// <summary>One geometry that a network uses.</summary>
/// <param name="Operation">The registry's operation.</param>
/// <param name="Args">Its arguments.</param>
/// <param name="Count">How often the network calls it.</param>
/// <param name="Where">The module that calls it first.</param>
/// <param name="MultiplyAdds">Multiply-adds of one call, by the paper's rule.</param>
public sealed record ShapeRow(KernelOperation Operation, object Args, int Count, string Where, long MultiplyAdds);

/// <summary>
/// The kernels of a network with their arguments, read from its record on a <see cref="MetaDevice"/>: what benchmarks
/// run over. Nothing is written down by hand, so a changed network changes the table.
/// </summary>
public static class ShapeTable
{
    /// <summary>Every operation of a network's inference that the registry knows, once for each geometry, in the order
    /// of the network.</summary>
    /// <param name="network">Name, such as <c>muxnet-m</c>.</param>
    /// <param name="batch">Images.</param>
    /// <param name="size">Side of the image; 0 for the network's own.</param>
    public static IReadOnlyList<ShapeRow> Of(string network, int batch = 1, int size = 0)
    {
        using MuxNet net = MuxNets.Build(network);
        int side = size > 0 ? size : net.Spec.ImageSize;
        return Of(net, new Shape(batch, net.Spec.ImageChannels, side, side));
    }

    /// <inheritdoc cref="Of(string, int, int)"/>
    /// <param name="network">The network.</param>
    /// <param name="input">Shape of its input.</param>
    public static IReadOnlyList<ShapeRow> Of(Layers.Module network, Shape input)
    {
        using MetaDevice device = new();
        using Session session = new(device, training: false, record: true);
        network.Invoke(session.Placeholder(input));
        List<ShapeRow> rows = [];
        foreach (Node node in session.Record)
        {
            if (ArgsOf(node.Operator) is not { } args || OperationFor(args.GetType()) is not { } operation)
            {
                continue;
            }

            int known = rows.FindIndex(row => row.Args.Equals(args));
            if (known >= 0)
            {
                rows[known] = rows[known] with { Count = rows[known].Count + 1 };
            }
            else
            {
                string where = string.Join('.', node.Scope.Split('.', StringSplitOptions.RemoveEmptyEntries));
                rows.Add(new ShapeRow(operation, args, 1, where, node.Operator.MultiplyAdds));
            }
        }

        return rows;
    }

    /// <summary>The geometries of one kind of kernel, with how often the network calls each.</summary>
    /// <typeparam name="TArgs">The family's arguments, such as <c>PointwiseConv.Args</c>.</typeparam>
    public static IReadOnlyList<(TArgs Args, int Count)> Of<TArgs>(string network, int batch = 1, int size = 0)
        where TArgs : struct =>
        [.. Of(network, batch, size).Where(row => row.Args is TArgs).Select(row => ((TArgs)row.Args, row.Count))];

    /// <summary>Every operator of the record holds its validated arguments in a property of that name.</summary>
    private static object? ArgsOf(Operator @operator) =>
        @operator.GetType().GetProperty("Args", BindingFlags.Public | BindingFlags.Instance)?.GetValue(@operator);

    /// <summary>The forward operation with these arguments; where there are two (batch normalisation) inference's,
    /// which comes first in the alphabet.</summary>
    private static KernelOperation? OperationFor(Type args) => KernelRegistry.Operations.FirstOrDefault(
        o => o.ArgsType == args && o.Name.Contains(".forward", StringComparison.Ordinal));
}
