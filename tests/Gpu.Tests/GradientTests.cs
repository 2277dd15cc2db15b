using MuxKernels.Autograd;
using MuxKernels.Autograd.Tests;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Gradients of every operator on devices against central differences in double.</summary>
public sealed class GradientTests
{
    /// <summary>Of the largest gradient of a tensor: some hundred roundings of float32.</summary>
    private const double Tolerance = 3e-5;

    public static TheoryData<string> Names() => [.. OperatorCase.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_on_ilgpu_cpu_agree_with_central_differences(string name) => Check("ilgpu-cpu", name);

    [DeviceTheory("opencl")]
    [MemberData(nameof(Names))]
    public void Gradients_on_opencl_agree_with_central_differences(string name) => Check("opencl", name);

    [DeviceTheory("cuda")]
    [MemberData(nameof(Names))]
    public void Gradients_on_cuda_agree_with_central_differences(string name) => Check("cuda", name);

    private static void Check(string kind, string name)
    {
        OperatorCase c = OperatorCase.All[name];
        GpuDevice device = Hardware.Device(kind);
        lock (device)
        {
            Assert.Empty(Autograd.GradientCheck.Run(c.Function, c.Values(), c.IsTraining, tolerance: Tolerance,
                candidate: device));
        }
    }
}
