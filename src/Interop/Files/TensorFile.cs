using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MuxKernels.Interop;

/// <summary>
/// An open file of named tensors: <see cref="SafeTensorsFile"/> or <see cref="PyTorchCheckpoint"/>. Names, types and
/// shapes are read and checked when it is opened, elements when they are asked for. Safe for several threads.
/// </summary>
public abstract class TensorFile : IDisposable
{
    private const int ChunkLength = 1 << 18;

    private readonly Dictionary<string, SafeTensorInfo> byName = new(StringComparer.Ordinal);

    private protected TensorFile(string path, SafeFileHandle handle) => (Path, Handle) = (path, handle);

    /// <summary>Reads a tensor's elements, row-major and little-endian, from an element on.</summary>
    private protected delegate void Elements(long first, Span<byte> bytes);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors, in the order of the file.</summary>
    public IReadOnlyList<SafeTensorInfo> Tensors { get; private protected set; } = [];

    /// <summary>Text by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private protected set; } =
        new Dictionary<string, string>();

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="IOException">No tensor has this name: a <see cref="SafeTensorsException"/> or a
    /// <see cref="PyTorchException"/>.</exception>
    public SafeTensorInfo this[string name] => Find(name)
        ?? throw Error($"no tensor is named {SafeTensors.Quote(name)}.");

    private protected SafeFileHandle Handle { get; }

    /// <summary>Opens a file of weights: PyTorch's by its first bytes or, where they say nothing, by the name's ending
    /// (<c>.pt</c>, <c>.pth</c>), else safetensors.</summary>
    /// <exception cref="SafeTensorsException">Not a safetensors file.</exception>
    /// <exception cref="PyTorchException">A checkpoint that is damaged or holds more than tensors.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static TensorFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return PyTorchCheckpoint.Is(path) ? PyTorchCheckpoint.Open(path) : SafeTensors.Read(path);
    }

    /// <summary>The tensor of a name, null if there is none.</summary>
    public SafeTensorInfo? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>All elements of a tensor. See <see cref="Read{T}(string, Span{T})"/>.</summary>
    /// <exception cref="IOException">No such tensor, more elements than an array holds, or elements that
    /// <typeparamref name="T"/> can't hold: a <see cref="SafeTensorsException"/> or a
    /// <see cref="PyTorchException"/>.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged, INumber<T>
    {
        SafeTensorInfo tensor = this[name];
        if (tensor.Count > Array.MaxLength)
        {
            throw Error($"{SafeTensors.Quote(name)} has {tensor.Count} elements, expected at most "
                + $"{Array.MaxLength}.");
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
    /// <exception cref="IOException">No such tensor, another number of elements, elements that
    /// <typeparamref name="T"/> can't hold, or a file that has become shorter: a <see cref="SafeTensorsException"/> or
    /// a <see cref="PyTorchException"/>.</exception>
    public void Read<T>(string name, Span<T> values)
        where T : unmanaged, INumber<T>
    {
        SafeTensorInfo tensor = this[name];
        if (values.Length != tensor.Count)
        {
            throw Error($"{SafeTensors.Quote(name)} has {tensor.Count} elements of shape "
                + $"[{string.Join(", ", tensor.Shape)}], expected {values.Length}.");
        }

        CheckKind<T>(tensor);
        Elements elements = ElementsOf(tensor);
        int size = tensor.Type.Size(), step = ChunkLength / size;
        byte[] chunk = new byte[Math.Min(ChunkLength, tensor.Length)];
        for (long first = 0; first < values.Length; first += step)
        {
            Span<T> part = values.Slice((int)first, (int)Math.Min(step, values.Length - first));
            Span<byte> bytes = chunk.AsSpan(0, part.Length * size);
            elements(first, bytes);
            SafeTensors.SwapIfBigEndian(bytes, size);
            Convert(tensor, bytes, part);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What is thrown where this file is not what it should be.</summary>
    /// <param name="message">What was expected and what was found.</param>
    /// <param name="cause">Cause, if there is one.</param>
    public abstract IOException Error(string message, Exception? cause = null);

    private protected abstract Elements ElementsOf(SafeTensorInfo tensor);

    /// <summary>Makes the tensors known.</summary>
    private protected void Set(IReadOnlyList<SafeTensorInfo> tensors)
    {
        Tensors = tensors;
        foreach (SafeTensorInfo tensor in tensors)
        {
            byName.Add(tensor.Name, tensor);
        }
    }

    private protected void ReadBytes(Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int got = RandomAccess.Read(Handle, bytes, offset);
            if (got == 0)
            {
                throw Error($"the file ends at byte {offset}; it was longer when it was opened.");
            }

            bytes = bytes[got..];
            offset += got;
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
            throw Error($"{SafeTensors.Quote(tensor.Name)} has elements of type {tensor.Type} that "
                + $"{typeof(T).Name} can't hold.", e);
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
            throw Error($"{SafeTensors.Quote(tensor.Name)} has elements of type {tensor.Type}, expected integers for "
                + $"{typeof(T).Name}.");
        }
    }
}
