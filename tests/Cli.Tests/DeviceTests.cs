using System.Text.Json;

namespace MuxKernels.Cli.Tests;

/// <summary><c>--device</c> with a device behind ILGPU, where there is an OpenCL one.</summary>
public sealed class DeviceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("muxnet").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [OpenClFact]
    public void Train_predict_and_bench_run_on_opencl()
    {
        // A small network: most of the time goes into compiling kernels.
        string[] device = ["--device", "opencl", "--json", "--quiet"];
        string network = Path.Combine(folder, "network.json");
        File.WriteAllText(network, JsonSerializer.Serialize(new
        {
            name = "mine", stem = 8, head = 16, classes = 10, imageSize = 32, imageChannels = 1,
            blocks = (string[])["ds_k3_s1_c16_nre", "mux_k3_e3_p0.5_m-1.0.1_c16_se0.25_nre"],
        }));
        JsonElement train = Run.Of(["train", "--network", network, "--limit", "16", "--test-limit", "8", "--batch",
            "16", "--epochs", "1", "--output", folder, .. device]).Json();
        Assert.Equal("opencl:0", train.GetProperty("device").GetString());
        string last = Path.Combine(folder, "last.safetensors");

        // The training's last evaluation, by a plan of the device, and the same weights on the processor.
        JsonElement here = Run.Of("eval", "--weights", last, "--limit", "8", "--json", "--quiet").Json();
        Assert.Equal(here.GetProperty("loss").GetDouble(), train.GetProperty("test_loss").GetDouble(), 1e-4);

        string budget = Path.Combine(folder, "budget.json");
        JsonElement bench = Run.Of(["bench", "--weights", last, "--batch", "2", "--seconds", "0.1", "--explain",
            "--output", budget, .. device]).Json();
        Assert.Equal("opencl:0", bench.GetProperty("device").GetString());
        Assert.Equal("plan", bench.GetProperty("engine").GetString());
        foreach (string figure in (string[])["on_device_ms", "peak_gmadds_per_s", "copy_gb_per_s", "percent_of_peak"])
        {
            Assert.True(bench.GetProperty(figure).GetDouble() > 0, figure);
        }

        Assert.Equal(bench.GetProperty("steps").GetInt32(),
            bench.GetProperty("budget").GetProperty("steps").GetArrayLength());
        Assert.True(File.Exists(Path.ChangeExtension(budget, ".svg")));
        JsonElement kernel = Run.Of(["bench", "--kernel", "muxconv.backward-weight", "--shape", "2x24x28x28 k3 m-1.0.1",
            "--seconds", "0.1", .. device]).Json();
        Assert.Equal("opencl:0", kernel.GetProperty("device").GetString());
        Assert.Equal(["opencl", "three-step"], kernel.GetProperty("variants").EnumerateArray()
            .Select(v => v.GetProperty("target").GetString()!));
        Assert.All(kernel.GetProperty("variants").EnumerateArray(), v =>
            Assert.True(v.GetProperty("percent_of_copy").GetDouble() > 0));
        string images = Path.Combine(folder, "x.safetensors");
        Interop.SafeTensors.Write(images, [Interop.SafeTensor.Of<float>("x", new Shape(2, 1, 32, 32),
            new float[2 * 32 * 32])]);
        JsonElement predict = Run.Of(["predict", "--weights", last, "--input", images, .. device]).Json();
        Assert.Equal(2, predict.GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public void A_device_that_is_not_there_is_one_sentence() =>
        Run.Of("train", "--device", "cuda:99", "--output", folder).Fails(2, "cuda");
}

/// <summary>A fact that is skipped, with the reason, where there is no OpenCL device.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenClFactAttribute : FactAttribute
{
    /// <summary>A fact on an OpenCL device.</summary>
    public OpenClFactAttribute()
    {
        GpuDevices.Register();
        if (DeviceProvider.Devices.All(d => !d.Name.StartsWith("opencl", StringComparison.Ordinal)))
        {
            Skip = "There is no OpenCL device on this machine, or this build has no GPU backend.";
        }
    }
}
