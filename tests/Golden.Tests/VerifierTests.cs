using System.Text.Json.Nodes;
using MuxKernels.Interop;
using Xunit;

namespace MuxKernels.Golden.Tests;

/// <summary>The verifier finds what is wrong, and says where.</summary>
public sealed class VerifierTests : IDisposable
{
    private readonly ReferenceDevice device = new();
    private readonly string folder = Directory.CreateTempSubdirectory("goldens").FullName;

    public void Dispose()
    {
        device.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_changed_number_fails_its_case_alone()
    {
        Copy("pointwise_24_40", "linear_40_17");
        string path = Path.Combine(folder, "ops", "linear_40_17.safetensors");
        Patch(path, "gp.weight", values => values[3] += 0.01f * values.Max(Math.Abs));
        GoldenReport report = GoldenVerifier.Verify([folder], device);
        Assert.Equal((1, 1, 0), (report.Passed, report.Failed, report.Skipped));
        GoldenCase bad = report.Cases.Single(c => c.Outcome == GoldenOutcome.Failed);
        Assert.Equal("linear_40_17", bad.Name);
        GoldenComparison wrong = bad.Comparisons.Single(c => !c.Passed);
        Assert.Equal("gp.weight", wrong.Tensor);
        Assert.InRange(wrong.Error!.Value, 0.005, 0.02);
        Assert.False(report.IsPassed);
    }

    [Fact]
    public void Numbers_that_are_none_fail()
    {
        Copy("act_swish");
        Patch(Path.Combine(folder, "ops", "act_swish.safetensors"), "y", values => values[5] = float.NaN);
        GoldenComparison bad = GoldenVerifier.Verify([folder], device).Comparisons.Single(c => !c.Passed);
        Assert.Equal(("y", null), (bad.Tensor, bad.Error));
    }

    [Fact]
    public void Movement_has_to_be_exact()
    {
        Copy("shuffle_g2");
        Patch(Path.Combine(folder, "ops", "shuffle_g2.safetensors"), "y",
            values => values[0] = MathF.BitIncrement(values[0]));
        Assert.Equal(1, GoldenVerifier.Verify([folder], device).Failed);
    }

    [Fact]
    public void An_unknown_operator_is_a_failure_that_names_it()
    {
        Copy("act_swish");
        Edit(c => c["op"] = "mish");
        Assert.Contains("'mish'", OnlyReason(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_tensor_that_is_not_computed_is_a_failure()
    {
        Copy("act_swish");
        string path = Path.Combine(folder, "ops", "act_swish.safetensors");
        using (SafeTensorsFile file = SafeTensors.Read(path))
        {
            float[] y = file.Read<float>("y");
            SafeTensor[] tensors = [.. file.Tensors.Select(t =>
                SafeTensor.Of<float>(t.Name, [.. t.Shape], file.Read<float>(t.Name))),
                SafeTensor.Of<float>("b_after.running_mean", [2, 12, 5, 7], y)];
            SafeTensors.Write(path, tensors);
        }

        Edit(c => c["tensors"]!["b_after.running_mean"] = new JsonArray(2, 12, 5, 7));
        GoldenReport report = GoldenVerifier.Verify([folder], device);
        Assert.Equal("b_after.running_mean", report.Comparisons.Single(c => !c.Passed).Tensor);
    }

    [Theory]
    [InlineData("../manifest.json")]
    [InlineData("/etc/hostname")]
    [InlineData("ops/../../x")]
    [InlineData("")]
    public void File_names_stay_in_the_folder(string name)
    {
        Copy("act_swish");
        Edit(c => c["file"] = name);
        Assert.Contains("leaves the folder", OnlyReason(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kernel", "5")]
    [InlineData("cin", "-3")]
    [InlineData("cout", "2000000000")]
    [InlineData("stride", "\"two\"")]
    public void A_configuration_that_does_not_fit_is_a_failure_with_a_reason(string key, string value)
    {
        Copy("pointwise_24_40");
        Edit(c => c["config"]![key] = JsonNode.Parse(value));
        Assert.NotEmpty(OnlyReason());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"format\": 2, \"cases\": []}")]
    [InlineData("{\"cases\": [{}]}")]
    [InlineData("{\"cases\": null}")]
    [InlineData("{\"cases\": [null]}")]
    [InlineData("{\"nets\": {\"muxnet_m\": null}}")]
    [InlineData("{\"nets\": {\"muxnet_m\": {\"seed\": 1, \"tensors\": [null]}}}")]
    [InlineData("{\"traces\": [null]}")]
    [InlineData("{\"traces\": [{\"seed\": -1}]}")]
    public void A_manifest_that_is_none_is_a_failure_that_names_the_file(string text)
    {
        Directory.CreateDirectory(Path.Combine(folder, "ops"));
        string path = Path.Combine(folder, "ops", "manifest.json");
        File.WriteAllText(path, text);
        Assert.Contains(path, OnlyReason(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_file_that_is_cut_off_is_a_failure_that_names_it()
    {
        Copy("act_swish");
        string path = Path.Combine(folder, "ops", "act_swish.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..500]);
        Assert.Contains(path, OnlyReason(), StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_without_golden_data_are_errors()
    {
        Assert.Contains(folder, Assert.Throws<InvalidDataException>(
            () => GoldenVerifier.Verify([folder], device)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(
            () => GoldenVerifier.Verify([Path.Combine(folder, "none")], device));
    }

    [Fact]
    public void Progress_counts_and_a_cancelled_run_ends()
    {
        Copy("act_swish", "act_relu");
        List<GoldenProgress> seen = [];
        GoldenVerifier.Verify([folder], device, progress: seen.Add);
        Assert.Equal([(1, 2), (2, 2)], seen.Select(p => (p.Done, p.Total)));
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => GoldenVerifier.Verify([folder], device,
            progress: _ => stop.Cancel(), cancellation: stop.Token));
    }

    [Fact]
    public void What_a_device_has_not_is_skipped()
    {
        Copy("act_swish");
        using EmptyDevice empty = new();
        GoldenReport report = GoldenVerifier.Verify([folder], empty);
        Assert.Equal((0, 0, 1), (report.Passed, report.Failed, report.Skipped));
        Assert.Contains("empty", report.Cases[0].Reason, StringComparison.Ordinal);
        Assert.False(report.IsPassed);
    }

    /// <summary>Copies cases with a manifest of their own.</summary>
    private void Copy(params string[] names)
    {
        string to = Path.Combine(folder, "ops");
        Directory.CreateDirectory(to);
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(GoldenFixture.Part("ops/manifest.json")))!;
        JsonArray cases = [];
        foreach (string name in names)
        {
            cases.Add(manifest["cases"]!.AsArray().Single(c => (string?)c!["case"] == name)!.DeepClone());
            File.Copy(GoldenFixture.Part($"ops/{name}.safetensors"), Path.Combine(to, $"{name}.safetensors"));
        }

        File.WriteAllText(Path.Combine(to, "manifest.json"),
            new JsonObject { ["format"] = 1, ["cases"] = cases }.ToJsonString());
    }

    private void Edit(Action<JsonNode> change)
    {
        string path = Path.Combine(folder, "ops", "manifest.json");
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(path))!;
        change(manifest["cases"]![0]!);
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private static void Patch(string path, string tensor, Action<float[]> change)
    {
        SafeTensor[] tensors;
        using (SafeTensorsFile file = SafeTensors.Read(path))
        {
            tensors = [.. file.Tensors.Select(t =>
            {
                float[] values = file.Read<float>(t.Name);
                if (t.Name == tensor)
                {
                    change(values);
                }

                return SafeTensor.Of<float>(t.Name, [.. t.Shape], values);
            })];
        }

        SafeTensors.Write(path, tensors);
    }

    private string OnlyReason()
    {
        GoldenReport report = GoldenVerifier.Verify([folder], device);
        Assert.Equal((0, 1, 0), (report.Passed, report.Failed, report.Skipped));
        return report.Cases[0].Reason;
    }

    /// <summary>A device without a single operation.</summary>
    private sealed class EmptyDevice : Device
    {
        public override string Name => "empty";

        public override DeviceBuffer Rent(int length) => new Memory(this, length);

        public override void Return(DeviceBuffer buffer) => Assert.IsType<Memory>(buffer);

        public override void Write(ReadOnlySpan<float> from, View to) => Assert.Equal(to.Length, from.Length);

        public override void Read(View from, Span<float> to) => to.Clear();

        private sealed class Memory(Device device, int length) : DeviceBuffer(device, length);
    }
}
