using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;

namespace MuxKernels.Interop;

/// <summary>Reads a model from memory. Lengths are checked before anything is sliced; nothing is copied but text and
/// numbers of attributes.</summary>
internal sealed class OnnxReader
{
    /// <summary>Elements of a tensor that a model can sensibly have, outside its file too.</summary>
    private const long MaxCount = 1L << 34;

    private readonly byte[] bytes;
    private readonly string source;

    private OnnxReader(byte[] bytes, string source) => (this.bytes, this.source) = (bytes, source);

    public static OnnxModel Read(byte[] bytes, string source)
    {
        try
        {
            return new OnnxReader(bytes, source).ReadModel();
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxException($"{source}: not an ONNX model, or cut off ({e.Message.ReplaceLineEndings(" ")})",
                e);
        }
    }

    private OnnxModel ReadModel()
    {
        OnnxModel model = new() { IrVersion = 0, Opset = 0, Producer = "" };
        List<KeyValuePair<string, string>> metadata = [];
        Range? graph = null;
        foreach (Field field in Fields(new Range(0, bytes.Length)))
        {
            model = field.Number switch
            {
                1 => model with { IrVersion = field.Integer },
                2 => model with { Producer = Text(field) },
                3 => model with { ProducerVersion = Text(field) },
                8 => ReadOpset(model, field),
                _ => model,
            };
            if (field.Number == 7)
            {
                graph = Part(field);
            }
            else if (field.Number == 14)
            {
                metadata.Add(ReadPair(field));
            }
        }

        return ReadGraph(graph ?? throw new OnnxException($"{source}: not an ONNX model, it has no graph."),
            model with { Metadata = metadata });
    }

    private OnnxModel ReadOpset(OnnxModel model, Field opset)
    {
        (string domain, long version) = ("", 0);
        foreach (Field field in Fields(Part(opset)))
        {
            (domain, version) = field.Number switch
            {
                1 => (Text(field), version),
                2 => (domain, field.Integer),
                _ => (domain, version),
            };
        }

        return domain.Length == 0 ? model with { Opset = version } : model;
    }

    private KeyValuePair<string, string> ReadPair(Field pair)
    {
        (string key, string value) = ("", "");
        foreach (Field field in Fields(Part(pair)))
        {
            (key, value) = field.Number switch
            {
                1 => (Text(field), value),
                2 => (key, Text(field)),
                _ => (key, value),
            };
        }

        return new KeyValuePair<string, string>(key, value);
    }

    private OnnxModel ReadGraph(Range graph, OnnxModel model)
    {
        List<OnnxNode> nodes = [];
        List<OnnxTensor> initializers = [];
        List<OnnxValue> inputs = [], outputs = [];
        foreach (Field field in Fields(graph))
        {
            switch (field.Number)
            {
                case 1:
                    nodes.Add(ReadNode(field));
                    break;
                case 2:
                    model = model with { Name = Text(field) };
                    break;
                case 5:
                    initializers.Add(ReadTensor(field));
                    break;
                case 11:
                    inputs.Add(ReadValue(field));
                    break;
                case 12:
                    outputs.Add(ReadValue(field));
                    break;
            }
        }

        return model with { Nodes = nodes, Initializers = initializers, Inputs = inputs, Outputs = outputs };
    }

    private OnnxNode ReadNode(Field node)
    {
        (string name, string type) = ("", "");
        List<string> inputs = [], outputs = [];
        List<OnnxAttribute> attributes = [];
        foreach (Field field in Fields(Part(node)))
        {
            switch (field.Number)
            {
                case 1:
                    inputs.Add(Text(field));
                    break;
                case 2:
                    outputs.Add(Text(field));
                    break;
                case 3:
                    name = Text(field);
                    break;
                case 4:
                    type = Text(field);
                    break;
                case 5:
                    attributes.Add(ReadAttribute(field));
                    break;
            }
        }

        return new OnnxNode(name, type, inputs, outputs, attributes);
    }

