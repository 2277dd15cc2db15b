using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace MuxKernels.Interop;

/// <summary>Reads and checks the header of a safetensors file.</summary>
internal sealed class SafeTensorsHeader
{
    private readonly string path;
    private readonly List<SafeTensorInfo> tensors = [];
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <summary>Reads a header.</summary>
    /// <param name="path">File, for messages.</param>
    /// <param name="json">Header, without its length.</param>
    /// <param name="dataLength">Bytes behind the header.</param>
    /// <exception cref="SafeTensorsException">A rule of the format is broken.</exception>
    public SafeTensorsHeader(string path, ReadOnlySpan<byte> json, long dataLength)
    {
        this.path = path;
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            Fail("the header does not begin with '{'");
        }

        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            ReadRoot(ref reader);
            if (reader.Read())
            {
                Fail("the header has something behind its object");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new SafeTensorsException($"{path}: the header is not valid JSON ({e.Message.TrimEnd('.')}).", e);
        }

        CheckRanges(dataLength);
    }

    /// <summary>The tensors in the order of their elements.</summary>
    public IReadOnlyList<SafeTensorInfo> Tensors => tensors;

    /// <summary>Text by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        while (NextName(ref reader) is string name)
        {
            if (!names.Add(name))
            {
                Fail($"the name {SafeTensors.Quote(name)} occurs twice");
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                Fail($"{SafeTensors.Quote(name)} is not an object");
            }

            if (name == SafeTensors.MetadataKey)
            {
                ReadMetadata(ref reader);
            }
            else
            {
                tensors.Add(ReadTensor(ref reader, name));
            }
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (NextName(ref reader) is string key)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                Fail($"{SafeTensors.MetadataKey}: the value of {SafeTensors.Quote(key)} is not text");
            }

            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                Fail($"{SafeTensors.MetadataKey}: the name {SafeTensors.Quote(key)} occurs twice");
            }
        }
    }

    private SafeTensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
    {
        SafeTensorType? type = null;
        List<long>? shape = null, range = null;
        while (NextName(ref reader) is string key)
        {
            bool twice = key switch { "dtype" => type is not null, "shape" => shape is not null, _ => false };
            if (twice || (key == "data_offsets" && range is not null))
            {
                Fail($"{SafeTensors.Quote(name)} has {SafeTensors.Quote(key)} twice");
            }

            reader.Read();
            switch (key)
            {
                case "dtype":
                    type = ReadType(ref reader, name);
                    break;
                case "shape":
                    shape = ReadIntegers(ref reader, name, key);
                    break;
                case "data_offsets":
                    range = ReadIntegers(ref reader, name, key);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || range is null)
        {
            Fail($"{SafeTensors.Quote(name)} lacks its type, shape or range (dtype, shape, data_offsets)");
        }

        return CheckTensor(name, type.Value, shape, range);
    }

    private SafeTensorInfo CheckTensor(string name, SafeTensorType type, List<long> shape, List<long> range)
    {
        if (range.Count != 2 || range[1] < range[0])
        {
            Fail($"{SafeTensors.Quote(name)} has the range [{Join(range)}], expected a beginning and an end");
        }

        long count, length;
        try
        {
            count = SafeTensorTypes.Count(shape);
            length = checked(count * type.Size());
        }
        catch (OverflowException e)
        {
            throw new SafeTensorsException(
                $"{path}: {SafeTensors.Quote(name)} has shape [{Join(shape)}], more than 2⁶³ bytes.", e);
        }

        if (range[1] - range[0] != length)
        {
            Fail($"{SafeTensors.Quote(name)} has {range[1] - range[0]} bytes, expected {length} for {type} " +
                $"[{Join(shape)}]");
        }

        return new SafeTensorInfo(name, type, shape, count, range[0]);
    }

    private SafeTensorType ReadType(ref Utf8JsonReader reader, string name)
    {
        string text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : $"{reader.TokenType}";
        string[] known = Enum.GetNames<SafeTensorType>();
        if (!known.Contains(text))
        {
            Fail($"{SafeTensors.Quote(name)} has elements of type {SafeTensors.Quote(text)}, expected one of " +
                string.Join(", ", known));
        }

        return Enum.Parse<SafeTensorType>(text);
    }

    private List<long> ReadIntegers(ref Utf8JsonReader reader, string name, string key)
    {
        List<long> values = [];
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            Fail($"{SafeTensors.Quote(name)}: {key} is not a list");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            long value = -1;
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out value) || value < 0)
            {
                Fail($"{SafeTensors.Quote(name)}: {key} has an element that is not an integer of 0 to 2⁶³ − 1");
            }

            values.Add(value);
        }

        return values;
    }

    private void CheckRanges(long dataLength)
    {
        // An empty tensor comes before the one that begins at its place.
        tensors.Sort((a, b) => (a.Offset, a.Length) == (b.Offset, b.Length)
            ? string.CompareOrdinal(a.Name, b.Name)
            : (a.Offset, a.Length).CompareTo((b.Offset, b.Length)));
        long end = 0;
        foreach (SafeTensorInfo tensor in tensors)
        {
            if (tensor.Offset != end)
            {
                string what = tensor.Offset < end ? "overlaps the tensor before it" : "leaves a gap before it";
                Fail($"{SafeTensors.Quote(tensor.Name)} begins at byte {tensor.Offset}, expected {end}: it {what}");
            }

            end += tensor.Length;
            if (end > dataLength)
            {
                Fail($"{SafeTensors.Quote(tensor.Name)} ends at byte {end}, but the file has only {dataLength} bytes " +
                    "behind its header");
            }
        }

        if (end != dataLength)
        {
            Fail($"the file has {dataLength} bytes behind its header, expected {end}");
        }
    }

    /// <summary>Next name of an object, null at its end.</summary>
    private static string? NextName(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private static string Join(List<long> values) =>
        string.Join(", ", values.Take(16)) + (values.Count > 16 ? ", …" : "");

    [DoesNotReturn]
    private void Fail(string message) => throw new SafeTensorsException($"{path}: {message}.");
}
