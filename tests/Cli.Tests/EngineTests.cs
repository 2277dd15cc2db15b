using System.Text.Json;
using System.Xml.Linq;
using MuxKernels.Interop;

namespace MuxKernels.Cli.Tests;

/// <summary>Networks by plans and layer by layer.</summary>
public sealed class EngineTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    public void Inference_on_the_processor_is_planned(int threads, int batch)
    {
        JsonElement json = Run.Of("bench", "--model", "muxnet-tiny", "--batch", $"{batch}", "--threads", $"{threads}",
            "--seconds", "0.05", "--device", "cpu", "--json", "--quiet").Json();
        Assert.Equal("plan", json.GetProperty("engine").GetString());
        Assert.Equal(0, json.GetProperty("movement_steps").GetInt32());
        Assert.True(json.GetProperty("steps").GetInt32() > 10);
        Assert.True(json.GetProperty("time_to_plan_ms").GetDouble() > 0);
        long weights = json.GetProperty("weight_bytes").GetInt64();
        Assert.True(weights > 4 * 137_636, $"{weights} bytes for 137,636 weights");
        Assert.Equal(json.GetProperty("plan_bytes").GetInt64(), weights + json.GetProperty("arena_bytes").GetInt64());
    }

    [Theory]
    [InlineData("--engine eager")]
    [InlineData("--mode train --batch 4 --engine eager")]
    [InlineData("--device reference")]
    public void Everything_else_runs_layer_by_layer(string line)
    {
        JsonElement json = Run.Of(["bench", "--model", "muxnet-tiny", "--seconds", "0", "--json", "--quiet",
            .. line.Split(' ')]).Json();
        Assert.Equal("eager", json.GetProperty("engine").GetString());
        Assert.True(json.GetProperty("allocated_bytes").GetDouble() > 0);
        foreach (string name in (ReadOnlySpan<string>)["weight_bytes", "arena_bytes", "plan_bytes", "steps",
            "time_to_plan_ms", "budget"])
        {
            Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind);
        }
    }

    [Fact]
    public void Explain_lists_the_steps_and_leaves_a_budget_with_a_picture()
    {
        string file = Path.Combine(folder, "budget.json");
        Run run = Run.Of("bench", "--model", "muxnet-tiny", "--threads", "1", "--seconds", "0.05", "--explain",
            "--output", file, "--json", "--quiet");
        JsonElement json = run.Json(), budget = json.GetProperty("budget"), sums = budget.GetProperty("sums");
        Assert.Equal(run.Output.Trim(), File.ReadAllText(file).Trim());
        Assert.Equal("svg", XDocument.Load(Path.ChangeExtension(file, ".svg")).Root!.Name.LocalName);
        JsonElement[] steps = [.. budget.GetProperty("steps").EnumerateArray()];
        Assert.Equal(json.GetProperty("steps").GetInt32(), steps.Length);
        foreach (string sum in (ReadOnlySpan<string>)["us", "fma_us", "traffic_us", "swish_us", "limit_us", "madds",
            "bytes", "activations"])
        {
            double expected = steps.Sum(s => s.GetProperty(sum).GetDouble());
            Assert.Equal(expected, sums.GetProperty(sum).GetDouble(), 1e-6 * expected);
            Assert.True(expected > 0, sum);
        }

        Assert.Equal(100, steps.Sum(s => s.GetProperty("share_percent").GetDouble()), 1e-6);
        double peak = budget.GetProperty("peak_gmadds_per_s").GetDouble();
        Assert.All(steps, s =>
        {
            double cap = s.GetProperty("lane_cap_percent").GetDouble(), madds = s.GetProperty("madds").GetDouble();
            Assert.InRange(cap, 1, 100);
            Assert.Equal(madds / (cap / 100) / peak / 1e3, s.GetProperty("fma_us").GetDouble(), 1e-6);
            Assert.NotEmpty(s.GetProperty("kind").GetString()!);
            Assert.NotEmpty(s.GetProperty("layout").GetString()!);
        });
        Assert.Contains(steps, s => s.GetProperty("swish_us").GetDouble() > 0);
        Assert.Contains(steps, s => s.GetProperty("activations").GetInt64() > 0
            && s.GetProperty("swish_us").GetDouble() == 0);
        Assert.True(budget.GetProperty("copies").GetArrayLength() > 5);
    }

    [Fact]
    public void Explain_is_a_table_where_no_JSON_was_asked_for()
    {
        Run run = Run.Of("bench", "--model", "muxnet-tiny", "--threads", "1", "--seconds", "0", "--explain");
        Assert.Equal(0, run.Code);
        foreach (string word in (ReadOnlySpan<string>)["conv_stem", "classifier", "squeeze-excite", "lane cap",
            "% of peak", "FMA µs", "traffic µs", "swish µs", " steps", "Limits of this run"])
        {
            Assert.Contains(word, run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bench --model muxnet-tiny --engine plan --device reference", "--engine", "--device reference")]
    [InlineData("bench --model muxnet-tiny --engine fast", "--engine", "fast", "plan, plan16, eager")]
    [InlineData("bench --model muxnet-tiny --engine plan16 --device cpu", "--engine", "plan16", "GPU")]
    [InlineData("bench --model muxnet-tiny --engine 0", "--engine", "'0'")]
    [InlineData("bench --model muxnet-tiny --explain --engine eager", "--explain", "--engine plan")]
    [InlineData("bench --model muxnet-tiny --explain --mode train --engine eager", "--explain", "--engine plan")]
    [InlineData("bench --model muxnet-tiny --mode train --engine plan --device reference", "--engine", "eager")]
    [InlineData("bench --model muxnet-tiny --explain --output x.safetensors", "--output", "x.safetensors", ".json")]
    [InlineData("bench --kernel muxconv.forward --shape 1x12x8x8 --explain", "--explain", "--kernel")]
    [InlineData("predict --weights w --input x --engine plan --device reference", "--engine", "--device reference")]
    [InlineData("eval --weights w --engine plan --device reference", "--engine", "--device reference")]
    [InlineData("verify . --engine plan --device reference", "--engine", "--device reference")]
    [InlineData("verify . --engine plan --strict", "--engine", "--strict")]
    public void A_plan_where_there_can_be_none_is_2(string line, params string[] words)
    {
        Run run = Run.Of(line.Split(' '));
        run.Fails(2, words);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void Logits_of_both_engines_agree()
    {
        string weights = Path.Combine(folder, "w.safetensors"), input = Path.Combine(folder, "x.safetensors");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--safetensors", weights).Code);
        Shape shape = new(203, 1, 32, 32); // Two batches of a hundred and a rest.
        SafeTensors.Write(input, [SafeTensor.Of<float>("x", shape, Values.Uniform(5, shape.Length))]);
        float[] planned = Predict("plan"), eager = Predict("eager");
        float largest = eager.Max(Math.Abs);
        Assert.True(largest > 0);
        Assert.All(planned.Zip(eager), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 1e-5 * largest));

        float[] Predict(string engine)
        {
            string output = Path.Combine(folder, $"{engine}.safetensors");
            JsonElement json = Run.Of("predict", "--weights", weights, "--input", input, "--output", output, "--engine",
                engine, "--json", "--quiet").Json();
            Assert.Equal(engine, json.GetProperty("engine").GetString());
            using SafeTensorsFile file = SafeTensors.Read(output);
            return file.Read<float>("y");
        }
    }

    [Fact]
    public void Metrics_of_both_engines_agree()
    {
        string weights = Path.Combine(folder, "w.safetensors");
        Assert.Equal(0, Run.Of("export", "--model", "muxnet-tiny", "--safetensors", weights).Code);
        JsonElement planned = Evaluate("plan"), eager = Evaluate("eager");
        Assert.Equal(eager.GetProperty("loss").GetDouble(), planned.GetProperty("loss").GetDouble(), 1e-5);
        Assert.InRange(Math.Abs(eager.GetProperty("top1").GetDouble() - planned.GetProperty("top1").GetDouble()), 0,
            0.02);

        JsonElement Evaluate(string engine)
        {
            JsonElement json = Run.Of("eval", "--weights", weights, "--limit", "130", "--engine", engine, "--json",
                "--quiet").Json();
            Assert.Equal(engine, json.GetProperty("engine").GetString());
            Assert.Equal(130, json.GetProperty("images").GetInt32());
            return json;
        }
    }
}
