using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MuxKernels.Interop;

/// <summary>
/// An open PyTorch checkpoint: the tensors of a state dictionary that <c>torch.save</c> has written (version 1.6 or
/// later: a zip archive of a pickle and the storages). The state dictionary is the saved value itself or stands in it
/// under <c>state_dict</c>, <c>model_state_dict</c> or <c>model</c>; the numbers and text beside it are metadata. A
/// <c>module.</c> that all names begin with is left out. No code of the file is run: a pickle that needs more than
/// tensors, numbers, text, lists and dictionaries is refused.
/// </summary>
public sealed class PyTorchCheckpoint : TensorFile
{
    /// <summary>Longest pickle that is read, in bytes.</summary>
    public const int MaxPickleLength = 1 << 22;

    private const string Pickle = "data.pkl", Parallel = "module.";

    private static readonly string[] Keys = ["state_dict", "model_state_dict", "model"];

    private readonly Dictionary<string, (PickleTensor Tensor, long Start)> views = new(StringComparer.Ordinal);

    private PyTorchCheckpoint(string path, SafeFileHandle handle)
        : base(path, handle)
    {
        long length = RandomAccess.GetLength(handle);
        Span<byte> head = stackalloc byte[(int)Math.Min(length, 512)];
        ReadBytes(head, 0);
        CheckFormat(head);
        Dictionary<string, ZipEntryRange> entries = ZipIndex.Read(length, ReadBytes);
        string folder = Folder(entries);
        if (Find(entries, folder + "byteorder") is { } order && Text(order, 16) != "little")
        {
            throw new InvalidDataException($"its byte order is {SafeTensors.Quote(Text(order, 16))}, expected little.");
        }

        ZipEntryRange pickle = Find(entries, folder + Pickle)!.Value;
        if (pickle.Length > MaxPickleLength)
        {
            throw new InvalidDataException(
                $"its pickle has {pickle.Length} bytes, expected at most {MaxPickleLength}.");
        }

        byte[] program = new byte[pickle.Length];
        ReadBytes(program, pickle.Offset);
        (List<(string Name, PickleTensor Tensor)> tensors, Metadata) = StateOf(PickleReader.Read(program));
        int skip = tensors.TrueForAll(static t => t.Name.StartsWith(Parallel, StringComparison.Ordinal))
            ? Parallel.Length : 0;
        List<SafeTensorInfo> infos = [];
        foreach ((string whole, PickleTensor tensor) in tensors)
        {
            (string name, PickleStorage storage) = (whole[skip..], tensor.Storage);
            int size = storage.Type.Size();
            ZipEntryRange data = Find(entries, $"{folder}data/{storage.Key}") ?? default;
            if (data.Length / size < storage.Count)
            {
                throw new InvalidDataException($"{SafeTensors.Quote(name)} needs storage "
                    + $"{SafeTensors.Quote(storage.Key)} with {storage.Count} elements of {size} bytes; the archive "
                    + $"has {data.Length} bytes of it.");
            }

            if (!views.TryAdd(name, (tensor, data.Offset)))
            {
                throw new InvalidDataException($"two tensors are named {SafeTensors.Quote(name)}.");
            }

            infos.Add(new SafeTensorInfo(name, storage.Type, tensor.Shape, tensor.Count, tensor.Offset * size));
        }

        Set(infos);
    }

