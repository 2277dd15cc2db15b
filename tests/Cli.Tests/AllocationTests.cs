using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace MuxKernels.Cli.Tests;

/// <summary>What a planned network allocates, in a process of its own: no other test allocates there.</summary>
public class AllocationTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 5)]
    public void A_thousand_planned_runs_allocate_nothing(int threads, int batch)
    {
        JsonElement json = default;
        long runs = 0;
        for (int seconds = 2; seconds <= 16 && runs < 1000; seconds *= 2)
        {
            // A busy machine takes longer for a thousand runs.
            json = Child("bench", "--model", "muxnet-tiny", "--threads", $"{threads}", "--batch", $"{batch}",
                "--seconds", seconds.ToString(CultureInfo.InvariantCulture), "--device", "cpu", "--json", "--quiet");
            runs = json.GetProperty("runs").GetInt64();
        }

        Assert.True(runs >= 1000, $"{runs} runs");
        Assert.Equal("plan", json.GetProperty("engine").GetString());
        Assert.Equal(0, json.GetProperty("allocated_bytes").GetDouble());
    }

    /// <summary>The document of a command that runs in another process.</summary>
    private static JsonElement Child(params string[] args)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string arg in (string[])[typeof(Program).Assembly.Location, .. args])
        {
            start.ArgumentList.Add(arg);
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}: {error.Result}");
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }
}
