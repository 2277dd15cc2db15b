using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace MuxKernels.Data;

/// <summary>
/// Reads a stream whose headers can't be trusted: memory grows with the bytes that arrive, never with a number that was
/// read, and every failure names the file.
/// </summary>
internal sealed class CheckedStream(Stream stream, string name)
{
    private const int FirstChunk = 1 << 20;

    /// <summary>Name for messages.</summary>
    public string Name => name;

    /// <summary>Opens a file; one that begins like gzip is decompressed.</summary>
    public static Stream OpenFile(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            if (!file.CanSeek)
            {
                throw new InvalidDataException($"{path}: expected a regular file.");
            }

            bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            return compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads exactly <paramref name="length"/> bytes.</summary>
    public byte[] ReadExactly(long length, string what)
    {
        if (length > Array.MaxLength)
        {
            Fail($"{what} would have {length} bytes, more than {Array.MaxLength}");
        }

        byte[] buffer = new byte[Math.Min(length, FirstChunk)];
        int filled = 0;
        while (filled < length)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(length, 2L * buffer.Length));
            }

            int got = Read(buffer.AsSpan(filled));
            if (got == 0)
            {
                Fail($"{what}: expected {length} bytes, the file ends after {filled}");
            }

            filled += got;
        }

        return buffer;
    }

    /// <summary>Demands that nothing follows.</summary>
    public void ExpectEnd(string what)
    {
        Span<byte> one = stackalloc byte[1];
        if (Read(one) != 0)
        {
            Fail($"expected the end of the file after {what}, found more bytes");
        }
    }

    /// <summary>Throws an <see cref="InvalidDataException"/> that names the file.</summary>
    [DoesNotReturn]
    public void Fail(string message) => throw new InvalidDataException($"{name}: {message}.");

    private int Read(Span<byte> buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{name}: the gzip data are damaged ({e.Message.TrimEnd('.')}).", e);
        }
    }
}
