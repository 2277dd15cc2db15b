using System.Diagnostics;
using System.Reflection;

namespace MuxKernels.Compare;

/// <summary>This program again, in a process of its own with other settings of the runtime.</summary>
internal static class ChildProcess
{
    /// <summary>Runs this program; its standard error is ours.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <param name="settings">Environment variables.</param>
    /// <param name="args">Arguments.</param>
    /// <exception cref="ComparisonException">It failed.</exception>
    public static string Run(IReadOnlyDictionary<string, string> settings, params IReadOnlyList<string> args)
    {
        string host = Environment.ProcessPath ?? "dotnet";
        ProcessStartInfo start = new(host) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        }

        foreach (string argument in args)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)
            ?? throw new ComparisonException($"{host} can't be started.");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new ComparisonException($"{string.Join(' ', args)}: exit code {process.ExitCode}.");
    }
}
