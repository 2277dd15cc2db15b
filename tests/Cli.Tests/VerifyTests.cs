using System.Text.Json;

namespace MuxKernels.Cli.Tests;

public sealed class VerifyTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("cpu", "eager", 2e-6)]
    [InlineData("cpu", "plan", 2e-6)]
    [InlineData("reference", "eager", 1e-6)]
    public void Every_golden_operator_passes(string device, string engine, double most)
    {
        JsonElement json = Run.Of("verify", Path.Combine(Goldens(), "ops"), "--only", "ops", "--device", device,
            "--engine", engine, "--json", "--quiet").Json();
        Assert.Equal(engine, json.GetProperty("engine").GetString());
        Assert.Equal(engine == "plan", json.GetProperty("plans").GetInt32() > 40);
        JsonElement[] cases = [.. json.GetProperty("cases").EnumerateArray()];
        Assert.Equal(cases.Length, json.GetProperty("passed").GetInt32());
        Assert.Equal(0, json.GetProperty("failed").GetInt32());
        Assert.Equal(0, json.GetProperty("skipped").GetInt32());
        Assert.Contains(cases, c => c.GetProperty("name").GetString()!.StartsWith("muxconv", StringComparison.Ordinal)
            && c.GetProperty("error").GetDouble() <= most);
    }

    [Fact]
    public void Every_kernel_agrees_with_its_reference()
    {
        JsonElement json = Run.Of("verify", "--kernels", "1", "--device", "cpu", "--json", "--quiet").Json();
        Assert.Equal(0, json.GetProperty("failed").GetInt32());
        string[] kernels = [.. json.GetProperty("kernels").EnumerateArray().Select(k =>
            k.GetProperty("kernel").GetString()!).Distinct()];
        Assert.Equal(KernelRegistry.Operations.Where(o => o.Targets.Contains("v128")).Select(o => o.Name).Order(),
            kernels.Order());
    }

    [Fact]
    public void A_wrong_tensor_fails_with_its_error_beside_its_bound()
    {
        CopyOne("act_swish", flip: true);
        Run run = Run.Of("verify", folder, "--json");
        Assert.Equal(1, run.Code);
        JsonElement json = run.Document();
        Assert.True(json.GetProperty("failed").GetInt32() > 0);
        JsonElement bad = json.GetProperty("cases").EnumerateArray().First(c => !c.GetProperty("passed").GetBoolean());
        Assert.Equal("act_swish", bad.GetProperty("name").GetString());
        Assert.Contains("FAIL", Run.Of("verify", folder).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_and_parts_are_checked()
    {
        Run.Of("verify", Path.Combine(folder, "missing")).Fails(1, "missing");
        Run.Of("verify", folder).Fails(1, folder, "golden");
        Run.Of("verify", folder, "--only", "all").Fails(2, "--only", "all");
        Run.Of("verify").Fails(2, "PATH", "--kernels");
        Run.Of("verify", folder, "--kernels", "2").Fails(2, "PATH", "--kernels");
        Run.Of("verify", "--kernels", "2", "--device", "reference").Fails(2, "reference");
    }

    /// <summary>One case in a folder of its own, with a changed number where asked for.</summary>
    private void CopyOne(string name, bool flip)
    {
        string ops = Path.Combine(Goldens(), "ops");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(ops, "manifest.json")));
        Dictionary<string, object> copy = [];
        foreach (JsonProperty property in manifest.RootElement.EnumerateObject())
        {
            copy[property.Name] = property.Name == "cases"
                ? property.Value.EnumerateArray().Where(c => c.GetProperty("case").GetString() == name).ToArray()
                : property.Value;
        }

        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(copy));
        byte[] tensors = File.ReadAllBytes(Path.Combine(ops, $"{name}.safetensors"));
        if (flip)
        {
            for (int i = tensors.Length - 400; i < tensors.Length; i += 4)
            {
                tensors[i + 3] ^= 0x80;
            }
        }

        File.WriteAllBytes(Path.Combine(folder, $"{name}.safetensors"), tensors);
    }

    /// <summary>The goldens of this repository, above the test's own folder.</summary>
    private static string Goldens()
    {
        string? at = AppContext.BaseDirectory;
        while (at is not null && !Directory.Exists(Path.Combine(at, "tests", "goldens")))
        {
            at = Path.GetDirectoryName(at);
        }

        return Path.Combine(at ?? throw new DirectoryNotFoundException("tests/goldens was not found."), "tests",
            "goldens");
    }
}
