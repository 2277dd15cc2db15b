using System.Globalization;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>Turns a record into a graph: the nodes that the outputs depend on, in their order.</summary>
internal sealed partial class OnnxWriter
{
    private readonly IReadOnlyList<Node> record;
    private readonly IReadOnlyList<Tensor> outputs;
    private readonly OnnxOptions options;
    private readonly OnnxGraph graph = new();
    private readonly Dictionary<Tensor, string> values = [];
    private readonly Dictionary<Tensor, List<Node>> readers = [];
    private readonly Dictionary<(Tensor Tensor, int Part), string> constants = [];
    private readonly Dictionary<(Parameter Parameter, int Offset), string> stateNames = [];
    private readonly HashSet<Node> needed = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Node> written = new(ReferenceEqualityComparer.Instance);

    /// <summary>The node that is written, for messages and names.</summary>
    private Node current = null!;

    public OnnxWriter(IReadOnlyList<Node> record, IReadOnlyList<Tensor> outputs, OnnxOptions options,
        IReadOnlyList<StateEntry> state)
    {
        (this.record, this.outputs, this.options) = (record, outputs, options);
        foreach (StateEntry entry in state)
        {
            if (entry.Parameter is not null)
            {
                stateNames[(entry.Parameter, entry.Offset)] = entry.Name;
            }
        }
    }

    /// <summary>Path of the current node's module.</summary>
    private string Scope => ScopeOf(current);

    public OnnxModel Write(IReadOnlyList<Tensor> inputs)
    {
        string[] inputNames = Names("x", inputs.Count), outputNames = Names("y", outputs.Count);
        foreach (string name in outputNames)
        {
            graph.Reserve(name);
        }

        for (int i = 0; i < inputs.Count; i++)
        {
            values[inputs[i]] = graph.Reserve(inputNames[i]);
        }

        FindNeeded(inputs);
        foreach (Node node in record.Where(needed.Contains))
        {
            current = node;
            if (written.Add(node))
            {
                WriteNode(node);
            }
        }

        for (int i = 0; i < outputs.Count; i++)
        {
            NameOutput(values[outputs[i]], outputNames, i);
        }

        return new OnnxModel
        {
            Opset = Onnx.Opset,
            ProducerVersion = typeof(OnnxWriter).Assembly.GetName().Version?.ToString(3) ?? "",
            Name = options.Name,
            Metadata = options.Metadata,
            Inputs = [.. inputs.Select((t, i) => Value(inputNames[i], t.Shape))],
            Outputs = [.. outputs.Select((t, i) => Value(outputNames[i], t.Shape))],
            Nodes = graph.Nodes,
            Initializers = graph.Initializers,
        };
    }

    private static string ScopeOf(Node node) =>
        string.Join('.', node.Scope.Split('.', StringSplitOptions.RemoveEmptyEntries));

