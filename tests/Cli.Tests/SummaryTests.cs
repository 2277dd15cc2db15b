using System.Text.Json;

namespace MuxKernels.Cli.Tests;

public sealed class SummaryTests
{
    [Theory]
    [InlineData("muxnet-m", 3_354_276, 218_470_680, 216_808_112, false)]
    [InlineData("muxnet_l", 4_041_178, 318_707_448, 316_454_832, false)]
    [InlineData("muxnet-xs", 1_801_674, 66_101_608, 65_344_208, true)]
    [InlineData("muxnet-s", 2_397_840, 117_581_344, 116_340_832, true)]
    [InlineData("muxnet-m-spatial", 3_346_320, 208_422_936, 206_760_368, true)]
    [InlineData("muxnet-tiny", 137_636, 4_370_392, 4_322_528, false)]
    [InlineData("muxnet-small", 886_378, 39_929_248, 39_698_944, false)]
    public void Counts_are_the_published_ones(string model, long parameters, long madds, long linear, bool derived)
    {
        JsonElement json = Run.Of("summary", "--model", model, "--json").Json();
        Assert.Equal(parameters, json.GetProperty("parameters").GetInt64());
        Assert.Equal(madds, json.GetProperty("madds").GetInt64());
        Assert.Equal(linear, json.GetProperty("madds_conv_linear").GetInt64());
        Assert.Equal(derived, json.GetProperty("derived").GetBoolean());
        JsonElement layers = json.GetProperty("layers");
        Assert.Equal(madds, layers.EnumerateArray().Sum(l => l.GetProperty("madds").GetInt64()));
        Assert.Equal("conv_stem", layers[0].GetProperty("name").GetString());
        Assert.Equal(4, layers[0].GetProperty("output_shape").GetArrayLength());
    }

    [Fact]
    public void Text_marks_derived_networks()
    {
        Run run = Run.Of("summary", "--model", "muxnet-s");
        Assert.Equal(0, run.Code);
        Assert.Contains("derived, not the authors' network", run.Output, StringComparison.Ordinal);
        Assert.Contains("117,581,344", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("derived", Run.Of("summary", "--model", "muxnet-m").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_definition_can_be_read_from_a_file()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, """{"name": "mine", "stem": 8, "head": 16, "blocks": ["ds_k3_c8"], "classes": 3}""");
        JsonElement json = Run.Of("summary", "--network", path, "--size", "32", "--classes", "7", "--json").Json();
        Assert.Equal("mine", json.GetProperty("model").GetString());
        JsonElement last = json.GetProperty("layers").EnumerateArray().Last();
        Assert.Equal(7, last.GetProperty("output_shape")[1].GetInt32());
        File.WriteAllText(path, """{"name": "mine", "stem": 8, "head": 16, "blocks": ["ds_k3_q8"]}""");
        Run.Of("summary", "--network", path).Fails(1, path, "q8");
        File.Delete(path);
    }
}
