using System.Globalization;

namespace MuxKernels.Interop;

/// <summary>Types of elements, with the format's numbers.</summary>
public enum OnnxType
{
    /// <summary>Not given.</summary>
    Undefined = 0,

    /// <summary>32-bit floating point.</summary>
    Float = 1,

    /// <summary>8-bit unsigned integer.</summary>
    UInt8 = 2,

    /// <summary>8-bit integer.</summary>
    Int8 = 3,

    /// <summary>16-bit unsigned integer.</summary>
    UInt16 = 4,

    /// <summary>16-bit integer.</summary>
    Int16 = 5,

    /// <summary>32-bit integer.</summary>
    Int32 = 6,

    /// <summary>64-bit integer.</summary>
    Int64 = 7,

    /// <summary>Text.</summary>
    String = 8,

    /// <summary>Truth value.</summary>
    Bool = 9,

    /// <summary>16-bit floating point.</summary>
    Float16 = 10,

    /// <summary>64-bit floating point.</summary>
    Double = 11,

    /// <summary>32-bit unsigned integer.</summary>
    UInt32 = 12,

    /// <summary>64-bit unsigned integer.</summary>
    UInt64 = 13,

    /// <summary>Pair of 32-bit floating point numbers.</summary>
    Complex64 = 14,

    /// <summary>Pair of 64-bit floating point numbers.</summary>
    Complex128 = 15,

    /// <summary>Truncated 32-bit floating point.</summary>
    BFloat16 = 16,
}

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Each axis as a number or a name (<c>N</c>: as many as are given); <c>?</c> for none.</param>
public sealed record OnnxValue(string Name, OnnxType Type, IReadOnlyList<string> Shape)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";
}

/// <summary>A constant of a graph: a weight, a shape, indices.</summary>
/// <param name="Name">Its name: that of the state dictionary for weights.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its axes; none for a scalar.</param>
/// <param name="Data">Its elements, little-endian, row-major; empty where a file has them in a form that is not read
/// (text, another file).</param>
public sealed record OnnxTensor(string Name, OnnxType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, static (product, axis) => checked(product * axis));

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";
}

/// <summary>A setting of a node.</summary>
/// <param name="Name">Its name: <c>kernel_shape</c>.</param>
/// <param name="Value">A <see cref="long"/>, <see cref="float"/>, <see cref="string"/>, a list of <see cref="long"/> or
/// <see cref="float"/>, or null for what is not read (tensors, graphs).</param>
public sealed record OnnxAttribute(string Name, object? Value)
{
    /// <inheritdoc/>
    public override string ToString() => Name + "=" + Value switch
    {
        IReadOnlyList<long> list => $"[{string.Join(",", list)}]",
        IReadOnlyList<float> list =>
            $"[{string.Join(",", list.Select(v => v.ToString(CultureInfo.InvariantCulture)))}]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        _ => "…",
    };
}

/// <summary>One operation of a graph.</summary>
/// <param name="Name">Module and operation: <c>blocks.3.0.conv_pw/Conv</c>.</param>
/// <param name="Type">Operation: <c>Conv</c>.</param>
/// <param name="Inputs">Names of what it reads; empty for an operand left out.</param>
/// <param name="Outputs">Names of what it makes.</param>
/// <param name="Attributes">Its settings.</param>
public sealed record OnnxNode(string Name, string Type, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs,
    IReadOnlyList<OnnxAttribute> Attributes)
{
    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(", ", Outputs)} = {Type}({string.Join(", ", Inputs)})"
        + string.Concat(Attributes.Select(a => " " + a));
}

/// <summary>An ONNX model: what a file has, as data.</summary>
public sealed record OnnxModel
{
    /// <summary>Version of the format.</summary>
    public long IrVersion { get; init; } = 8;

    /// <summary>Version of the standard operators.</summary>
    public long Opset { get; init; } = 17;

    /// <summary>Program that made it.</summary>
    public string Producer { get; init; } = "MuxKernels";

    /// <summary>Version of that program.</summary>
    public string ProducerVersion { get; init; } = "";

    /// <summary>Name of the graph: the network's.</summary>
    public string Name { get; init; } = "";

    /// <summary>Text by name, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    /// <summary>What is fed.</summary>
    public IReadOnlyList<OnnxValue> Inputs { get; init; } = [];

    /// <summary>What comes back.</summary>
    public IReadOnlyList<OnnxValue> Outputs { get; init; } = [];

    /// <summary>The operations, each after those it reads from.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; init; } = [];

    /// <summary>The constants.</summary>
    public IReadOnlyList<OnnxTensor> Initializers { get; init; } = [];
}
