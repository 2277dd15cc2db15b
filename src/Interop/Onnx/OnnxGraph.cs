using System.Globalization;
using System.Runtime.InteropServices;

namespace MuxKernels.Interop;

/// <summary>A graph while it is written: nodes, constants and their names, each name once.</summary>
internal sealed class OnnxGraph
{
    /// <summary>Numbers of a constant that stand in its name.</summary>
    private const int LongestName = 8;

    private readonly List<OnnxNode> nodes = [];
    private readonly List<OnnxTensor> initializers = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> shared = new(StringComparer.Ordinal);

    /// <summary>The operations so far.</summary>
    public IReadOnlyList<OnnxNode> Nodes => nodes;

    /// <summary>The constants so far.</summary>
    public IReadOnlyList<OnnxTensor> Initializers => initializers;

    /// <summary>Takes a name, or the first of <c>name_1</c>, <c>name_2</c> … that is free.</summary>
    public string Reserve(string name)
    {
        string free = name;
        for (int i = 1; !names.Add(free); i++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
        }

        return free;
    }

    /// <summary>A constant of floats under a name of its own.</summary>
    public string Floats(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        SafeTensors.SwapIfBigEndian(bytes, sizeof(float));
        string free = Reserve(name);
        initializers.Add(new OnnxTensor(free, OnnxType.Float, shape, bytes));
        return free;
    }

    /// <summary>A constant of whole numbers (a shape, indices); equal ones are shared and called by what they
    /// have.</summary>
    public string Integers(params ReadOnlySpan<long> values)
    {
        string content = "int64[" + string.Join(',', values.ToArray()) + "]";
        if (!shared.TryGetValue(content, out string? name))
        {
            byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
            SafeTensors.SwapIfBigEndian(bytes, sizeof(long));
            shared[content] = name = Reserve(values.Length <= LongestName
                ? content
                : $"int64[{string.Join(',', values[..LongestName].ToArray())},…{values.Length}]");
            initializers.Add(new OnnxTensor(name, OnnxType.Int64, [values.Length], bytes));
        }

        return name;
    }

    /// <summary>A constant number, shared.</summary>
    public string Scalar(float value)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"float({value})");
        return shared.TryGetValue(name, out string? known) ? known : shared[name] = Floats(name, [], [value]);
    }

    /// <summary>Appends an operation with one result.</summary>
    /// <returns>The name of the result.</returns>
    public string Node(string scope, string type, IReadOnlyList<string> inputs,
        params ReadOnlySpan<OnnxAttribute> attributes) => Node(scope, type, inputs, 1, attributes)[0];

    /// <summary>Appends an operation with several results.</summary>
    public IReadOnlyList<string> Node(string scope, string type, IReadOnlyList<string> inputs, int results,
        params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string name = Reserve(scope.Length == 0 ? type : $"{scope}/{type}");
        string[] outputs = [name];
        if (results > 1)
        {
            outputs = [.. Enumerable.Range(0, results).Select(i => Reserve($"{name}:{i}"))];
        }

        nodes.Add(new OnnxNode(name, type, inputs, outputs, attributes.ToArray()));
        return outputs;
    }

    /// <summary>Whether a node makes this value.</summary>
    public bool Makes(string value) => nodes.Any(n => n.Outputs.Contains(value));

    /// <summary>Gives a result another name wherever it stands.</summary>
    public void Rename(string value, string name)
    {
        for (int i = 0; i < nodes.Count; i++)
        {
            OnnxNode node = nodes[i];
            if (node.Inputs.Contains(value) || node.Outputs.Contains(value))
            {
                nodes[i] = node with { Inputs = Renamed(node.Inputs), Outputs = Renamed(node.Outputs) };
            }
        }

        IReadOnlyList<string> Renamed(IReadOnlyList<string> list) =>
            [.. list.Select(n => n == value ? name : n)];
    }
}
