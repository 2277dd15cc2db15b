using System.Globalization;
using System.Text.RegularExpressions;
using static MuxKernels.Tests.PtxProgram;

namespace MuxKernels.Tests;

/// <summary>Loads and stores of parameters, of memory and of what a group shares. Every access is checked: inside a
/// buffer that the kernel was given, at a multiple of its size, and in shared memory only what was written and what no
/// other thread may touch at the same time.</summary>
internal static partial class PtxMemory
{
    /// <summary>Reads a load or a store.</summary>
    public static PtxStep Read(PtxProgram program, string[] parts, string text, string[] operands)
    {
        bool load = parts[0] == "ld";
        string space = parts[1], type = parts[^1];
        int count = parts.Contains("v4") ? 4 : parts.Contains("v2") ? 2 : 1, bytes = Bits(type) / 8;
        Match address = Address().Match(operands[load ? 1 : 0]);
        Reject(!address.Success || bytes is not (1 or 2 or 4 or 8), text);
        int[] values = [.. operands[load ? 0 : 1].Trim('{', '}').Split(',').Select(v => program.Row(v.Trim()))];
        Reject(values.Length != count, text);
        long offset = address.Groups[2].Success
            ? long.Parse(address.Groups[2].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : 0;
        string place = address.Groups[1].Value;
        bool signed = type[0] == 's';
        switch (space)
        {
            case "param":
                Reject(!load, text);
                int start = program.ParameterOf(place) + (int)offset;
                return new((group, threads) =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        ulong value = Extend(Get(group.Launch.Parameters.AsSpan(start + i * bytes), bytes), bytes, signed);
                        foreach (int t in threads)
                        {
                            group.Rows[values[i]][t] = value;
                        }
                    }
                });
            case "shared":
                int shared = program.Row(place);
                return new((group, threads) =>
                {
                    foreach (int t in threads)
                    {
                        ulong at = group.Rows[shared][t] + (ulong)offset;
                        Move(group, group.Shared.At(at, count * bytes, t, load, text), values, t, bytes, load, signed);
                    }
                });
            case "global":
                int memory = program.Row(place);
                return new((group, threads) =>
                {
                    foreach (int t in threads)
                    {
                        ulong at = group.Rows[memory][t] + (ulong)offset;
                        Move(group, group.Launch.Memory(at, count * bytes, text), values, t, bytes, load, signed);
                    }
                });
            default:
                throw new NotSupportedException($"PTX: {text}");
        }
    }

    private static void Move(PtxGroup group, Span<byte> memory, int[] values, int t, int bytes, bool load, bool signed)
    {
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> element = memory[(i * bytes)..];
            if (load)
            {
                group.Rows[values[i]][t] = Extend(Get(element, bytes), bytes, signed);
            }
            else
            {
                Put(element, bytes, group.Rows[values[i]][t]);
            }
        }
    }

    private static ulong Extend(ulong value, int bytes, bool signed)
    {
        int unused = 64 - 8 * bytes;
        return signed ? (ulong)((long)(value << unused) >> unused) : value;
    }

    private static ulong Get(Span<byte> memory, int bytes) => bytes switch
    {
        1 => memory[0],
        2 => BitConverter.ToUInt16(memory),
        4 => BitConverter.ToUInt32(memory),
        _ => BitConverter.ToUInt64(memory),
    };

    private static void Put(Span<byte> memory, int bytes, ulong value)
    {
        for (int i = 0; i < bytes; i++)
        {
            memory[i] = (byte)(value >> (8 * i));
        }
    }

    [GeneratedRegex(@"^\[\s*([%$\w]+)\s*([+-]\d+)?\s*\]$")]
    private static partial Regex Address();
}
