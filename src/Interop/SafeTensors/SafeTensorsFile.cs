using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MuxKernels.Interop;

/// <summary>
/// An open safetensors file. The header is read and checked; elements are read when they are asked for. Safe for
/// several threads. The file may be replaced by another while it is open.
/// </summary>
public sealed class SafeTensorsFile : IDisposable
{
    private const int ChunkLength = 1 << 18;

    private readonly SafeFileHandle handle;
    private readonly long dataStart;
    private readonly Dictionary<string, SafeTensorInfo> byName;

    private SafeTensorsFile(string path, SafeFileHandle handle)
    {
        (Path, this.handle) = (path, handle);
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
        (Tensors, Metadata) = (header.Tensors, header.Metadata);
        byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors, in the order of their elements.</summary>
    public IReadOnlyList<SafeTensorInfo> Tensors { get; }

    /// <summary>Text by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="SafeTensorsException">No tensor has this name.</exception>
    public SafeTensorInfo this[string name] => Find(name)
        ?? throw new SafeTensorsException($"{Path}: no tensor is named {SafeTensors.Quote(name)}.");

    /// <summary>The tensor of a name, null if there is none.</summary>
    public SafeTensorInfo? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>All elements of a tensor. See <see cref="Read{T}(string, Span{T})"/>.</summary>
    /// <exception cref="SafeTensorsException">No such tensor, more elements than an array holds, or elements that
    /// <typeparamref name="T"/> can't hold.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged, INumber<T>
    {
        SafeTensorInfo tensor = this[name];
        if (tensor.Count > Array.MaxLength)
        {
            throw new SafeTensorsException(
                $"{Path}: {SafeTensors.Quote(name)} has {tensor.Count} elements, expected at most {Array.MaxLength}.");
        }

        T[] values = new T[tensor.Count];
        Read<T>(name, values);
        return values;
    }

    /// <summary>
    /// Reads all elements of a tensor. Floating-point types take elements of every type, rounded to the nearest if they
    /// can't hold them; integer types take only integers that they hold. Truth values are 0 and 1.
    /// </summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="values">Exactly as many elements as the tensor has.</param>
    /// <exception cref="SafeTensorsException">No such tensor, another number of elements, elements that
    /// <typeparamref name="T"/> can't hold, or a file that has become shorter.</exception>
    public void Read<T>(string name, Span<T> values)
        where T : unmanaged, INumber<T>
    {
        SafeTensorInfo tensor = this[name];
        if (values.Length != tensor.Count)
        {
            throw new SafeTensorsException($"{Path}: {SafeTensors.Quote(name)} has {tensor.Count} elements of shape " +
                $"[{string.Join(", ", tensor.Shape)}], expected {values.Length}.");
        }

        CheckKind<T>(tensor);
        int size = tensor.Type.Size(), step = ChunkLength / size;
        byte[] chunk = new byte[Math.Min(ChunkLength, tensor.Length)];
        for (long first = 0; first < values.Length; first += step)
        {
            Span<T> part = values.Slice((int)first, (int)Math.Min(step, values.Length - first));
            Span<byte> bytes = chunk.AsSpan(0, part.Length * size);
            ReadBytes(bytes, dataStart + tensor.Offset + first * size);
            SafeTensors.SwapIfBigEndian(bytes, size);
            Convert(tensor, bytes, part);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    internal static SafeTensorsFile Open(string path)
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

    private void Convert<T>(SafeTensorInfo tensor, ReadOnlySpan<byte> bytes, Span<T> values)
        where T : unmanaged, INumber<T>
    {
        try
        {
            switch (tensor.Type)
            {
                case SafeTensorType.BF16:
                    ConvertBFloat16(bytes, values);
                    break;
                case SafeTensorType.BOOL or SafeTensorType.U8:
                    Convert<byte, T>(bytes, values);
                    break;
                case SafeTensorType.I8:
                    Convert<sbyte, T>(bytes, values);
                    break;
                case SafeTensorType.U16:
                    Convert<ushort, T>(bytes, values);
                    break;
                case SafeTensorType.I16:
                    Convert<short, T>(bytes, values);
                    break;
                case SafeTensorType.F16:
                    Convert<Half, T>(bytes, values);
                    break;
                case SafeTensorType.U32:
                    Convert<uint, T>(bytes, values);
                    break;
                case SafeTensorType.I32:
                    Convert<int, T>(bytes, values);
                    break;
                case SafeTensorType.F32:
                    Convert<float, T>(bytes, values);
                    break;
                case SafeTensorType.U64:
                    Convert<ulong, T>(bytes, values);
                    break;
                case SafeTensorType.I64:
                    Convert<long, T>(bytes, values);
                    break;
                default:
                    Convert<double, T>(bytes, values);
                    break;
            }
        }
        catch (OverflowException e)
        {
            throw new SafeTensorsException($"{Path}: {SafeTensors.Quote(tensor.Name)} has elements of type " +
                $"{tensor.Type} that {typeof(T).Name} can't hold.", e);
        }
    }

    private static void Convert<TStored, T>(ReadOnlySpan<byte> bytes, Span<T> values)
        where TStored : unmanaged, INumber<TStored>
        where T : unmanaged, INumber<T>
    {
        if (typeof(TStored) == typeof(T))
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }

        ReadOnlySpan<TStored> stored = MemoryMarshal.Cast<byte, TStored>(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateChecked(stored[i]);
        }
    }

    private static void ConvertBFloat16<T>(ReadOnlySpan<byte> bytes, Span<T> values)
        where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<ushort> stored = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = T.CreateChecked(BitConverter.UInt32BitsToSingle((uint)stored[i] << 16));
        }
    }

    private void CheckKind<T>(SafeTensorInfo tensor)
    {
        if (tensor.Type.IsFloat() && !(SafeTensorTypes.Of(typeof(T))?.IsFloat() ?? false))
        {
            throw new SafeTensorsException($"{Path}: {SafeTensors.Quote(tensor.Name)} has elements of type " +
                $"{tensor.Type}, expected integers for {typeof(T).Name}.");
        }
    }

    private void ReadBytes(Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int got = RandomAccess.Read(handle, bytes, offset);
            if (got == 0)
            {
                throw new SafeTensorsException(
                    $"{Path}: the file ends at byte {offset}; it was longer when it was opened.");
            }

            bytes = bytes[got..];
            offset += got;
        }
    }
}
