using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace MuxKernels.Cli;

/// <summary>A cache of the processor.</summary>
/// <param name="Level">1, 2 or 3.</param>
/// <param name="Type">Data, Instruction or Unified.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record Cache(int Level, string Type, long Bytes);

/// <summary>What the processor is, as far as the system says.</summary>
internal sealed record Processor(string Name, string Architecture, int Threads, IReadOnlyList<string> InstructionSets,
    string KernelsUse, int VectorFloats, IReadOnlyList<Cache> Caches)
{
    private const string CacheFolder = "/sys/devices/system/cpu/cpu0/cache";
    private const string ProcessorFile = "/proc/cpuinfo";

    /// <summary>Asks the system.</summary>
    public static Processor Read() => new(FindName(), RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount, FindSets(), MachineProbe.InstructionSet, MachineProbe.VectorLanes, FindCaches());

    private static string FindName()
    {
        string? line = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static List<string> FindSets()
    {
        (string Name, bool Supported)[] sets =
        [
            ("SSE4.2", Sse42.IsSupported), ("AVX", Avx.IsSupported), ("AVX2", Avx2.IsSupported),
            ("FMA", Fma.IsSupported), ("AVX-512F", Avx512F.IsSupported), ("AVX-512BW", Avx512BW.IsSupported),
            ("AVX-512DQ", Avx512DQ.IsSupported), ("AVX-512VBMI", Avx512Vbmi.IsSupported),
            ("NEON", System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported),
        ];
        return [.. sets.Where(s => s.Supported).Select(s => s.Name)];
    }

    private static List<Cache> FindCaches()
    {
        List<Cache> caches = [];
        if (!Directory.Exists(CacheFolder))
        {
            return caches;
        }

        foreach (string index in Directory.GetDirectories(CacheFolder, "index*").Order(StringComparer.Ordinal))
        {
            string[] files = [.. new[] { "level", "type", "size" }.Select(f => Path.Combine(index, f))];
            if (files.All(File.Exists))
            {
                string[] text = [.. files.Select(f => File.ReadAllText(f).Trim())];
                long unit = text[2].EndsWith('K') ? 1024 : text[2].EndsWith('M') ? 1 << 20 : 1;
                if (int.TryParse(text[0], CultureInfo.InvariantCulture, out int level)
                    && long.TryParse(text[2].TrimEnd('K', 'M'), CultureInfo.InvariantCulture, out long size))
                {
                    caches.Add(new Cache(level, text[1], size * unit));
                }
            }
        }

        return caches;
    }
}
