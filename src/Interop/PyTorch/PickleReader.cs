using System.Buffers.Binary;
using System.Text;

namespace MuxKernels.Interop;

/// <summary>
/// Reads the pickles of <c>torch.save</c> (protocol 2): dictionaries, lists, tuples, numbers, text and tensors. A
/// pickle is a program; only the operations and names that such a file needs are known, everything else is refused and
/// nothing is ever called. Every operation makes at most one value, so memory is bounded by the length of the pickle.
/// </summary>
internal ref struct PickleReader
{
    private const int Protocol = 2;
    private const int MaxAxes = 64;

    private static readonly object Mark = new();

    private readonly ReadOnlySpan<byte> bytes;
    private readonly List<object?> stack = [];
    private readonly Dictionary<uint, object?> memo = [];
    private int at;

    private PickleReader(ReadOnlySpan<byte> bytes) => this.bytes = bytes;

    /// <summary>Reads the value of a pickle.</summary>
    /// <exception cref="InvalidDataException">An operation or a name that is not known, or a damaged pickle; the
    /// message says what was found.</exception>
    public static object? Read(ReadOnlySpan<byte> bytes) => new PickleReader(bytes).Run();

    private object? Run()
    {
        if (bytes.Length < 2 || bytes[0] != 0x80 || bytes[1] != Protocol)
        {
            throw Damaged(bytes.Length >= 2 && bytes[0] == 0x80 ? $"it has protocol {bytes[1]}, expected {Protocol}"
                : "it does not begin as one");
        }

        at = 2;
        while (true)
        {
            byte operation = Take(1)[0];
            if (operation == (byte)'.')
            {
                return stack.Count == 1 && at == bytes.Length ? Value(stack[0]) : throw Damaged("it ends too early");
            }

            Step(operation);
        }
    }

    private void Step(byte operation)
    {
        switch (operation)
        {
            case (byte)'(':
                stack.Add(Mark);
                break;
            case (byte)')':
                stack.Add(new PickleTuple([]));
                break;
            case (byte)']':
                stack.Add(new List<object?>());
                break;
            case (byte)'}':
                stack.Add(new PickleDictionary());
                break;
            case (byte)'N':
                stack.Add(null);
                break;
            case 0x88 or 0x89:
                stack.Add(operation == 0x88);
                break;
            case (byte)'K':
                stack.Add((long)Take(1)[0]);
                break;
            case (byte)'M':
                stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case (byte)'J':
                stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case 0x8a:
                stack.Add(Long());
                break;
            case (byte)'G':
                stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'X':
                stack.Add(Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;
            case (byte)'c':
                stack.Add(Global());
                break;
            case (byte)'q':
                memo[Take(1)[0]] = Top();
                break;
            case (byte)'r':
                memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top();
                break;
            case (byte)'h':
                Recall(Take(1)[0]);
                break;
            case (byte)'j':
                Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case (byte)'t':
                Tuple(stack.Count - 1 - LastMark(), marked: true);
                break;
            case 0x85 or 0x86 or 0x87:
                Tuple(operation - 0x84, marked: false);
                break;
            case (byte)'a':
                Append(1, marked: false);
                break;
            case (byte)'e':
                Append(stack.Count - 1 - LastMark(), marked: true);
                break;
            case (byte)'s':
                SetItems(2, marked: false);
                break;
            case (byte)'u':
                SetItems(stack.Count - 1 - LastMark(), marked: true);
                break;
            case (byte)'Q':
                stack.Add(Storage(Pop()));
                break;
            case (byte)'R':
                PickleTuple arguments = Pop() as PickleTuple ?? throw Damaged("arguments are no tuple");
                stack.Add(Call(Pop() as PickleGlobal ?? throw Damaged("something that is no name is called"),
                    arguments.Items));
                break;
            case (byte)'b':
                // The state of an ordered dictionary (a module's versions): nothing that belongs to its items.
                Pop();
                _ = Top() as PickleDictionary ?? throw Refused("an object with a state");
                break;
            default:
                throw Refused($"operation 0x{operation:x2}");
        }
    }

    private static object? Call(PickleGlobal global, object?[] arguments)
    {
        switch (global.Name)
        {
            case "OrderedDict" when arguments.Length == 0:
                return new PickleDictionary();
            case "Size" when arguments is [PickleTuple axes]:
                return axes;
            case "_rebuild_parameter" when arguments is [PickleTensor tensor, ..]:
                return tensor;
            case "_rebuild_tensor_v2" when arguments is [PickleStorage storage, long offset, PickleTuple shape,
                PickleTuple strides, ..]:
                return Tensor(storage, offset, Axes(shape), Axes(strides));
            default:
                throw Damaged($"{global} has {arguments.Length} arguments or others than it takes");
        }
    }

    private static long[] Axes(PickleTuple tuple) => tuple.Items.Length <= MaxAxes
        ? Array.ConvertAll(tuple.Items, static i => i is long axis and >= 0 ? axis
            : throw Damaged("an axis is no length"))
        : throw Damaged($"a tensor has {tuple.Items.Length} axes, expected at most {MaxAxes}");

    /// <summary>A view that lies inside its storage and is no larger than it.</summary>
    private static PickleTensor Tensor(PickleStorage storage, long offset, long[] shape, long[] strides)
    {
        if (shape.Length != strides.Length || offset < 0)
        {
            throw Damaged($"a tensor has {shape.Length} axes, {strides.Length} strides and offset {offset}");
        }

        string what = $"a tensor of shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}]";
        try
        {
            PickleTensor tensor = new(storage, offset, shape, strides);
            long end = offset;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                end = checked(end + Math.Max(0, shape[axis] - 1) * strides[axis]);
            }

            return tensor.Count == 0 || (tensor.Count <= storage.Count && end < storage.Count)
                ? tensor
                : throw Damaged($"{what} and offset {offset} is more than its storage of {storage.Count} elements");
        }
        catch (OverflowException e)
        {
            throw new InvalidDataException($"the pickle is damaged: {what} is too large.", e);
        }
    }

    private static PickleStorage Storage(object? id) =>
        id is PickleTuple { Items: ["storage", PickleGlobal { Storage: { } type }, string key, string, long count] }
            && count >= 0
            ? new PickleStorage(key, type, count)
            : throw Damaged("a storage is described in another way");

    private PickleGlobal Global()
    {
        PickleGlobal global = new(Line(), Line());
        return global.IsKnown ? global : throw new InvalidDataException(
            $"it uses {SafeTensors.Quote(global.ToString())}; expected only tensors, numbers, text, lists and "
            + "dictionaries (save model.state_dict(), not the model).");
    }

    private string Line()
    {
        int length = bytes[at..].IndexOf((byte)'\n');
        return length < 0 ? throw CutOff() : Encoding.UTF8.GetString(Take(length + 1)[..^1]);
    }

    private string Text(uint length) => Encoding.UTF8.GetString(Take(length));

    private long Long()
    {
        int length = Take(1)[0];
        if (length > sizeof(long))
        {
            throw Refused($"an integer of {length} bytes");
        }

        ReadOnlySpan<byte> digits = Take((uint)length);
        long value = length > 0 && (digits[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = length - 1; i >= 0; i--)
        {
            value = value << 8 | digits[i];
        }

        return value;
    }

    private void Recall(uint index) =>
        stack.Add(memo.TryGetValue(index, out object? value) ? value : throw Damaged($"value {index} is not there"));

    private void Tuple(int count, bool marked) => stack.Add(new PickleTuple(PopMany(count, marked)));

    private void Append(int count, bool marked)
    {
        object?[] items = PopMany(count, marked);
        (Top() as List<object?> ?? throw Damaged("something is appended to what is no list")).AddRange(items);
    }

    private void SetItems(int count, bool marked)
    {
        object?[] items = PopMany(count, marked);
        PickleDictionary to = Top() as PickleDictionary ?? throw Damaged("an item is set in what is no dictionary");
        if (items.Length % 2 != 0)
        {
            throw Damaged("a key has no value");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            to.Items.Add((items[i], items[i + 1]));
        }
    }

    private int LastMark()
    {
        int mark = stack.LastIndexOf(Mark);
        return mark >= 0 ? mark : throw Damaged("a mark is missing");
    }

    private object?[] PopMany(int count, bool marked)
    {
        if (count > stack.Count)
        {
            throw Damaged("a value is missing");
        }

        object?[] items = [.. stack[^count..]];
        if (Array.IndexOf(items, Mark) >= 0)
        {
            throw Damaged("a mark stands where a value should be");
        }

        stack.RemoveRange(stack.Count - count, count);
        if (marked)
        {
            stack.RemoveAt(stack.Count - 1);
        }

        return items;
    }

    private object? Pop()
    {
        object? value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private object? Top() => stack.Count > 0 ? Value(stack[^1]) : throw Damaged("a value is missing");

    private static object? Value(object? value) =>
        ReferenceEquals(value, Mark) ? throw Damaged("a mark stands where a value should be") : value;

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > bytes.Length - at)
        {
            throw CutOff();
        }

        ReadOnlySpan<byte> taken = bytes.Slice(at, (int)count);
        at += taken.Length;
        return taken;
    }

    private static InvalidDataException CutOff() => Damaged("it is cut off");

    private static InvalidDataException Damaged(string how) => new($"the pickle is damaged: {how}.");

    private static InvalidDataException Refused(string what) => new(
        $"the pickle has {what}; expected only tensors, numbers, text, lists and dictionaries.");
}
