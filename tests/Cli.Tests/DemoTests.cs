using System.Text.Json;
using System.Xml.Linq;

namespace MuxKernels.Cli.Tests;

public sealed class DemoTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_demonstration_that_learned_nothing_fails_and_leaves_its_files()
    {
        Run run = Run.Of("demo", "--epochs", "1", "--limit", "128", "--seconds", "0", "--output", folder, "--json",
            "--quiet");
        run.Fails(1, "0.85");
        JsonElement json = run.Document();
        Assert.True(json.GetProperty("reloaded_bits_equal").GetBoolean());
        Assert.InRange(json.GetProperty("plan_error").GetDouble(), 0, 1e-5);
        Assert.Equal(["plan", "eager", "plan", "eager", "plan", "eager"],
            json.GetProperty("speeds").EnumerateArray().Select(s => s.GetProperty("engine").GetString()!));
        Assert.Equal(9, json.GetProperty("kernels").GetArrayLength());
        Assert.InRange(json.GetProperty("test_accuracy").GetDouble(), 0, 0.85);
        foreach (JsonElement file in json.GetProperty("files").EnumerateArray())
        {
            string path = file.GetString()!;
            Assert.True(new FileInfo(path).Length > 0, path);
            if (path.EndsWith(".svg", StringComparison.Ordinal))
            {
                Assert.Equal("svg", XDocument.Load(path).Root!.Name.LocalName);
            }
        }

        string written = File.ReadAllText(Path.Combine(folder, "demo.json"));
        Assert.Equal(run.Output.Trim(), written.Trim());
    }
}
