namespace MuxKernels.Interop;

/// <summary>Element types of a safetensors file, by their names in the format. All are little-endian.</summary>
public enum SafeTensorType
{
    /// <summary>Truth values, one byte.</summary>
    BOOL,

    /// <summary>Unsigned 8-bit integers.</summary>
    U8,

    /// <summary>Signed 8-bit integers.</summary>
    I8,

    /// <summary>Unsigned 16-bit integers.</summary>
    U16,

    /// <summary>Signed 16-bit integers.</summary>
    I16,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of a float32.</summary>
    BF16,

    /// <summary>Unsigned 32-bit integers.</summary>
    U32,

    /// <summary>Signed 32-bit integers.</summary>
    I32,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>Unsigned 64-bit integers.</summary>
    U64,

    /// <summary>Signed 64-bit integers.</summary>
    I64,

    /// <summary>IEEE double precision.</summary>
    F64,
}

/// <summary>Properties of the element types.</summary>
internal static class SafeTensorTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this SafeTensorType type) => type switch
    {
        SafeTensorType.BOOL or SafeTensorType.U8 or SafeTensorType.I8 => 1,
        SafeTensorType.U16 or SafeTensorType.I16 or SafeTensorType.F16 or SafeTensorType.BF16 => 2,
        SafeTensorType.U32 or SafeTensorType.I32 or SafeTensorType.F32 => 4,
        _ => 8,
    };

    /// <summary>Whether elements may have fractions.</summary>
    public static bool IsFloat(this SafeTensorType type) =>
        type is SafeTensorType.F16 or SafeTensorType.BF16 or SafeTensorType.F32 or SafeTensorType.F64;

    /// <summary>Type of the format for a type of the language.</summary>
    public static SafeTensorType? Of(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => SafeTensorType.BOOL,
        TypeCode.Byte => SafeTensorType.U8,
        TypeCode.SByte => SafeTensorType.I8,
        TypeCode.UInt16 => SafeTensorType.U16,
        TypeCode.Int16 => SafeTensorType.I16,
        TypeCode.UInt32 => SafeTensorType.U32,
        TypeCode.Int32 => SafeTensorType.I32,
        TypeCode.UInt64 => SafeTensorType.U64,
        TypeCode.Int64 => SafeTensorType.I64,
        TypeCode.Single => SafeTensorType.F32,
        TypeCode.Double => SafeTensorType.F64,
        _ => type == typeof(Half) ? SafeTensorType.F16 : null,
    };

    /// <summary>Product of the axes.</summary>
    /// <exception cref="OverflowException">More than a 64-bit integer holds.</exception>
    public static long Count(IReadOnlyList<long> shape)
    {
        long count = 1;
        foreach (long axis in shape)
        {
            count = checked(count * axis);
        }

        return count;
    }
}
