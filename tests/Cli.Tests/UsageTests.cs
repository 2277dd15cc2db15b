using System.Text.Json;

namespace MuxKernels.Cli.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("nothing", "nothing")]
    [InlineData("summary --model nope", "--model", "nope", "muxnet-m")]
    [InlineData("summary --model muxnet-m --network x.json", "--model", "--network")]
    [InlineData("summary --size -1", "--size", "-1")]
    [InlineData("summary --classes 0", "--classes")]
    [InlineData("summary --threads -3", "--threads", "-3")]
    [InlineData("train --epochs many", "--epochs", "many", "whole number")]
    [InlineData("train --epochs 0", "--epochs", "0")]
    [InlineData("train --optimizer adam", "--optimizer", "adam", "sgd")]
    [InlineData("train --schedule 1", "--schedule")]
    [InlineData("train --recipe imagenet", "--recipe", "imagenet", "tiny, cifar10")]
    [InlineData("train --recipe cifar10", "--recipe cifar10", "--data", "cifar-10-binary.tar.gz")]
    [InlineData("train --average 1", "--average", "1")]
    [InlineData("train --crop -1", "--crop", "-1")]
    [InlineData("train --cutout -2", "--cutout", "-2")]
    [InlineData("train --device warp", "--device", "warp", "cpu")]
    [InlineData("bench --model muxnet-tiny --device cpu --tf32", "--tf32", "cpu has no tensor cores", "CUDA")]
    [InlineData("verify --kernels 1 --tf32", "--tf32", "float32")]
    [InlineData("eval", "--weights")]
    [InlineData("export --safetensors x", "--model")]
    [InlineData("export --model muxnet-tiny", "--safetensors", "--onnx")]
    [InlineData("export --model muxnet-tiny --onnx x --safetensors y", "--safetensors", "--onnx")]
    [InlineData("export --model muxnet-tiny --safetensors y --rewrite-for-peer", "--rewrite-for-peer", "--onnx")]
    [InlineData("export --model muxnet-tiny --onnx x --batch 0", "--batch", "0")]
    [InlineData("export --model muxnet-tiny --onnx x --size -4", "--size", "-4")]
    [InlineData("devices --bogus", "--bogus")]
    [InlineData("inspect", "argument")]
    public void Wrong_usage_is_2(string line, params string[] words)
    {
        Run run = Run.Of(line.Split(' '));
        run.Fails(2, words);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("eval --weights {0}", "not a safetensors")]
    [InlineData("predict --weights {0} --input {0}", "not a safetensors")]
    [InlineData("inspect {0}", "not a safetensors")]
    [InlineData("summary --network {0}", "{0}")]
    [InlineData("inspect {0}-missing", "{0}-missing")]
    [InlineData("inspect {0}.onnx", "{0}.onnx", "not an ONNX model")]
    [InlineData("inspect {0}-missing.onnx", "{0}-missing.onnx")]
    [InlineData("export --model muxnet-tiny --onnx {0}-missing/x.onnx", "{0}-missing")]
    [InlineData("train --data {0}-missing", "{0}-missing", "folder")]
    public void Bad_files_are_1(string line, params string[] words)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "this is no file of any known kind");
        File.Copy(path, path + ".onnx");
        Run run = Run.Of([.. line.Split(' ').Select(w => w.Replace("{0}", path, StringComparison.Ordinal))]);
        run.Fails(1, [.. words.Select(w => w.Replace("{0}", path, StringComparison.Ordinal))]);
        File.Delete(path);
        File.Delete(path + ".onnx");
    }

    [Fact]
    public void Errors_are_json_where_json_was_asked_for()
    {
        Run run = Run.Of("inspect", "/no/such/file", "--json");
        run.Fails(1, "/no/such/file");
        using JsonDocument document = JsonDocument.Parse(run.Error);
        Assert.Equal(1, document.RootElement.GetProperty("exit_code").GetInt32());
        Assert.Empty(run.Output);
        using JsonDocument usage = JsonDocument.Parse(Run.Of("inspect", "--json").Error);
        Assert.Equal(2, usage.RootElement.GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public void An_interrupted_command_is_130()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Run.Of(source.Token, "devices").Fails(130, "Interrupted");
    }

    [Fact]
    public void Help_is_0() => Assert.Contains("summary", Run.Of("--help").Output, StringComparison.Ordinal);

    [Fact]
    public void Devices_name_the_processor_and_say_why_there_is_no_other()
    {
        JsonElement json = Run.Of("devices", "--json").Json();
        Assert.True(json.GetProperty("processor").GetProperty("threads").GetInt32() > 0);
        foreach (JsonElement kind in json.GetProperty("kinds").EnumerateArray())
        {
            bool any = kind.GetProperty("devices").GetArrayLength() > 0;
            Assert.Equal(any, kind.GetProperty("reason").ValueKind == JsonValueKind.Null);
        }

        Assert.Contains(json.GetProperty("kinds").EnumerateArray(), k => k.GetProperty("name").GetString() == "cpu");
    }
}
