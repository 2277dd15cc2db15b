using System.Text.Json;
using System.Xml.Linq;

namespace MuxKernels.Cli.Tests;

/// <summary>Training steps of small networks, timed by plans and layer by layer.</summary>
public sealed class TrainingBenchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("plan", "data_ms pack_ms forward_ms backward_ms optimizer_ms")]
    [InlineData("eager", "data_ms forward_ms backward_ms optimizer_ms")]
    public void A_training_step_is_timed_in_phases(string engine, string names)
    {
        JsonElement json = Bench(["ds_k3_s1_c16", "ir_k5_e2_se0.25_c16"], "--engine", engine).Json();
        Assert.Equal("train", json.GetProperty("mode").GetString());
        Assert.Equal(engine, json.GetProperty("engine").GetString());
        JsonProperty[] phases = [.. json.GetProperty("phases").EnumerateObject()];
        Assert.Equal(names.Split(' '), phases.Select(p => p.Name));
        Assert.All(phases, p => Assert.True(p.Value.GetDouble() > 0, p.Name));
        double step = phases.Where(p => p.Name != "data_ms").Sum(p => p.Value.GetDouble());
        double median = json.GetProperty("median_ms").GetDouble();
        Assert.InRange(step, 0, 3 * json.GetProperty("p95_ms").GetDouble());
        Assert.InRange(json.GetProperty("least_ms").GetDouble(), 1e-6, median);
        Assert.Equal(1e-6 * json.GetProperty("madds").GetInt64() / median,
            json.GetProperty("gmadds_per_s").GetDouble(), 1e-3);
        Assert.True(json.GetProperty("peak_resident_bytes").GetInt64() > 1 << 20);
        Assert.InRange(json.GetProperty("first_loss").GetDouble(), 0.1, 10);
    }

    [Fact]
    public void A_plan_tells_its_bytes_and_its_steps()
    {
        string file = Path.Combine(folder, "budget.json");
        Run run = Bench(["ds_k3_s1_c16", "ir_k5_e2_se0.25_c16"], "--explain", "--output", file);
        JsonElement json = run.Json(), budget = json.GetProperty("budget");
        Assert.Equal(run.Output.Trim(), File.ReadAllText(file).Trim());
        Assert.Equal("svg", XDocument.Load(Path.ChangeExtension(file, ".svg")).Root!.Name.LocalName);
        long arena = json.GetProperty("arena_bytes").GetInt64();
        Assert.InRange(arena, 4 * 2 * 16 * 16, json.GetProperty("plan_bytes").GetInt64() - 1);
        JsonElement[] steps = [.. budget.GetProperty("steps").EnumerateArray()];
        Assert.Equal(json.GetProperty("steps").GetInt32(), steps.Length);
        Assert.Equal(100, steps.Sum(s => s.GetProperty("share_percent").GetDouble()), 1e-6);
        JsonElement[] sums = [.. budget.GetProperty("sums").EnumerateArray()];
        Assert.Equal(["pack", "forward", "backward", "all"], sums.Select(s => s.GetProperty("phase").GetString()));
        double peak = budget.GetProperty("peak_gmadds_per_s").GetDouble();
        foreach (JsonElement sum in sums)
        {
            string phase = sum.GetProperty("phase").GetString()!;
            JsonElement[] parts = [.. steps.Where(s => phase == "all" || phase == s.GetProperty("phase").GetString())];
            double ms = sum.GetProperty("ms").GetDouble(), madds = sum.GetProperty("madds").GetInt64();
            Assert.Equal(parts.Sum(s => s.GetProperty("ms").GetDouble()), ms, 1e-9);
            Assert.Equal(parts.Sum(s => s.GetProperty("madds").GetInt64()), madds);
            Assert.Equal(100 * madds / ms / 1e6 / peak, sum.GetProperty("percent_of_peak").GetDouble(), 1e-6);
        }

        Assert.True(sums[1].GetProperty("madds").GetInt64() > 0);
        Assert.True(sums[2].GetProperty("madds").GetInt64() > sums[1].GetProperty("madds").GetInt64());
        Assert.Contains(steps, s => s.GetProperty("name").GetString() == "blocks.1.0.conv_dw");
    }

    [Fact]
    public void Both_engines_begin_with_the_same_loss()
    {
        double Loss(string engine) => Bench(["ds_k3_s1_c16", "mux_k3_e2_p0.75_m-1.0.1_c16"], "--engine", engine).Json()
            .GetProperty("first_loss").GetDouble();
        double planned = Loss("plan");
        Assert.Equal(Loss("eager"), planned, 1e-5 * planned);
    }

    [Fact]
    public void A_network_without_a_training_plan_is_trained_layer_by_layer()
    {
        // A part of nine channels, four phases of which make pairs over two phases.
        string[] blocks = ["ds_k3_s1_c16", "mux_k3_e2.125_p0.5_m-1.1_mg2_c16"];
        Run run = Bench(0, blocks, quiet: false);
        Assert.Equal("eager", run.Json().GetProperty("engine").GetString());
        Assert.Contains("blocks.1.0", run.Error, StringComparison.Ordinal);
        Assert.Contains("layer by layer", run.Error, StringComparison.Ordinal);
        Bench(0, blocks, quiet: true, "--engine", "plan").Fails(2, "blocks.1.0", "--engine eager");
        Bench(0, blocks, quiet: true, "--explain").Fails(2, "blocks.1.0", "--explain");
    }

    [Fact]
    public void Training_is_compared_with_training()
    {
        string[] blocks = ["ds_k3_s1_c16"];
        string before = Path.Combine(folder, "before.json"), after = Path.Combine(folder, "after.json");
        Run run = Bench(blocks);
        double median = run.Json().GetProperty("median_ms").GetDouble();
        File.WriteAllText(before, run.Output);
        string number = run.Output.Split("\"median_ms\": ")[1].Split(',')[0];
        File.WriteAllText(after, run.Output.Replace($"\"median_ms\": {number}", $"\"median_ms\": {2 * median:R}",
            StringComparison.Ordinal));
        JsonElement row = Run.Of("bench", "compare", before, after, "--json").Document().GetProperty("rows")[0];
        Assert.Equal(2, row.GetProperty("ratio").GetDouble(), 1e-9);
        Assert.Contains("train", row.GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_a_line_for_each_step_and_phase()
    {
        Run run = Run.Of("bench", "--model", "muxnet-tiny", "--mode", "train", "--size", "16", "--threads", "1",
            "--seconds", "0", "--explain");
        Assert.Equal(0, run.Code);
        foreach (string word in (ReadOnlySpan<string>)["conv_stem", "blocks.1.0.conv_dw", "pack", "backward",
            "optimizer", "% of peak", "arena", "MB resident", "planned", "best"])
        {
            Assert.Contains(word, run.Output, StringComparison.Ordinal);
        }
    }

    private Run Bench(string[] blocks, params string[] args) => Bench(0, blocks, quiet: true, args);

    /// <summary>A few training steps of a small network on two images of 16 × 16.</summary>
    private Run Bench(double dropConnect, string[] blocks, bool quiet, params string[] args)
    {
        string file = Path.Combine(folder, "network.json");
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            name = "mine", stem = 16, head = 32, classes = 5, imageSize = 16, dropout = 0, dropConnect, blocks,
        }));
        return Run.Of(["bench", "--network", file, "--mode", "train", "--batch", "2", "--threads", "1", "--seconds",
            "0", "--device", "cpu", "--json", .. quiet ? ["--quiet"] : Array.Empty<string>(), .. args]);
    }
}
