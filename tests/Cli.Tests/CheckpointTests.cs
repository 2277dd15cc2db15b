using System.Text.Json;
using Xunit;

namespace MuxKernels.Cli.Tests;

/// <summary>Weights that PyTorch has written.</summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly string Made = Path.Combine(AppContext.BaseDirectory, "network.pth");

    private readonly string folder = Directory.CreateTempSubdirectory("muxnet-checkpoint").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_checkpoint_is_inspected()
    {
        JsonElement json = Run.Of("inspect", Made, "--json").Json();
        Assert.Equal(26, json.GetProperty("tensors").GetArrayLength());
        Assert.Equal(303, json.GetProperty("elements").GetInt64());
        Assert.Equal("conv_stem.weight", json.GetProperty("tensors")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void Its_weights_are_used_where_a_network_is_named()
    {
        string network = Path.Combine(folder, "network.json"), weights = Path.Combine(folder, "w.safetensors");
        File.WriteAllText(network, """
            {"name":"mine","stem":4,"head":8,"classes":3,"imageSize":16,"blocks":["ds_k3_s1_c4"]}
            """);
        Assert.Equal(0, Run.Of("export", "--network", network, "--weights", Made, "--safetensors", weights).Code);
        JsonElement[] tensors = [.. Run.Of("inspect", weights, "--json").Json().GetProperty("tensors")
            .EnumerateArray()];
        Assert.Equal(26, tensors.Length);
        Assert.Equal(0, Run.Of("bench", "--network", network, "--weights", Made, "--seconds", "0", "--threads", "1")
            .Code);
        Run.Of("export", "--weights", Made, "--safetensors", weights).Fails(1, Made, "name the model");
        Run.Of("export", "--model", "muxnet-tiny", "--weights", Made, "--safetensors", weights).Fails(1, Made,
            "'conv_stem.weight' has shape [4, 3, 3, 3]");
    }

    [Fact]
    public void A_damaged_checkpoint_is_told_in_a_sentence()
    {
        string damaged = Path.Combine(folder, "damaged.pth");
        File.WriteAllBytes(damaged, File.ReadAllBytes(Made)[..4000]);
        Run.Of("inspect", damaged).Fails(1, damaged, "cut off");
    }
}
