namespace MuxKernels.Interop;

/// <summary>A dictionary of a pickle, in its order. Keys are what the file has: text where it is a state
/// dictionary.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Keys and values.</summary>
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>A tuple of a pickle.</summary>
/// <param name="Items">Its values.</param>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A name of a module that a pickle may use; it is compared, never looked up.</summary>
/// <param name="Module">Module.</param>
/// <param name="Name">Name in it.</param>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <summary>The elements of a class of storage; null for other names.</summary>
    public SafeTensorType? Storage => Module != "torch" ? null : Name switch
    {
        "FloatStorage" => SafeTensorType.F32,
        "DoubleStorage" => SafeTensorType.F64,
        "HalfStorage" => SafeTensorType.F16,
        "BFloat16Storage" => SafeTensorType.BF16,
        "LongStorage" => SafeTensorType.I64,
        "IntStorage" => SafeTensorType.I32,
        "ShortStorage" => SafeTensorType.I16,
        "CharStorage" => SafeTensorType.I8,
        "ByteStorage" => SafeTensorType.U8,
        "BoolStorage" => SafeTensorType.BOOL,
        _ => null,
    };

    /// <summary>Whether the reader knows the name.</summary>
    public bool IsKnown => Storage is not null || this is
        { Module: "collections", Name: "OrderedDict" } or
        { Module: "torch._utils", Name: "_rebuild_tensor_v2" or "_rebuild_parameter" } or
        { Module: "torch", Name: "Size" };

    /// <inheritdoc/>
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A storage that a pickle names.</summary>
/// <param name="Key">Name of its entry.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Count">Its elements.</param>
internal sealed record PickleStorage(string Key, SafeTensorType Type, long Count);

/// <summary>A tensor: a view of a storage.</summary>
/// <param name="Storage">Where its elements lie.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Lengths of the axes.</param>
/// <param name="Strides">Elements from one index of an axis to the next.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Number of elements.</summary>
    public long Count => SafeTensorTypes.Count(Shape);

    /// <summary>Whether the elements stand one behind the other.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int axis = Shape.Length - 1; axis >= 0; axis--)
            {
                if (Shape[axis] != 1 && Strides[axis] != expected)
                {
                    return false;
                }

                expected *= Shape[axis];
            }

            return true;
        }
    }
}
