using System.Globalization;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels.Tests;

/// <summary>A launch of a kernel: its arguments laid out as the driver lays them out, and the buffers that it may
/// touch.</summary>
internal sealed class PtxLaunch
{
    private readonly List<(ulong Start, ulong End)> buffers = [];
    private int used;

    /// <summary>Lays arguments out.</summary>
    public PtxLaunch(PtxProgram program, object[] arguments)
    {
        Parameters = new byte[program.ParameterBytes];
        foreach (object argument in arguments)
        {
            used = Align(used, AlignmentOf(argument.GetType()));
            Lay(argument);
        }

        Check(used <= Parameters.Length && Parameters.Length - used < 16, program.Name, string.Create(
            CultureInfo.InvariantCulture, $"{used} bytes of arguments for {Parameters.Length} of parameters"));
    }

    /// <summary>The kernel's parameters.</summary>
    public byte[] Parameters { get; }

    /// <summary>The bytes of an access to memory.</summary>
    public unsafe Span<byte> Memory(ulong address, int size, string text)
    {
        foreach ((ulong start, ulong end) in buffers)
        {
            if (address >= start && address + (ulong)size <= end)
            {
                Check(address % (ulong)size == 0, text, $"{size} bytes at an address that is no multiple of {size}");
                return new Span<byte>((void*)address, size);
            }
        }

        throw new InvalidOperationException($"{text}: {size} bytes outside of every buffer.");
    }

    /// <summary>Ends the launch where something is not as it should be.</summary>
    public static void Check(bool condition, string text, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"{text}: {what}.");
        }
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private static bool IsView(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>);

    private static FieldInfo[] Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static int AlignmentOf(Type type) => IsView(type) ? 8
        : type.IsPrimitive ? SizeOf(type)
        : type.IsEnum ? SizeOf(Enum.GetUnderlyingType(type))
        : Fields(type).Select(f => AlignmentOf(f.FieldType)).DefaultIfEmpty(1).Max();

    private static int SizeOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte or TypeCode.SByte or TypeCode.Boolean => 1,
        TypeCode.Int16 or TypeCode.UInt16 => 2,
        TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
        TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double => 8,
        _ => throw new NotSupportedException($"{type} as a kernel's argument"),
    };

    private void Lay(object value)
    {
        Type type = value.GetType();
        if (IsView(type))
        {
            typeof(PtxLaunch).GetMethod(nameof(LayView), BindingFlags.Instance | BindingFlags.NonPublic)!
                .MakeGenericMethod(type.GetGenericArguments()).Invoke(this, [value]);
        }
        else if (type.IsPrimitive || type.IsEnum)
        {
            int size = SizeOf(type);
            Put(BitConverter.GetBytes(value switch
            {
                float number => BitConverter.SingleToUInt32Bits(number),
                double number => BitConverter.DoubleToUInt64Bits(number),
                ulong number => number,
                _ => (ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture),
            }).AsSpan(0, size));
        }
        else
        {
            int alignment = AlignmentOf(type);
            foreach (FieldInfo field in Fields(type))
            {
                used = Align(used, AlignmentOf(field.FieldType));
                Lay(field.GetValue(value)!);
            }

            used = Align(used, alignment);
        }
    }

    private unsafe void LayView<T>(ArrayView<T> view)
        where T : unmanaged
    {
        ulong start = view.Length > 0 ? (ulong)view.LoadEffectiveAddressAsPtr() : 0;
        buffers.Add((start, start + (ulong)(view.Length * sizeof(T))));
        Put(BitConverter.GetBytes(start));
        Put(BitConverter.GetBytes(view.Length));
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Parameters.AsSpan(used));
        used += bytes.Length;
    }
}
