using Xunit;

namespace MuxKernels.Layers.Tests;

public class InitialisationTests
{
    [Fact]
    public void Convolutions_are_normal_with_the_deviation_of_their_outputs()
    {
        using CpuDevice device = new(1);
        using MuxNet network = MuxNets.Build("muxnet-m");
        network.Materialize(device, 3);
        StateEntry[] weights = [.. network.State().Where(e => e.Shape.Rank == 4 && e.Shape.Length > 2000)];
        Assert.True(weights.Length > 30);
        foreach (StateEntry entry in weights)
        {
            float[] values = Numbers.Read(device, entry.Data);
            double expected = Math.Sqrt(2.0 / (entry.Shape.H * entry.Shape.W * entry.Shape.N));
            double deviation = Math.Sqrt(values.Average(v => (double)v * v)), noise = 1 / Math.Sqrt(values.Length);
            Assert.InRange(deviation / expected, 1 - 4 * noise, 1 + 4 * noise);
            Assert.InRange(values.Average() / expected, -4.5 * noise, 4.5 * noise);
            Assert.InRange(values.Count(v => Math.Abs(v) < expected) / (double)values.Length, 0.65, 0.715);
        }
    }

    [Fact]
    public void Norms_start_at_one_and_zero_biases_at_zero()
    {
        using CpuDevice device = new(1);
        using MuxNet network = MuxNets.Build("muxnet-m", 10);
        network.Materialize(device, 3);
        foreach (StateEntry entry in network.State().Where(e => e.Counter is null && e.Shape.Rank == 1))
        {
            bool one = entry.Name.EndsWith("weight", StringComparison.Ordinal)
                || entry.Name.EndsWith("running_var", StringComparison.Ordinal);
            Assert.All(Numbers.Read(device, entry.Data), v => Assert.Equal(one ? 1f : 0f, v));
        }
    }

    [Fact]
    public void The_classifier_is_uniform_within_one_over_the_root_of_its_outputs()
    {
        using CpuDevice device = new(1);
        using Linear1d layer = new(500, 25);
        layer.Materialize(device, 3);
        float[] values = Numbers.Read(device, layer.State()[0].Data);
        Assert.All(values, v => Assert.InRange(v, -0.2f, 0.2f));
        Assert.InRange(values.Max(), 0.199f, 0.2f);
        Assert.InRange(values.Min(), -0.2f, -0.199f);
        double deviation = Math.Sqrt(values.Average(v => (double)v * v));
        Assert.InRange(deviation * Math.Sqrt(3), 0.2 * 0.98, 0.2 * 1.02);
    }

    [Fact]
    public void A_seed_is_a_network()
    {
        using CpuDevice device = new(1);
        float[][] first = Start(device, 7), again = Start(device, 7), other = Start(device, 8);
        Assert.Equal(first, again);
        Assert.NotEqual(first[0], other[0]);
        Assert.NotEqual(first[0][..50], first[^2][..50]);
    }

    private static float[][] Start(CpuDevice device, ulong seed)
    {
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(device, seed);
        return Numbers.Read(network);
    }
}
