using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>Checkpoints that PyTorch has written; <c>pytorch/make.py</c> says what is in them.</summary>
public sealed class PyTorchTests : IDisposable
{
    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    /// <summary>Path of a checkpoint.</summary>
    internal static string Made(string name) => Path.Combine(AppContext.BaseDirectory, "pytorch", name);

    [Fact]
    public void Every_type_is_read()
    {
        using PyTorchCheckpoint file = PyTorchCheckpoint.Open(Made("types.pth"));
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f], file.Read<float>("f32"));
        Assert.Equal([1.5, -2.25e300], file.Read<double>("f64"));
        Assert.Equal([0.5f, -65504f], file.Read<float>("f16"));
        Assert.Equal([1f, BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(-3.0e38f) + 0x8000 & ~0xffff)],
            file.Read<float>("bf16"));
        Assert.Equal([-(1L << 62)], file.Read<long>("i64"));
        Assert.Equal([], file["i64"].Shape);
        Assert.Equal([7, -8], file.Read<int>("i32"));
        Assert.Equal([1L, 2L], file["i32"].Shape);
        Assert.Equal([(short)-300], file.Read<short>("i16"));
        Assert.Equal([(sbyte)-7], file.Read<sbyte>("i8"));
        Assert.Equal([(byte)200], file.Read<byte>("u8"));
        Assert.Equal([1, 0], file.Read<int>("truth"));
        Assert.Equal([2.5f], file.Read<float>("parameter"));
        Assert.Equal([], file.Read<float>("empty"));
        Assert.Equal([0f, 1, 2, 3, 4, 5], file.Read<float>("tied"));
        Assert.Throws<PyTorchException>(() => file.Read<int>("f32"));
        Assert.Throws<PyTorchException>(() => file.Read<sbyte>("i16"));
        Assert.Contains("'missing'", Assert.Throws<PyTorchException>(() => file["missing"]).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Views_are_read_in_the_order_of_their_indices()
    {
        using PyTorchCheckpoint file = PyTorchCheckpoint.Open(Made("types.pth"));
        Assert.Equal([4L, 2, 3], file["turned"].Shape);
        Assert.Equal(
            from c in Enumerable.Range(0, 4) from a in Enumerable.Range(0, 2) from b in Enumerable.Range(0, 3)
            select (float)(12 * a + 4 * b + c), file.Read<float>("turned"));
        Assert.Equal([1f, 3, 5, 7, 9], file.Read<float>("every_second"));
        Assert.Equal([8f, 9, 10, 14, 15, 16], file.Read<float>("part"));
    }

    [Theory]
    [InlineData("network.pth")]
    [InlineData("wrapped.pth")]
    public void Weights_go_into_a_network(string name)
    {
        using CpuDevice device = new(1);
        using MuxNet network = new(NetworkJson.Parse("""
            {"name":"mine","stem":4,"head":8,"classes":3,"imageSize":16,"blocks":["ds_k3_s1_c4"]}
            """));
        network.Materialize(device, 1);
        WeightFile.Load(Made(name), network);
        foreach (StateEntry entry in network.State())
        {
            if (entry.Counter is { } counter)
            {
                Assert.Equal(5, counter.Value);
                continue;
            }

            float[] values = new float[entry.Shape.Length];
            device.Read(entry.Data, values);
            Assert.Equal(values.Select((_, i) => (7 * i + entry.Name.Length) % 17 / 16f + 1 / 16f), values);
        }

        PyTorchException other = Assert.Throws<PyTorchException>(() => WeightFile.Load(Made("types.pth"), network));
        Assert.Contains("'conv_stem.weight' is missing", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_and_text_beside_the_state_are_metadata()
    {
        using TensorFile file = TensorFile.Open(Made("wrapped.pth"));
        Assert.Equal(["arch=mine", "best=71.5", "epoch=12"], file.Metadata.Select(m => $"{m.Key}={m.Value}").Order());
        Assert.All(file.Tensors, t => Assert.False(t.Name.StartsWith("module.", StringComparison.Ordinal)));
        PyTorchException none = Assert.Throws<PyTorchException>(() => WeightFile.Spec(file));
        Assert.Contains("name the model", none.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("whole.pth", "torch.nn.modules.linear.Linear", "state_dict()")]
    [InlineData("legacy.pth", "before 1.6")]
    [InlineData("protocol4.pth", "protocol 4, expected 2")]
    [InlineData("list.pth", "holds a list")]
    [InlineData("expanded.pth", "more than its storage of 1 elements")]
    [InlineData("script.pt", "TorchScript")]
    public void Other_files_are_refused(string name, params string[] words)
    {
        PyTorchException refused = Assert.Throws<PyTorchException>(() => TensorFile.Open(Made(name)));
        Assert.All([Made(name), .. words], w => Assert.Contains(w, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_checkpoint_is_known_by_its_bytes_or_its_ending()
    {
        File.Copy(Made("types.pth"), files.Path("any.name"));
        using TensorFile byBytes = TensorFile.Open(files.Path("any.name"));
        Assert.IsType<PyTorchCheckpoint>(byBytes);
        Assert.Throws<PyTorchException>(() => TensorFile.Open(files.Write("text.pth", [1, 2, 3])));
        Assert.Throws<PyTorchException>(() => TensorFile.Open(files.Write("empty.PT")));
        Assert.Throws<SafeTensorsException>(() => TensorFile.Open(files.Write("text", [1, 2, 3])));
        Assert.Throws<FileNotFoundException>(() => TensorFile.Open(files.Path("missing.pth")));
        byte[] tar = new byte[512];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Contains("before 1.6", Assert.Throws<PyTorchException>(
            () => TensorFile.Open(files.Write("tar.pth", tar))).Message, StringComparison.Ordinal);
    }
}
