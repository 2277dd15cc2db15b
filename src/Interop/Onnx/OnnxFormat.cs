using System.Globalization;
using System.Text;

namespace MuxKernels.Interop;

/// <summary>The format's field numbers, and a model as messages.</summary>
internal static class OnnxFormat
{
    /// <summary>Kinds of attributes, with the format's numbers.</summary>
    public const int FloatKind = 1, IntKind = 2, StringKind = 3, FloatsKind = 6, IntsKind = 7;

    /// <summary>Bytes of one element; 0 where they have no fixed size.</summary>
    public static int Size(OnnxType type) => type switch
    {
        OnnxType.UInt8 or OnnxType.Int8 or OnnxType.Bool => 1,
        OnnxType.UInt16 or OnnxType.Int16 or OnnxType.Float16 or OnnxType.BFloat16 => 2,
        OnnxType.Float or OnnxType.Int32 or OnnxType.UInt32 => 4,
        OnnxType.Double or OnnxType.Int64 or OnnxType.UInt64 or OnnxType.Complex64 => 8,
        OnnxType.Complex128 => 16,
        _ => 0,
    };

    /// <summary>ModelProto.</summary>
    public static OnnxMessage Pack(OnnxModel model)
    {
        OnnxMessage message = new OnnxMessage()
            .Integer(1, model.IrVersion)
            .Text(2, model.Producer)
            .Text(3, model.ProducerVersion)
            .Message(7, PackGraph(model))
            .Message(8, new OnnxMessage().Integer(2, model.Opset));
        foreach ((string key, string value) in model.Metadata)
        {
            message.Message(14, new OnnxMessage().Text(1, key).Text(2, value));
        }

        return message;
    }

    private static OnnxMessage PackGraph(OnnxModel model)
    {
        OnnxMessage graph = new();
        foreach (OnnxNode node in model.Nodes)
        {
            graph.Message(1, PackNode(node));
        }

        graph.Text(2, model.Name);
        foreach (OnnxTensor tensor in model.Initializers)
        {
            graph.Message(5, PackTensor(tensor));
        }

        foreach (OnnxValue value in model.Inputs)
        {
            graph.Message(11, PackValue(value));
        }

        foreach (OnnxValue value in model.Outputs)
        {
            graph.Message(12, PackValue(value));
        }

        return graph;
    }

    private static OnnxMessage PackNode(OnnxNode node)
    {
        OnnxMessage message = new();
        foreach (string input in node.Inputs)
        {
            // An operand left out is an empty text, which must be written.
            message.Bytes(1, Encoding.UTF8.GetBytes(input));
        }

        foreach (string output in node.Outputs)
        {
            message.Text(2, output);
        }

        message.Text(3, node.Name).Text(4, node.Type);
        foreach (OnnxAttribute attribute in node.Attributes)
        {
            message.Message(5, PackAttribute(attribute));
        }

        return message;
    }

    private static OnnxMessage PackAttribute(OnnxAttribute attribute)
    {
        OnnxMessage message = new OnnxMessage().Text(1, attribute.Name);
        switch (attribute.Value)
        {
            case long integer:
                return message.Integer(3, integer).Integer(20, IntKind);
            case float number:
                return message.Number(2, number).Integer(20, FloatKind);
            case string text:
                return message.Bytes(4, Encoding.UTF8.GetBytes(text)).Integer(20, StringKind);
            case IReadOnlyList<long> integers:
                foreach (long integer in integers)
                {
                    message.Integer(8, integer);
                }

                return message.Integer(20, IntsKind);
            case IReadOnlyList<float> numbers:
                foreach (float number in numbers)
                {
                    message.Number(7, number);
                }

                return message.Integer(20, FloatsKind);
            default:
                throw new OnnxException($"Attribute '{attribute.Name}' has a value of type "
                    + $"{attribute.Value?.GetType().Name ?? "none"}, expected a number, text or a list of numbers.");
        }
    }

    private static OnnxMessage PackTensor(OnnxTensor tensor)
    {
        OnnxMessage message = new();
        foreach (long axis in tensor.Shape)
        {
            message.Integer(1, axis);
        }

        return message.Integer(2, (int)tensor.Type).Text(8, tensor.Name).Bytes(9, tensor.Data);
    }

    private static OnnxMessage PackValue(OnnxValue value)
    {
        OnnxMessage shape = new();
        foreach (string axis in value.Shape)
        {
            OnnxMessage dimension = new();
            shape.Message(1, long.TryParse(axis, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                ? dimension.Integer(1, length)
                : dimension.Text(2, axis));
        }

        OnnxMessage tensor = new OnnxMessage().Integer(1, (int)value.Type).Message(2, shape);
        return new OnnxMessage().Text(1, value.Name).Message(2, new OnnxMessage().Message(1, tensor));
    }
}
