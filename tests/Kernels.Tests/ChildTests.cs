using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Instruction sets are switched off in child processes, which assert that they really are off, and check
/// every kernel and the device's own choice against the references.</summary>
public class InstructionSetTests
{
    [Avx512Fact]
    public void Without_avx512_everything_agrees()
    {
        string[] lines = Child.Checked("DOTNET_EnableAVX512", "20");
        Assert.StartsWith("avx512=False avx2=True fma=True", lines[0]);
        Assert.DoesNotContain(lines, line => line.Contains("/avx512"));
    }

    [Avx2Fact]
    public void Without_avx2_everything_agrees()
    {
        string[] lines = Child.Checked("DOTNET_EnableAVX2", "20");
        Assert.StartsWith("avx512=False avx2=False fma=False vector128=True", lines[0]);
        Assert.DoesNotContain(lines, line => line.Contains("/avx2"));
    }

    [Fact]
    public void Without_any_intrinsics_everything_agrees()
    {
        string[] lines = Child.Checked("DOTNET_EnableHWIntrinsic", "8");
        Assert.StartsWith("avx512=False avx2=False fma=False", lines[0]);
    }
}

/// <summary>Kernels run between forbidden pages, in a child process: it ends at the first access outside.</summary>
public class GuardPageTests
{
    [Fact]
    public void Kernels_stay_inside_their_memory()
    {
        List<string> wrong = [];
        int done = 0;
        while (true)
        {
            (int exit, string[] lines) = Child.Run([ChildProgram.Guards, done.ToString()]);
            string[] starts = [.. lines.Where(line => line.StartsWith("? ", StringComparison.Ordinal))];
            wrong.AddRange(lines.Where(line => line.StartsWith("failed", StringComparison.Ordinal)));
            done += starts.Length;
            if (exit == 0)
            {
                break;
            }

            Assert.True(starts.Length > 0, $"The child process ended with {exit} before its first kernel.");
            wrong.Add($"{starts[^1][2..]} left its memory (exit code {exit})");
        }

        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
        Assert.Equal(RegistryRows.Variants.Count, done);
    }

    [Theory]
    [InlineData(ChildProgram.Overrun)]
    [InlineData(ChildProgram.Underrun)]
    public void An_access_outside_guarded_memory_ends_the_process(string access) =>
        Assert.NotEqual(0, Child.Run([access]).ExitCode);
}

/// <summary>The sample that users start from.</summary>
public class SampleTests
{
    [Fact]
    public void A_wrong_convolution_gets_a_shrunk_counterexample()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "CheckYourKernel.dll");
        (int exit, string[] lines) = Child.RunProgram(sample, []);
        Assert.Equal(0, exit);
        Assert.StartsWith("depthwise.forward: y[0, 0, 0, 0] is", lines[0]);
        Assert.Contains("geometry [1, 1, 2, 2] k2 s1", lines[1]);
        Assert.Contains("shrunk", lines[2]);
        Assert.Contains("seed     1", lines[3]);
    }
}

/// <summary>Skips where the processor has no AVX-512.</summary>
public sealed class Avx512FactAttribute : FactAttribute
{
    public Avx512FactAttribute() => Skip = Avx512F.IsSupported ? null : "This processor has no AVX-512.";
}

/// <summary>Skips where the processor has no AVX2.</summary>
public sealed class Avx2FactAttribute : FactAttribute
{
    public Avx2FactAttribute() => Skip = Avx2.IsSupported ? null : "This processor has no AVX2.";
}

/// <summary>This assembly as a program of its own.</summary>
internal static class Child
{
    /// <summary>Lines of a child that checks everything with one switch at 0; demands that nothing failed.</summary>
    public static string[] Checked(string variable, string count)
    {
        (int exit, string[] lines) = Run([ChildProgram.Sets, count], (variable, "0"));
        string[] wrong = [.. lines.Where(line => line.StartsWith("failed", StringComparison.Ordinal))];
        Assert.True(wrong.Length == 0, string.Join(Environment.NewLine, wrong));
        Assert.True(exit == 0, $"The child process ended with {exit} after {lines.LastOrDefault()}.");
        Assert.NotEmpty(lines);
        return lines;
    }

    public static (int ExitCode, string[] Lines) Run(string[] arguments,
        params (string Name, string Value)[] environment) =>
        RunProgram(typeof(ChildProgram).Assembly.Location, arguments, environment);

    public static (int ExitCode, string[] Lines) RunProgram(string program, string[] arguments,
        params (string Name, string Value)[] environment)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
            ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
                ? Environment.ProcessPath!
                : "dotnet");
        ProcessStartInfo start = new(host)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(program);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        errors.Wait();
        return (process.ExitCode, lines);
    }
}
