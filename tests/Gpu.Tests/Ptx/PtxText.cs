using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>What is looked for in the PTX of every kernel.</summary>
internal static partial class PtxText
{
    private const int SharedLimit = 48 * 1024;

    /// <summary>16-byte loads from memory.</summary>
    [GeneratedRegex(@"ld\.global\.v4\.f32")]
    public static partial Regex WideLoad();

    /// <summary>16-byte stores to memory.</summary>
    [GeneratedRegex(@"st\.global\.v4\.f32")]
    public static partial Regex WideStore();

    /// <summary>Accesses whose memory is not named, which are slower.</summary>
    [GeneratedRegex(@"\b(ld|st)\.(volatile\.)?(v[24]\.)?[fbus](8|16|32|64)\b")]
    public static partial Regex GenericAccess();

    /// <summary>Demands that locals are in registers, that memory is named, that there are neither calls nor atomics,
    /// and that a group shares no more than every device has.</summary>
    public static void Check(string code)
    {
        foreach (string unwanted in (string[])[".local", "call", "atom.", "cvta.shared", "cvta.to.shared"])
        {
            Assert.DoesNotContain(unwanted, code, StringComparison.Ordinal);
        }

        Assert.Empty(GenericAccess().Matches(code).Select(m => m.Value));
        Assert.InRange(SharedArray().Matches(code).Sum(m => long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)),
            0, SharedLimit);
    }

    [GeneratedRegex(@"\.shared\s+\.align\s+\d+\s+\.b8\s+\S+\[(\d+)\]")]
    private static partial Regex SharedArray();
}
