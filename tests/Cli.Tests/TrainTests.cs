using System.Text.Json;

namespace MuxKernels.Cli.Tests;

public sealed class TrainTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Train_resume_evaluate_predict_export_inspect()
    {
        string[] train =
        [
            "train", "--limit", "256", "--test-limit", "64", "--batch", "32", "--rate", "0.05", "--epochs", "2",
            "--output", folder, "--threads", "2", "--json",
        ];
        Run first = Run.Of(train);
        JsonElement json = first.Json();
        Assert.InRange(json.GetProperty("test_accuracy").GetDouble(), 0, 1);
        Assert.Equal(2, json.GetProperty("epochs").GetArrayLength());
        foreach (JsonElement file in json.GetProperty("files").EnumerateArray())
        {
            Assert.True(File.Exists(file.GetString()), file.GetString());
        }

        foreach (string line in first.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument progress = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Object, progress.RootElement.ValueKind);
        }

        JsonElement again = Run.Of([.. train, "--resume", "--quiet"]).Json();
        Assert.Equal(json.GetProperty("test_accuracy").GetDouble(), again.GetProperty("test_accuracy").GetDouble());
        Run.Of([.. train, "--resume", "--seed", "9"]).Fails(1, "last.safetensors", "seed 9");

        string best = Path.Combine(folder, "best.safetensors"), last = Path.Combine(folder, "last.safetensors");
        JsonElement eval = Run.Of("eval", "--weights", last, "--limit", "64", "--json", "--quiet").Json();
        Assert.Equal(json.GetProperty("test_accuracy").GetDouble(), eval.GetProperty("top1").GetDouble());
        long counted = eval.GetProperty("confusion").EnumerateArray()
            .Sum(row => row.EnumerateArray().Sum(v => v.GetInt64()));
        Assert.Equal(64, counted);

        string copy = Path.Combine(folder, "copy.safetensors");
        Assert.Equal(137_636, Run.Of("export", "--weights", best, "--safetensors", copy, "--json").Json()
            .GetProperty("parameters").GetInt64());
        JsonElement inspected = Run.Of("inspect", copy, "--json").Json();
        Assert.Contains(inspected.GetProperty("tensors").EnumerateArray(),
            t => t.GetProperty("name").GetString() == "blocks.1.0.conv_pw.weight");
        Assert.Equal(Run.Of("eval", "--weights", best, "--limit", "64", "--json", "--quiet").Document()
            .GetProperty("loss").GetDouble(),
            Run.Of("eval", "--weights", copy, "--limit", "64", "--json", "--quiet").Document()
            .GetProperty("loss").GetDouble());
        Run.Of("eval", "--weights", best, "--model", "muxnet-xs", "--limit", "8").Fails(1);
    }
}
