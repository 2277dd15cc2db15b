using System.Runtime.InteropServices;

namespace MuxKernels.Measure;

/// <summary>Where something was measured.</summary>
/// <param name="Processor">Name of the processor.</param>
/// <param name="Cores">Logical processors.</param>
/// <param name="InstructionSet">Widest instruction set that the kernels use.</param>
/// <param name="System">Operating system.</param>
/// <param name="Runtime">.NET version.</param>
public sealed record Machine(string Processor, int Cores, string InstructionSet, string System, string Runtime)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    /// <summary>This machine.</summary>
    public static Machine Read() => new(Name(), Environment.ProcessorCount, MachineProbe.InstructionSet,
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    private static string Name()
    {
        string? line = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
