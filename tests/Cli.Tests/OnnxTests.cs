using System.Text.Json;

namespace MuxKernels.Cli.Tests;

public sealed class OnnxTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxkernels-onnx-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_network_is_written_and_inspected()
    {
        string path = Path.Combine(folder, "tiny.onnx");
        JsonElement written = Run.Of("export", "--model", "muxnet-tiny", "--onnx", path, "--json").Json();
        Assert.Equal("muxnet-tiny", written.GetProperty("model").GetString());
        JsonElement read = Run.Of("inspect", path, "--json").Json();
        Assert.Equal(17, read.GetProperty("opset").GetInt32());
        Assert.Equal(8, read.GetProperty("ir_version").GetInt32());
        Assert.Equal("x", read.GetProperty("inputs")[0].GetProperty("name").GetString());
        Assert.Equal(["N", "1", "32", "32"], Axes(read.GetProperty("inputs")[0]));
        Assert.Equal("y", read.GetProperty("outputs")[0].GetProperty("name").GetString());
        Assert.Equal(["N", "10"], Axes(read.GetProperty("outputs")[0]));
        Assert.Equal(written.GetProperty("nodes").GetInt32(), read.GetProperty("nodes").GetInt32());
        Assert.Equal(1, read.GetProperty("node_types").GetProperty("Gemm").GetInt32());
        Assert.Contains(read.GetProperty("initializers").EnumerateArray(),
            t => t.GetProperty("name").GetString() == "conv_stem.weight");
        Run text = Run.Of("inspect", path);
        Assert.Contains("conv_stem.weight", text.Output, StringComparison.Ordinal);
        Assert.Contains("[N, 10]", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Batch_size_and_rewriting_are_as_asked_for_and_weights_come_from_a_file()
    {
        string weights = Path.Combine(folder, "w.safetensors"), path = Path.Combine(folder, "b.onnx");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--seed", "5", "--safetensors", weights).Code);
        JsonElement written = Run.Of("export", "--weights", weights, "--onnx", path, "--batch", "3", "--size", "28",
            "--rewrite-for-peer", "--json").Json();
        Assert.True(written.GetProperty("rewritten").GetBoolean());
        Assert.Equal(["3", "1", "28", "28"], written.GetProperty("input").EnumerateArray().Select(a => a.GetString()!));
        byte[] first = File.ReadAllBytes(path);
        string fresh = Path.Combine(folder, "f.onnx");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--seed", "5", "--onnx", fresh, "--batch", "3",
            "--size", "28", "--rewrite-for-peer").Code);
        Assert.Equal(first, File.ReadAllBytes(fresh));
    }

    [Fact]
    public void A_file_that_is_cut_off_is_one_sentence()
    {
        string path = Path.Combine(folder, "cut.onnx");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--onnx", path).Code);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..100_000]);
        Run.Of("inspect", path).Fails(1, "cut.onnx", "cut off");
    }

    private static string[] Axes(JsonElement value) =>
        [.. value.GetProperty("shape").EnumerateArray().Select(a => a.GetString()!)];
}
