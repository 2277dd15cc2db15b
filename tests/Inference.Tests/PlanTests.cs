using Xunit;
using MuxKernels.Layers;

namespace MuxKernels.Inference.Tests;

public class PlanTests
{
    /// <summary>Logits agree with layer-by-layer execution to this share of the largest one.</summary>
    private const double Allowed = 1e-5;

    public static TheoryData<string, int, int, int> Cases()
    {
        TheoryData<string, int, int, int> cases = [];
        foreach (string name in MuxNets.Names)
        {
            foreach (int lanes in (int[])[16, 8, 4])
            {
                int size = name == "muxnet-tiny" ? 32 : 64;
                cases.Add(name, lanes, size, 1);
                cases.Add(name, lanes, size, 3);
                cases.Add(name, lanes, 7 * size / 2, 1); // Large maps take other steps.
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_eager(string name, int lanes, int size, int batch)
    {
        if (lanes > MachineProbe.VectorLanes)
        {
            return; // This machine has no such vectors; the same theory runs where it has.
        }

        using CpuDevice device = new(2);
        using MuxNet network = Networks.Build(name, device);
        Shape shape = new(batch, network.Spec.ImageChannels, size, size);
        float[] x = Networks.Numbers(5, shape.Length);
        float[] expected = Networks.Eager(network, device, shape, x);
        using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { Lanes = lanes });
        float[] actual = new float[expected.Length];
        plan.Run(x, actual);
        double error = Networks.Error(expected, actual);
        Assert.True(error < Allowed, $"error {error:E2} of the largest logit");
    }
}
