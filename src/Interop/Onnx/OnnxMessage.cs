using Google.Protobuf;

namespace MuxKernels.Interop;

/// <summary>One protocol-buffer message: its fields in the order they are added, with the length known before a byte is
/// written, so that large constants are never copied into an outer message.</summary>
internal sealed class OnnxMessage
{
    private readonly List<(int Field, object Value, long Length)> fields = [];

    /// <summary>Bytes of the message, without its own length.</summary>
    public long Length { get; private set; }

    /// <summary>A whole number.</summary>
    public OnnxMessage Integer(int field, long value) => Add(field, value, CodedOutputStream.ComputeInt64Size(value));

    /// <summary>A floating-point number.</summary>
    public OnnxMessage Number(int field, float value) => Add(field, value, sizeof(float));

    /// <summary>Text; nothing is written for an empty one.</summary>
    public OnnxMessage Text(int field, string value) =>
        value.Length == 0 ? this : Add(field, value, CodedOutputStream.ComputeStringSize(value));

    /// <summary>Bytes, which must not change until they are written.</summary>
    public OnnxMessage Bytes(int field, ReadOnlyMemory<byte> value) =>
        Add(field, UnsafeByteOperations.UnsafeWrap(value), WithPrefix(value.Length));

    /// <summary>A message, complete.</summary>
    public OnnxMessage Message(int field, OnnxMessage value) => Add(field, value, WithPrefix(value.Length));

    /// <summary>Writes all fields.</summary>
    public void WriteTo(CodedOutputStream output)
    {
        foreach ((int field, object value, _) in fields)
        {
            switch (value)
            {
                case long integer:
                    output.WriteTag(field, WireFormat.WireType.Varint);
                    output.WriteInt64(integer);
                    break;
                case float number:
                    output.WriteTag(field, WireFormat.WireType.Fixed32);
                    output.WriteFloat(number);
                    break;
                case string text:
                    output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    output.WriteString(text);
                    break;
                case ByteString bytes:
                    output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    output.WriteBytes(bytes);
                    break;
                case OnnxMessage message:
                    output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                    output.WriteLength(checked((int)message.Length));
                    message.WriteTo(output);
                    break;
            }
        }
    }

    private static long WithPrefix(long length) => CodedOutputStream.ComputeUInt64Size((ulong)length) + length;

    private OnnxMessage Add(int field, object value, long length)
    {
        fields.Add((field, value, length));
        Length += CodedOutputStream.ComputeTagSize(field) + length;
        return this;
    }
}