    /// <summary>Opens a checkpoint and checks everything but the elements.</summary>
    /// <exception cref="PyTorchException">A file of another format, a damaged one, or one that holds more than
    /// tensors.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static new PyTorchCheckpoint Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        SafeFileHandle handle =
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            return new PyTorchCheckpoint(path, handle);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            handle.Dispose();
            string what = e is NotSupportedException ? "expected a regular file." : e.Message;
            throw new PyTorchException($"{path}: {what}", e);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file is meant to be a checkpoint of PyTorch: by its first bytes, or by the ending
    /// <c>.pt</c> or <c>.pth</c>.</summary>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static bool Is(string path)
    {
        string ending = System.IO.Path.GetExtension(path);
        if (ending.Equals(".pt", StringComparison.OrdinalIgnoreCase)
            || ending.Equals(".pth", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        Span<byte> head = stackalloc byte[4];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
            && head.SequenceEqual("PK\u0003\u0004"u8);
    }

    /// <inheritdoc/>
    public override IOException Error(string message, Exception? cause = null) =>
        cause is null ? new PyTorchException($"{Path}: {message}") : new PyTorchException($"{Path}: {message}", cause);

    private protected override Elements ElementsOf(SafeTensorInfo tensor)
    {
        (PickleTensor view, long start) = views[tensor.Name];
        int size = tensor.Type.Size();
        start += tensor.Offset;
        if (view.Count == 0 || view.IsContiguous)
        {
            return (first, bytes) => ReadBytes(bytes, start + first * size);
        }

        long span = 1;
        for (int axis = 0; axis < view.Shape.Length; axis++)
        {
            span += (view.Shape[axis] - 1) * view.Strides[axis];
        }

        if (span * size > Array.MaxLength)
        {
            throw Error($"{SafeTensors.Quote(tensor.Name)} is a view of {span} elements, expected at most "
                + $"{Array.MaxLength / size} where it is not contiguous.");
        }

        byte[] storage = new byte[span * size];
        ReadBytes(storage, start);
        return (first, bytes) => Gather(view, storage, size, first, bytes);
    }

    /// <summary>Elements of a view, row-major.</summary>
    private static void Gather(PickleTensor view, byte[] storage, int size, long first, Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += size, first++)
        {
            long rest = first, at = 0;
            for (int axis = view.Shape.Length - 1; axis >= 0; axis--)
            {
                (rest, long index) = Math.DivRem(rest, view.Shape[axis]);
                at += index * view.Strides[axis];
            }

            storage.AsSpan((int)(at * size), size).CopyTo(bytes[i..]);
        }
    }

    private static void CheckFormat(ReadOnlySpan<byte> head)
    {
        const int TarMark = 257;
        if (head.StartsWith("PK"u8))
        {
            return;
        }

        bool isLegacy = head is [0x80, 0x02, 0x8a, 0x0a, ..]
            || (head.Length > TarMark && head[TarMark..].StartsWith("ustar"u8));
        throw new InvalidDataException(isLegacy
            ? "it is in the format of PyTorch before 1.6; load it there and save it again with a newer version."
            : "expected a zip archive as torch.save writes it.");
    }

    private static ZipEntryRange? Find(Dictionary<string, ZipEntryRange> entries, string name) =>
        !entries.TryGetValue(name, out ZipEntryRange range) ? null
            : range.IsStored ? range
            : throw new InvalidDataException(
                $"{SafeTensors.Quote(name)} is compressed or encrypted, expected stored bytes.");

    /// <summary>The folder in the archive that has the pickle, with a slash.</summary>
    private static string Folder(Dictionary<string, ZipEntryRange> entries)
    {
        string[] pickles = [.. entries.Keys.Where(static n => n == Pickle
            || (n.EndsWith("/" + Pickle, StringComparison.Ordinal) && n.Count(static c => c == '/') == 1))];
        if (pickles.Length != 1)
        {
            throw new InvalidDataException(
                $"the archive has {pickles.Length} entries {Pickle}, expected one as torch.save writes it.");
        }

        string folder = pickles[0][..^Pickle.Length];
        return entries.ContainsKey(folder + "constants.pkl")
            ? throw new InvalidDataException("it is a TorchScript program, expected a state dictionary.")
            : folder;
    }

    private string Text(ZipEntryRange range, int most)
    {
        Span<byte> bytes = stackalloc byte[(int)Math.Min(range.Length, most)];
        ReadBytes(bytes, range.Offset);
        return Encoding.UTF8.GetString(bytes).Trim();
    }

    /// <summary>The tensors of a saved value, and the numbers and text beside its state dictionary.</summary>
    private static (List<(string Name, PickleTensor Tensor)> Tensors, Dictionary<string, string> Metadata) StateOf(
        object? saved)
    {
        if (saved is not PickleDictionary outer)
        {
            throw new InvalidDataException($"it holds {Describe(saved)}, expected a state dictionary.");
        }

        PickleDictionary state = outer;
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        if (!outer.Items.Exists(static i => i.Value is PickleTensor)
            && Keys.Select(key => Find(outer, key)).FirstOrDefault(static d => d is not null) is { } inner)
        {
            state = inner;
            foreach ((object? key, object? value) in outer.Items)
            {
                if (key is string name && value is string or long or double or bool)
                {
                    metadata[name] = string.Format(CultureInfo.InvariantCulture, "{0}", value);
                }
            }
        }

        List<(string, PickleTensor)> tensors = [.. state.Items
            .Where(static i => i is { Key: string, Value: PickleTensor })
            .Select(static i => ((string)i.Key!, (PickleTensor)i.Value!))];
        return tensors.Count > 0 ? (tensors, metadata) : throw new InvalidDataException(
            "it has no tensor by name; the saved dictionary has "
            + string.Join(", ", outer.Items.Take(10).Select(static i => SafeTensors.Quote($"{i.Key}")))
            + $", expected a state dictionary, or one under {string.Join(", ", Keys)}.");
    }

    private static PickleDictionary? Find(PickleDictionary outer, string key) =>
        outer.Items.Find(i => i.Key is string name && name == key).Value as PickleDictionary;

    private static string Describe(object? value) => value switch
    {
        null => "nothing",
        PickleTensor => "one tensor without a name",
        List<object?> => "a list",
        PickleTuple => "a tuple",
        _ => "a single value",
    };
}
