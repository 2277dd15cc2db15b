using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MuxKernels.Interop;

/// <summary>
/// Safetensors files: 8 bytes with the length of the header, the header (JSON: name → type, shape, range of bytes; and
/// <c>__metadata__</c>, text by name), then the elements of all tensors without a gap, little-endian, row-major.
/// </summary>
public static class SafeTensors
{
    /// <summary>Longest header that the format allows, in bytes.</summary>
    public const int MaxHeaderLength = 100_000_000;

    internal const string MetadataKey = "__metadata__";
    internal const int LengthBytes = 8;

    private const int ChunkLength = 1 << 20;

    /// <summary>Opens a file and checks its header; elements are read when they are asked for.</summary>
    /// <exception cref="SafeTensorsException">A file that breaks the format's rules.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static SafeTensorsFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SafeTensorsFile.Open(path);
    }

    /// <summary>
    /// Writes a file beside the target and renames it (<see cref="AtomicFile"/>). Tensors stand in the given order,
    /// wider types first, so that every one is aligned.
    /// </summary>
    /// <param name="path">Target.</param>
    /// <param name="tensors">The tensors; none are needed.</param>
    /// <param name="metadata">Text by name; null for none.</param>
    /// <param name="cancellation">Ends the writing; the old file stays.</param>
    /// <exception cref="SafeTensorsException">A name that occurs twice, is reserved or is not well-formed text, or a
    /// header that is too long.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="OperationCanceledException">The writing was cancelled.</exception>
    public static void Write(string path, IEnumerable<SafeTensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(tensors);
        SafeTensor[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Type.Size())];
        CheckNames(path, ordered, metadata);
        byte[] header = Header(path, ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (SafeTensor tensor in ordered)
            {
                WriteElements(stream, tensor, cancellation);
            }
        });
    }

    /// <summary>A name for a message: shortened, without control characters.</summary>
    internal static string Quote(string name)
    {
        string text = name.Length <= 100 ? name : string.Concat(name.AsSpan(0, 100), "…");
        return "'" + string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) + "'";
    }

    /// <summary>Turns elements from this machine's byte order into the file's, or back.</summary>
    internal static void SwapIfBigEndian(Span<byte> elements, int size)
    {
        if (BitConverter.IsLittleEndian)
        {
            return;
        }

        for (int i = 0; i < elements.Length; i += size)
        {
            elements.Slice(i, size).Reverse();
        }
    }

    private static void CheckNames(string path, SafeTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (string name in tensors.Select(tensor => tensor.Name))
        {
            if (name == MetadataKey)
            {
                throw new SafeTensorsException($"{path}: a tensor is named {Quote(name)}, which is reserved.");
            }

            if (!names.Add(name))
            {
                throw new SafeTensorsException($"{path}: two tensors are named {Quote(name)}.");
            }

            CheckText(path, name);
        }

        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            CheckText(path, key);
            CheckText(path, value);
        }
    }

    private static void CheckText(string path, string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (System.Text.Rune.DecodeFromUtf16(rest, out _, out int used) != System.Buffers.OperationStatus.Done)
            {
                throw new SafeTensorsException(
                    $"{path}: {Quote(text)} is not well-formed text: half a surrogate pair.");
            }

            rest = rest[used..];
        }
    }

    private static byte[] Header(string path, SafeTensor[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream header = new();
        header.Write(stackalloc byte[LengthBytes]);
        using (Utf8JsonWriter json = new(header, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            foreach (SafeTensor tensor in tensors)
            {
                WriteEntry(json, tensor, offset);
                offset = checked(offset + tensor.Length);
            }

            json.WriteEndObject();
        }

        while (header.Length % LengthBytes != 0)
        {
            header.WriteByte((byte)' ');
        }

        byte[] bytes = header.ToArray();
        if (bytes.Length - LengthBytes > MaxHeaderLength)
        {
            throw new SafeTensorsException(
                $"{path}: the header has {bytes.Length - LengthBytes} bytes, expected at most {MaxHeaderLength}.");
        }

        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - LengthBytes);
        return bytes;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null or { Count: 0 })
        {
            return;
        }

        json.WriteStartObject(MetadataKey);
        foreach ((string key, string value) in metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, SafeTensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (long axis in tensor.Shape)
        {
            json.WriteNumberValue(axis);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(checked(offset + tensor.Length));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteElements(Stream stream, SafeTensor tensor, CancellationToken cancellation)
    {
        int size = tensor.Type.Size(), step = ChunkLength / size;
        byte[] chunk = new byte[Math.Min(tensor.Length, ChunkLength)];
        for (long first = 0; first < tensor.Count; first += step)
        {
            cancellation.ThrowIfCancellationRequested();
            int start = (int)first, count = Math.Min(step, tensor.Count - start);
            Span<byte> part = chunk.AsSpan(0, count * size);
            tensor.Bytes(start, count).CopyTo(part);
            SwapIfBigEndian(part, size);
            stream.Write(part);
        }
    }
}
