using System.Text.Json;
using MuxKernels.Interop;

namespace MuxKernels.Cli.Tests;

public sealed class BenchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_timed_network_gives_the_logits_of_predict()
    {
        string weights = Path.Combine(folder, "w.safetensors"), input = Path.Combine(folder, "x.safetensors");
        string timed = Path.Combine(folder, "timed.safetensors"), told = Path.Combine(folder, "told.safetensors");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--safetensors", weights).Code);
        Shape shape = new(3, 1, 32, 32);
        SafeTensors.Write(input, [SafeTensor.Of<float>("x", shape, Values.Uniform(5, shape.Length))]);
        JsonElement json = Run.Of("bench", "--weights", weights, "--input", input, "--output", timed, "--batch", "3",
            "--threads", "1", "--seconds", "0.1", "--json", "--quiet").Json();
        foreach (string number in (ReadOnlySpan<string>)["median_ms", "p5_ms", "p95_ms", "images_per_s",
            "gmadds_per_s", "percent_of_peak", "peak_gmadds_per_s"])
        {
            Assert.True(json.GetProperty(number).GetDouble() > 0, number);
        }

        Assert.True(json.GetProperty("p5_ms").GetDouble() <= json.GetProperty("median_ms").GetDouble());
        Assert.Equal(3 * 4_370_392, json.GetProperty("madds").GetInt64());
        JsonElement predicted = Run.Of("predict", "--weights", weights, "--input", input, "--output", told, "--top",
            "2", "--threads", "2", "--json").Json();
        using SafeTensorsFile a = SafeTensors.Read(timed), b = SafeTensors.Read(told);
        Assert.Equal(a.Read<float>("y"), b.Read<float>("y"));
        JsonElement first = predicted.GetProperty("predictions")[0];
        Assert.Equal(2, first.GetProperty("top").GetArrayLength());
        Assert.Equal(first.GetProperty("class").GetInt32(),
            first.GetProperty("top")[0].GetProperty("class").GetInt32());
        Run.Of("bench", "--weights", weights, "--input", input, "--batch", "4").Fails(2, "--batch 4");
        Run.Of("predict", "--weights", weights, "--input", input, "--raw").Fails(1, input, "0 … 255");
        SafeTensors.Write(input, [SafeTensor.Of<float>("x", new Shape(1, 3, 32, 32), new float[3 * 1024])]);
        Run.Of("predict", "--weights", weights, "--input", input).Fails(1, input, "[1, 3, 32, 32]");
    }

    [Theory]
    [InlineData("muxconv.forward", "1x48x12x12 k3 m-1.0.1", "fused", "three-step", "plain depthwise")]
    [InlineData("muxconv.backward-weight", "2x12x9x9 k3.3.5 m-1.0.1 pad", "fused", "three-step")]
    [InlineData("depthwise.forward", "1x24x14x14 k5 s2", "v128")]
    [InlineData("group.forward", "1x24x14x14 k3 g2", "v128")]
    [InlineData("mixed.backward-input", "1x24x14x14 k3.5.7", "v128")]
    [InlineData("pointwise.forward", "1x24x14x14 o48", "v128")]
    [InlineData("linear.forward", "4x64 o10", "v128")]
    [InlineData("activation.forward", "1x24x14x14 hard-swish", "v128")]
    public void A_kernel_stands_beside_its_other_forms(string kernel, string shape, params string[] forms)
    {
        JsonElement json = Run.Of("bench", "--kernel", kernel, "--shape", shape, "--seconds", "0", "--threads", "1",
            "--json").Json();
        string[] targets = [.. json.GetProperty("variants").EnumerateArray()
            .Select(v => v.GetProperty("target").GetString()!)];
        Assert.All(forms, form => Assert.Contains(form, targets));
        Assert.All(json.GetProperty("variants").EnumerateArray(),
            v => Assert.True(v.GetProperty("median_ms").GetDouble() > 0));
    }

    [Theory]
    [InlineData("--kernel nope --shape 1x8x8x8", "nope", "muxconv.forward")]
    [InlineData("--kernel muxconv.forward", "--shape")]
    [InlineData("--kernel muxconv.forward --shape 1x8x8", "1x8x8")]
    [InlineData("--kernel muxconv.forward --shape 1x9x8x8,m-1.0.1,q4", "q4")]
    [InlineData("--kernel muxconv.forward --shape 1x9x8x8,m-1.0.1", "part 2")]
    [InlineData("--shape 1x8x8x8", "--kernel")]
    [InlineData("--model muxnet-tiny --mode both", "--mode", "both")]
    public void A_wrong_bench_is_2(string line, params string[] words) =>
        Run.Of(["bench", .. line.Split(' ').Select(w => w.Replace(',', ' '))]).Fails(2, words);

    [Fact]
    public void Compare_finds_what_became_slower()
    {
        string before = Path.Combine(folder, "a.json"), after = Path.Combine(folder, "b.json");
        Run run = Run.Of("bench", "--kernel", "muxconv.forward", "--shape", "1x12x8x8 k3 m-1.0.1", "--seconds", "0",
            "--json");
        File.WriteAllText(before, run.Output);
        double median = run.Json().GetProperty("variants")[0].GetProperty("median_ms").GetDouble();
        string number = run.Output.Split("\"median_ms\": ")[1].Split(',')[0];
        File.WriteAllText(after, run.Output.Replace($"\"median_ms\": {number}", $"\"median_ms\": {3 * median:R}",
            StringComparison.Ordinal));
        Assert.Equal(0, Run.Of("bench", "compare", before, before, "--json").Json().GetProperty("slower").GetInt32());
        Run slower = Run.Of("bench", "compare", before, after);
        Assert.Equal(1, slower.Code);
        Assert.Contains("SLOWER", slower.Output, StringComparison.Ordinal);
        File.WriteAllText(after, "{}");
        Run.Of("bench", "compare", before, after).Fails(1, after);
    }

    [Fact]
    public void Compare_reads_result_files_and_leaves_other_libraries_out()
    {
        string before = Path.Combine(folder, "before.json"), after = Path.Combine(folder, "after.json");
        File.WriteAllText(before, Document(2, 10));
        File.WriteAllText(after, Document(2.1, 30));
        JsonElement same = Run.Of("bench", "compare", before, after, "--json").Json();
        Assert.Equal(0, same.GetProperty("slower").GetInt32());
        Assert.Equal(3, same.GetProperty("peers").GetDouble(), 6);
        Assert.Equal("m, batch 1: MuxKernels", same.GetProperty("rows")[0].GetProperty("name").GetString());
        File.WriteAllText(after, Document(2.5, 10));
        Run slower = Run.Of("bench", "compare", before, after);
        Assert.Equal(1, slower.Code);
        Assert.Contains("1 of 1 slower", slower.Output, StringComparison.Ordinal);
        Assert.Contains("factor of 1.00", slower.Output, StringComparison.Ordinal);
        File.WriteAllText(after, """{"rows":[{"name":"m, batch 1"}]}""");
        Run.Of("bench", "compare", before, after).Fails(1, after);

        static string Document(double ours, double peer) => "{\"kind\":\"networks\",\"rows\":[{\"name\":\"m, batch 1\","
            + $"\"entries\":[{{\"name\":\"MuxKernels\",\"median_ms\":{ours},\"peer\":false}},"
            + $"{{\"name\":\"another\",\"median_ms\":{peer},\"peer\":true}}]}}]}}";
    }

    /// <summary>Entries as bench/peers/compare_training.py writes them.</summary>
    [Fact]
    public void Compare_reads_training_steps_with_their_phases()
    {
        string before = Path.Combine(folder, "before.json"), after = Path.Combine(folder, "after.json");
        File.WriteAllText(before, Document(103.4, 30, 63));
        File.WriteAllText(after, Document(98.1, 20, 90));
        Run run = Run.Of("bench", "compare", before, after);
        Assert.Equal(0, run.Code);
        Assert.Contains("0 of 1 slower", run.Output, StringComparison.Ordinal);
        Assert.Contains("factor of 1.00", run.Output, StringComparison.Ordinal);
        JsonElement[] rows = [.. Run.Of("bench", "compare", before, after, "--json").Json().GetProperty("rows")
            .EnumerateArray()];
        Assert.Equal(["m, 64×64: MuxKernels", "m, 64×64: MuxKernels, forward", "m, 64×64: MuxKernels, backward"],
            rows.Select(r => r.GetProperty("name").GetString()));
        Assert.Equal([false, true, true], rows.Select(r => r.GetProperty("phase").GetBoolean()));
        Assert.Equal([false, false, true], rows.Select(r => r.GetProperty("slower").GetBoolean()));
        Assert.Equal(90 / 63.0, rows[2].GetProperty("ratio").GetDouble(), 1e-9);
        File.WriteAllText(after, Document(140, 30, 63));
        Assert.Equal(1, Run.Of("bench", "compare", before, after).Code);

        static string Document(double step, double forward, double backward) =>
            "{\"kind\":\"training\",\"machine\":{},\"method\":\"\",\"rows\":[{\"name\":\"m, 64×64\",\"madds\":1,"
            + $"\"entries\":[{{\"name\":\"MuxKernels\",\"median_ms\":{step},\"peer\":false,\"engine\":\"plan\","
            + $"\"phases\":{{\"forward_ms\":{forward},\"backward_ms\":{backward}}}}},"
            + "{\"name\":\"PyTorch, best\",\"median_ms\":314,\"peer\":true,\"ratio_to_ours\":3}]}]}";
    }
}
