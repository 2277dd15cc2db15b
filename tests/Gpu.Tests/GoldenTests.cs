using System.Text.Json.Nodes;
using MuxKernels.Interop;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The golden data on devices: operators and blocks in both directions, networks, training traces. Nothing is
/// skipped.</summary>
public sealed class GoldenTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "goldens");

    [DeviceTheory("opencl")]
    [InlineData(GoldenParts.Operators, 61)]
    [InlineData(GoldenParts.Networks, 6)]
    public void Everything_passes_on_opencl(GoldenParts parts, int cases) => Verify("opencl", Folder, parts, cases);

    [LongTheory]
    [InlineData(GoldenParts.Operators, 61)]
    [InlineData(GoldenParts.Networks, 6)]
    public void Everything_passes_as_ptx(GoldenParts parts, int cases) => Verify(Hardware.Ptx, Folder, parts, cases);

    [DeviceFact("opencl")]
    public void Training_follows_a_trace_on_opencl() => VerifyTrace("opencl", 0);

    [DeviceTheory("cuda")]
    [InlineData(GoldenParts.Operators, 61)]
    [InlineData(GoldenParts.Networks, 6)]
    [InlineData(GoldenParts.Traces, 4)]
    public void Everything_passes_on_cuda(GoldenParts parts, int cases) => Verify("cuda", Folder, parts, cases);

    private static void VerifyTrace(string kind, int index)
    {
        JsonNode all = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "nets", "traces.json")))!;
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(file, new JsonObject
        {
            ["format"] = 1,
            ["traces"] = new JsonArray(all["traces"]![index]!.DeepClone()),
        }.ToJsonString());
        try
        {
            Verify(kind, file, GoldenParts.Traces, 1);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>On the shared device: every kernel is compiled once for all tests.</summary>
    private static void Verify(string kind, string path, GoldenParts parts, int cases) =>
        Verify(Hardware.NetworkDevice(kind), path, parts, cases);

    private static void Verify(GpuDevice device, string path, GoldenParts parts, int cases)
    {
        GoldenReport report;
        lock (device)
        {
            report = GoldenVerifier.Verify([path], device, new GoldenOptions { Parts = parts });
        }

        string[] bad = [.. report.Cases.Where(c => c.Outcome != GoldenOutcome.Passed).Select(c =>
            $"{c.Name}: {c.Outcome}. {c.Reason} Worst: {c.Worst}")];
        Assert.True(bad.Length == 0, string.Join('\n', bad));
        Assert.Equal(cases, report.Passed);
    }
}