    private OnnxAttribute ReadAttribute(Field attribute)
    {
        string name = "";
        long kind = 0, integer = 0;
        float number = 0;
        string text = "";
        List<long> integers = [];
        List<float> numbers = [];
        foreach (Field field in Fields(Part(attribute)))
        {
            switch (field.Number)
            {
                case 1:
                    name = Text(field);
                    break;
                case 2:
                    number = Number(field);
                    break;
                case 3:
                    integer = field.Integer;
                    break;
                case 4:
                    text = Text(field);
                    break;
                case 7:
                    AddNumbers(field, numbers);
                    break;
                case 8:
                    AddIntegers(field, integers);
                    break;
                case 20:
                    kind = field.Integer;
                    break;
            }
        }

        return new OnnxAttribute(name, kind switch
        {
            OnnxFormat.FloatKind => number,
            OnnxFormat.IntKind => integer,
            OnnxFormat.StringKind => text,
            OnnxFormat.FloatsKind => numbers,
            OnnxFormat.IntsKind => integers,
            _ => null,
        });
    }

    private OnnxTensor ReadTensor(Field tensor)
    {
        List<long> shape = [], integers = [];
        List<float> numbers = [];
        (string name, OnnxType type) = ("", OnnxType.Undefined);
        ReadOnlyMemory<byte> data = default;
        bool raw = false;
        foreach (Field field in Fields(Part(tensor)))
        {
            switch (field.Number)
            {
                case 1:
                    AddIntegers(field, shape);
                    break;
                case 2:
                    type = (OnnxType)Math.Clamp(field.Integer, 0, int.MaxValue);
                    break;
                case 4:
                    AddNumbers(field, numbers);
                    break;
                case 7:
                    AddIntegers(field, integers);
                    break;
                case 8:
                    name = Text(field);
                    break;
                case 9:
                    (data, raw) = (bytes.AsMemory(Part(field)), true);
                    break;
            }
        }

        if (!raw && type is (OnnxType.Float or OnnxType.Int64))
        {
            byte[] copy = type == OnnxType.Float
                ? MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)).ToArray()
                : MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(integers)).ToArray();
            SafeTensors.SwapIfBigEndian(copy, OnnxFormat.Size(type));
            data = copy;
        }

        OnnxTensor read = new(name, type, shape, data);
        Check(read, raw);
        return read;
    }

    /// <summary>Demands as many bytes as the shape and the type need.</summary>
    private void Check(OnnxTensor tensor, bool raw)
    {
        UInt128 count = 1;
        foreach (long axis in tensor.Shape)
        {
            if (axis < 0)
            {
                throw new OnnxException($"{source}: {SafeTensors.Quote(tensor.Name)} has an axis of {axis}, expected "
                    + "at least 0.");
            }

            count = count > MaxCount ? count : count * (UInt128)axis;
        }

        if (count > MaxCount)
        {
            throw new OnnxException($"{source}: {SafeTensors.Quote(tensor.Name)} has shape "
                + $"[{string.Join(", ", tensor.Shape)}], more than {MaxCount} elements.");
        }

        int size = OnnxFormat.Size(tensor.Type);
        bool known = size > 0 && (raw || tensor.Data.Length > 0);
        if (known && (UInt128)tensor.Data.Length != count * (UInt128)size)
        {
            throw new OnnxException($"{source}: {SafeTensors.Quote(tensor.Name)} has {tensor.Data.Length} bytes, "
                + $"expected {count * (UInt128)size} for {tensor.Type} [{string.Join(", ", tensor.Shape)}].");
        }
    }

    private OnnxValue ReadValue(Field value)
    {
        string name = "";
        OnnxType type = OnnxType.Undefined;
        List<string> shape = [];
        foreach (Field field in Fields(Part(value)))
        {
            if (field.Number == 1)
            {
                name = Text(field);
            }
            else if (field.Number == 2)
            {
                foreach (Field tensor in Fields(Part(field)).Where(f => f.Number == 1))
                {
                    type = ReadTensorType(Part(tensor), shape);
                }
            }
        }

        return new OnnxValue(name, type, shape);
    }

    private OnnxType ReadTensorType(Range tensor, List<string> shape)
    {
        OnnxType type = OnnxType.Undefined;
        foreach (Field field in Fields(tensor))
        {
            if (field.Number == 1)
            {
                type = (OnnxType)Math.Clamp(field.Integer, 0, int.MaxValue);
            }
            else if (field.Number == 2)
            {
                shape.AddRange(Fields(Part(field)).Where(f => f.Number == 1).Select(f => ReadAxis(Part(f))));
            }
        }

        return type;
    }

    private string ReadAxis(Range axis)
    {
        string text = "?";
        foreach (Field field in Fields(axis))
        {
            text = field.Number switch
            {
                1 => field.Integer.ToString(CultureInfo.InvariantCulture),
                2 => Text(field),
                _ => text,
            };
        }

        return text;
    }

    private void AddIntegers(Field field, List<long> list)
    {
        if (field.Type != WireFormat.WireType.LengthDelimited)
        {
            list.Add(field.Integer);
            return;
        }

        (int start, int length) = Part(field).GetOffsetAndLength(bytes.Length);
        using CodedInputStream input = new(bytes, start, length);
        while (!input.IsAtEnd)
        {
            list.Add(input.ReadInt64());
        }
    }

    private void AddNumbers(Field field, List<float> list)
    {
        if (field.Type != WireFormat.WireType.LengthDelimited)
        {
            list.Add(Number(field));
            return;
        }

        (int start, int length) = Part(field).GetOffsetAndLength(bytes.Length);
        using CodedInputStream input = new(bytes, start, length);
        while (!input.IsAtEnd)
        {
            list.Add(input.ReadFloat());
        }
    }

    private float Number(Field field) => field.Type == WireFormat.WireType.Fixed32
        ? BitConverter.Int32BitsToSingle((int)field.Integer)
        : throw Unexpected(field);

    private string Text(Field field)
    {
        (int start, int length) = Part(field).GetOffsetAndLength(bytes.Length);
        return Encoding.UTF8.GetString(bytes, start, length);
    }

    private Range Part(Field field) =>
        field.Type == WireFormat.WireType.LengthDelimited ? field.Content : throw Unexpected(field);

    private OnnxException Unexpected(Field field) => new(
        $"{source}: not an ONNX model, field {field.Number} has the form {field.Type}.");

    /// <summary>The fields of a message, in order.</summary>
    private IEnumerable<Field> Fields(Range message)
    {
        (int start, int length) = message.GetOffsetAndLength(bytes.Length);
        using CodedInputStream input = new(bytes, start, length);
        while (input.ReadTag() is > 0 and uint tag)
        {
            WireFormat.WireType type = WireFormat.GetTagWireType(tag);
            int number = WireFormat.GetTagFieldNumber(tag);
            switch (type)
            {
                case WireFormat.WireType.Varint:
                    yield return new Field(number, type, input.ReadInt64(), default);
                    break;
                case WireFormat.WireType.Fixed32:
                    yield return new Field(number, type, (int)input.ReadFixed32(), default);
                    break;
                case WireFormat.WireType.LengthDelimited:
                    long before = input.Position;
                    input.SkipLastField();
                    int end = (int)input.Position;
                    using (CodedInputStream prefix = new(bytes, (int)before, end - (int)before))
                    {
                        int content = prefix.ReadLength();
                        yield return new Field(number, type, 0, new Range(end - content, end));
                    }

                    break;
                default:
                    input.SkipLastField();
                    yield return new Field(number, type, 0, default);
                    break;
            }
        }
    }

    /// <summary>One field of a message.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Type">Its form.</param>
    /// <param name="Integer">Its value, of a number.</param>
    /// <param name="Content">Where its bytes are, of text, bytes or a message.</param>
    private readonly record struct Field(int Number, WireFormat.WireType Type, long Integer, Range Content);
}
