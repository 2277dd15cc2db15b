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

    [Fact]
    public async Task An_interrupted_training_is_130_and_leaves_a_valid_checkpoint()
    {
        string last = Path.Combine(folder, "last.safetensors");
        using CancellationTokenSource source = new();
        Task<Run> training = Task.Run(() => Run.Of(source.Token, "train", "--limit", "64", "--test-limit", "10",
            "--batch", "32", "--epochs", "1000", "--output", folder, "--threads", "1", "--quiet"));
        while (!File.Exists(last) && !training.IsCompleted)
        {
            await Task.Delay(20);
        }

        await source.CancelAsync();
        (await training).Fails(130, "Interrupted");
        Run.Of("eval", "--weights", last, "--limit", "10", "--json", "--quiet").Json();
        Assert.DoesNotContain(Directory.GetFiles(folder), f => Path.GetFileName(f).StartsWith(".tmp",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Images_of_a_folder_train_a_network_of_their_own_classes()
    {
        foreach ((string part, int count) in (ReadOnlySpan<(string, int)>)[("train", 24), ("t10k", 9)])
        {
            byte[] images = new byte[16 + count * 144], labels = new byte[8 + count];
            new byte[] { 0, 0, 8, 3, 0, 0, 0, (byte)count, 0, 0, 0, 12, 0, 0, 0, 12 }.CopyTo(images, 0);
            new byte[] { 0, 0, 8, 1, 0, 0, 0, (byte)count }.CopyTo(labels, 0);
            for (int n = 0; n < count; n++)
            {
                labels[8 + n] = (byte)(n % 3);
                images.AsSpan(16 + n * 144, 144).Fill((byte)(20 + n % 3 * 80));
                images[16 + n * 144] = 0;
            }

            File.WriteAllBytes(Path.Combine(folder, $"{part}-images-idx3-ubyte"), images);
            File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), labels);
        }

        string output = Path.Combine(folder, "out"), best = Path.Combine(output, "best.safetensors");
        JsonElement json = Run.Of("train", "--data", folder, "--batch", "8", "--epochs", "1", "--output", output,
            "--json", "--quiet").Json();
        Assert.Equal(24, json.GetProperty("train_images").GetInt32());
        JsonElement eval = Run.Of("eval", "--weights", best, "--data", folder, "--json", "--quiet").Json();
        Assert.Equal(3, eval.GetProperty("confusion").GetArrayLength());
        JsonElement predicted = Run.Of("predict", "--weights", best, "--input", folder, "--json", "--quiet").Json();
        Assert.Equal(9, predicted.GetProperty("predictions").GetArrayLength());
        JsonElement same = Run.Of("predict", "--weights", best, "--input",
            Path.Combine(folder, "t10k-images-idx3-ubyte"), "--json", "--quiet").Json();
        Assert.Equal(predicted.GetRawText(), same.GetRawText());
        Run.Of("eval", "--weights", best).Fails(1, "10 classes");
    }

    /// <summary>A recipe has a network and options of its own; what is given changes it.</summary>
    [Fact]
    public void The_recipe_of_cifar10_trains_its_network()
    {
        byte[] records = new byte[8 * 3073];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = (byte)(i % 3073 == 0 ? i / 3073 % 10 : i * 31 % 251);
        }

        File.WriteAllBytes(Path.Combine(folder, "data_batch_1.bin"), records);
        File.WriteAllBytes(Path.Combine(folder, "test_batch.bin"), records);
        string output = Path.Combine(folder, "out");
        JsonElement json = Run.Of("train", "--recipe", "cifar10", "--data", folder, "--batch", "4", "--epochs", "1",
            "--average", "0.9", "--crop", "3", "--output", output, "--threads", "1", "--json", "--quiet").Json();
        Assert.Equal("muxnet-small", json.GetProperty("model").GetString());
        Assert.Equal(886_378, json.GetProperty("parameters").GetInt64());
        Assert.True(json.GetProperty("images_per_s").GetDouble() > 0);
        using JsonDocument log = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "log.json")));
        JsonElement options = log.RootElement.GetProperty("options");
        (string, double)[] expected =
        [
            ("epochs", 1), ("batchSize", 4), ("rate", 0.15), ("average", 0.9), ("crop", 3), ("cutout", 8),
        ];
        Assert.All(expected, o => Assert.Equal(o.Item2, options.GetProperty(o.Item1).GetDouble()));
        JsonElement eval = Run.Of("eval", "--weights", Path.Combine(output, "last.safetensors"), "--data", folder,
            "--json", "--quiet").Json();
        Assert.Equal(json.GetProperty("test_accuracy").GetDouble(), eval.GetProperty("top1").GetDouble());
    }
}