    private static string[] Names(string name, int count) => count == 1
        ? [name]
        : [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{name}{i}"))];

    /// <summary>Walks from the outputs to the inputs; who reads a tensor is noted on the way.</summary>
    private void FindNeeded(IReadOnlyList<Tensor> inputs)
    {
        Dictionary<Tensor, Node> makers = [];
        foreach (Node node in record)
        {
            foreach (Tensor result in node.Results)
            {
                makers[result] = node;
            }
        }

        Stack<Tensor> open = new(outputs);
        while (open.TryPop(out Tensor? tensor))
        {
            if (inputs.Contains(tensor) || !makers.TryGetValue(tensor, out Node? node) || !needed.Add(node))
            {
                continue;
            }

            foreach (Tensor input in node.Inputs.OfType<Tensor>())
            {
                open.Push(input);
            }
        }

        foreach (Node node in record.Where(needed.Contains))
        {
            foreach (Tensor input in node.Inputs.OfType<Tensor>())
            {
                if (!readers.TryGetValue(input, out List<Node>? list))
                {
                    readers[input] = list = [];
                }

                list.Add(node);
            }
        }

        if (outputs.FirstOrDefault(o => !values.ContainsKey(o) && !makers.ContainsKey(o)) is { } unknown)
        {
            throw new OnnxException($"ONNX: the output {unknown.Shape} was made by no node of the record; record the "
                + "network with record: true.");
        }
    }

    /// <summary>A result gets the output's name; what is an input, a constant or another output is passed on.</summary>
    private void NameOutput(string value, string[] outputNames, int index)
    {
        if (!graph.Makes(value) || outputNames.Take(index).Contains(value))
        {
            string copy = graph.Node("", "Identity", [value]);
            graph.Rename(copy, outputNames[index]);
            return;
        }

        graph.Rename(value, outputNames[index]);
        foreach (Tensor tensor in values.Where(v => v.Value == value).Select(v => v.Key).ToArray())
        {
            values[tensor] = outputNames[index];
        }
    }

    private OnnxValue Value(string name, Shape shape) => new(name, OnnxType.Float,
        [.. shape.Axes.Select((a, i) => i == 0 && !options.FixedBatch
            ? "N"
            : a.ToString(CultureInfo.InvariantCulture))]);

    /// <summary>Name of a map that the current node reads.</summary>
    private string Map(Tensor tensor)
    {
        if (values.TryGetValue(tensor, out string? name))
        {
            return name;
        }

        if (tensor.Shape.N != 1 && !options.FixedBatch)
        {
            throw new OnnxException($"ONNX: {Describe(current)} reads a constant of shape {tensor.Shape}, which ties "
                + "the batch; ask for a fixed batch.");
        }

        return values[tensor] = graph.Floats(ConstantName(tensor, 0), Axes(tensor.Shape), Numbers(tensor));
    }

    /// <summary>Name of a constant that the current node reads: a weight, or one part of it.</summary>
    private string Constant(Tensor tensor, Shape shape, int offset = 0, int part = 0)
    {
        if (!constants.TryGetValue((tensor, part), out string? name))
        {
            name = graph.Floats(ConstantName(tensor, part), Axes(shape), Numbers(tensor, offset, (int)shape.Length));
            constants[(tensor, part)] = name;
        }

        return name;
    }

    /// <summary>Name of a constant: the state dictionary's, or the module's with the operand's number.</summary>
    private string ConstantName(Tensor tensor, int part)
    {
        if (tensor is Parameter parameter && part < parameter.Parts.Count)
        {
            ParameterPart p = parameter.Parts[part];
            return stateNames.GetValueOrDefault((parameter, p.Offset)) ?? Join(Scope, p.Name);
        }

        int operand = current.Inputs.ToList().FindIndex(i => ReferenceEquals(i, tensor));
        string name = Join(Scope, string.Create(CultureInfo.InvariantCulture, $"operand{operand}"));
        return part == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{part}");
    }

    private static string Join(string scope, string name) => scope.Length == 0 ? name : $"{scope}.{name}";

    private static IReadOnlyList<long> Axes(Shape shape) => [.. shape.Axes.Select(a => (long)a)];

    private float[] Numbers(Tensor tensor) => Numbers(tensor, 0, (int)tensor.Shape.Length);

    /// <summary>The numbers of a constant, or a run of them.</summary>
    private float[] Numbers(Tensor tensor, int offset, int length)
    {
        if (needed.Any(n => n.Results.Contains(tensor)) || values.ContainsKey(tensor))
        {
            throw new OnnxException($"ONNX: {Describe(current)} computes its weight {tensor.Shape}; expected a "
                + "parameter or a constant.");
        }

        View data = tensor.Data;
        Device device = data.Buffer!.Device;
        if (!device.Computes)
        {
            throw new OnnxException($"ONNX: {Describe(current)} reads a constant of shape {tensor.Shape} that has no "
                + $"numbers on {device.Name}; record on a device that computes.");
        }

        float[] numbers = new float[length];
        device.Read(data.Slice(offset, length), numbers);
        return numbers;
    }

    private static string Describe(Node node)
    {
        string scope = ScopeOf(node);
        return $"operator '{node.Operator.Type}'"
            + (scope.Length == 0 ? " of the outermost module" : $" of module '{scope}'");
    }
}
