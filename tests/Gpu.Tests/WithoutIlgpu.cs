using MuxKernels;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Stands for the GPU tests in a build without ILGPU.</summary>
public sealed class WithoutIlgpu
{
    private const string Reason = "ILGPU was in none of the NuGet sources; this build has no GPU backend.";

    [Fact(Skip = Reason)]
    public void Gpu_variants_agree_with_the_reference() => Assert.True(GpuDevices.IsBuilt);

    [Fact(Skip = Reason)]
    public void Gpu_device_owns_memory_and_reports_errors() => Assert.True(GpuDevices.IsBuilt);

    [Fact(Skip = Reason)]
    public void Gpu_code_for_sm_90_has_no_local_memory() => Assert.True(GpuDevices.IsBuilt);

    [Fact(Skip = Reason)]
    public void Gpu_gradients_agree_with_central_differences() => Assert.True(GpuDevices.IsBuilt);

    [Fact(Skip = Reason)]
    public void Gpu_devices_pass_the_golden_data() => Assert.True(GpuDevices.IsBuilt);

    [Fact(Skip = Reason)]
    public void Networks_train_wholly_on_a_gpu_device() => Assert.True(GpuDevices.IsBuilt);

    [Theory]
    [InlineData("cuda")]
    [InlineData("opencl:0")]
    [InlineData("ilgpu-cpu")]
    public void A_gpu_device_says_why_there_is_none(string name)
    {
        GpuDevices.Register();
        ArgumentException error = Assert.Throws<ArgumentException>(() => DeviceProvider.Open(name));
        Assert.Contains("no GPU backend", error.Message, StringComparison.Ordinal);
        Assert.False(GpuDevices.IsBuilt);
    }
}
