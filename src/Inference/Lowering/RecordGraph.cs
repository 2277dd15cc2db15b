using MuxKernels.Autograd;

namespace MuxKernels.Inference;

/// <summary>A recorded network with the readers of each result.</summary>
internal sealed class RecordGraph
{
    private readonly Dictionary<Tensor, List<Node>> readers = new(ReferenceEqualityComparer.Instance);

    public RecordGraph(IReadOnlyList<Node> nodes, Tensor output)
    {
        // What the output does not depend on is left out.
        HashSet<Tensor> wanted = new(ReferenceEqualityComparer.Instance) { output };
        List<Node> kept = [];
        for (int n = nodes.Count - 1; n >= 0; n--)
        {
            if (nodes[n].Results.Any(wanted.Contains))
            {
                kept.Add(nodes[n]);
                foreach (Tensor? input in nodes[n].Inputs)
                {
                    if (input is not null)
                    {
                        wanted.Add(input);
                    }
                }
            }
        }

        kept.Reverse();
        (Nodes, Output) = (kept, output);
        foreach (Node node in kept)
        {
            foreach (Tensor? input in node.Inputs)
            {
                if (input is not null and not Parameter)
                {
                    (readers.TryGetValue(input, out List<Node>? list) ? list : readers[input] = []).Add(node);
                }
            }
        }
    }

    /// <summary>The nodes, in order.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The network's result.</summary>
    public Tensor Output { get; }

    /// <summary>Who reads a tensor.</summary>
    public IReadOnlyList<Node> Readers(Tensor tensor) =>
        readers.TryGetValue(tensor, out List<Node>? list) ? list : [];

    /// <summary>The only reader of a tensor, null where there are several or it is the output.</summary>
    public Node? OnlyReader(Tensor tensor) =>
        !ReferenceEquals(tensor, Output) && Readers(tensor) is [Node one] ? one : null;
}
