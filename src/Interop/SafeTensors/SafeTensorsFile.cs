using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace MuxKernels.Interop;

/// <summary>
/// An open safetensors file. The header is read and checked; elements are read when they are asked for. Safe for
/// several threads. The file may be replaced by another while it is open.
/// </summary>
public sealed class SafeTensorsFile : TensorFile
{
    private readonly long dataStart;

    private SafeTensorsFile(string path, SafeFileHandle handle)
        : base(path, handle)
    {
        long length = RandomAccess.GetLength(handle);
        Span<byte> prefix = stackalloc byte[SafeTensors.LengthBytes];
        if (length < prefix.Length)
        {
            throw new SafeTensorsException($"{path}: {length} bytes, expected at least {prefix.Length}.");
        }

        ReadBytes(prefix, 0);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong limit = (ulong)Math.Min(length - prefix.Length, SafeTensors.MaxHeaderLength);
        if (headerLength > limit)
        {
            throw new SafeTensorsException(
                $"{path}: the header would have {headerLength} bytes, expected at most {limit} (not a safetensors " +
                "file, or cut off).");
        }

        byte[] json = new byte[headerLength];
        ReadBytes(json, prefix.Length);
        dataStart = prefix.Length + json.Length;
        SafeTensorsHeader header = new(path, json, length - dataStart);
        Metadata = header.Metadata;
        Set(header.Tensors);
    }

    /// <inheritdoc/>
    public override IOException Error(string message, Exception? cause = null) =>
        cause is null ? new SafeTensorsException($"{Path}: {message}")
            : new SafeTensorsException($"{Path}: {message}", cause);

    internal static new SafeTensorsFile Open(string path)
    {
        SafeFileHandle handle =
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            return new SafeTensorsFile(path, handle);
        }
        catch (NotSupportedException e)
        {
            handle.Dispose();
            throw new SafeTensorsException($"{path}: expected a regular file.", e);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private protected override Elements ElementsOf(SafeTensorInfo tensor) =>
        (first, bytes) => ReadBytes(bytes, dataStart + tensor.Offset + first * tensor.Type.Size());
}
