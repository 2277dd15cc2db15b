using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Inference.Tests;

/// <summary>Networks that no block string gives: what has no prepared step is computed all the same.</summary>
public class CustomNetworkTests
{
    [Theory]
    [InlineData("ds_r1_k3_s1_c24_se0.25_nre")]
    [InlineData("ir_r2_k3.5_s1_e4_c24_se0.5_nhs")]
    [InlineData("ir_r2_k5_s2_e3_c20_nsw")]
    [InlineData("mux_r3_k3_s1_e4_c16_se0.5_p0.25_sg2_g1_nre")]
    [InlineData("mux_r3_k3_s1_e4_c16_se0.5_p0.75_sg4_g4_nsw")]
    [InlineData("mux_r2_k3_s1_e8_c16_se0.5_p0.5_sg2_g8_nsw")]
    [InlineData("mux_r2_k5_s1_e8_c16_p0.5_sg2_g2_nsw_noskip")]
    [InlineData("mux_r2_k3_s1_e6_c16_se0.5_p1_sg2_m-1.1_nre")]
    [InlineData("mux_r2_k3_s1_e6_c16_se0.5_p0.5_sg2_m0.1.-1_pad_nre")]
    [InlineData("mux_r2_k3_s1_e6_c16_se0.5_p1_sg2_m-1.0.1_mg2_pad_nre")]
    [InlineData("mux_r2_k5_s1_e8_c16_p1_sg2_m0.1_mg4_nsw")]
    public void Agrees_with_eager(string blocks)
    {
        using CpuDevice device = new(2);
        foreach (int size in (int[])[16, 22, 13])
        {
            NetworkSpec spec = MuxNets.Get("muxnet-tiny") with
            {
                Blocks = BlockGrammar.Parse(blocks), StemStride = 1, ImageSize = size,
            };
            if (size % 2 == 1 && blocks.Contains("m-1.1", StringComparison.Ordinal))
            {
                continue; // The network itself refuses odd maps.
            }

            using MuxNet network = new(spec);
            Networks.Materialize(network, device);
            Check(network, device, new Shape(2, 1, size, size));
        }
    }

    /// <summary>Spatial multiplexing with pairs of channels stays on channel-blocked maps.</summary>
    [Fact]
    public void Pairs_of_multiplexed_channels_have_prepared_steps()
    {
        using CpuDevice device = new(1);
        using MuxNet network = new(MuxNets.Get("muxnet-tiny") with
        {
            Blocks = BlockGrammar.Parse("mux_r2_k3_s1_e6_c16_se0.5_p1_sg2_m-1.0.1_mg2_nre"), ImageSize = 16,
        });
        Networks.Materialize(network, device);
        using InferencePlan plan = InferencePlan.Of(network, new Shape(1, 1, 16, 16));
        string[] kinds = [.. plan.Steps.Select(s => s.Kind)
            .Where(k => k.Contains("MuxConv", StringComparison.Ordinal))];
        Assert.Equal(2, kinds.Length);
        Assert.All(kinds, k => Assert.StartsWith("PointwiseConv", k, StringComparison.Ordinal));
    }

    [Fact]
    public void Operators_without_a_prepared_step_are_computed_plainly()
    {
        using CpuDevice device = new(2);
        using OddNetwork network = new();
        Networks.Materialize(network, device);
        Check(network, device, new Shape(2, 8, 12, 10));
    }

    [Fact]
    public void A_map_with_several_readers_serves_them_all()
    {
        using CpuDevice device = new(2);
        using ForkedNetwork network = new();
        Networks.Materialize(network, device);
        Check(network, device, new Shape(2, 6, 9, 7));
    }

    private static void Check(Module network, CpuDevice device, Shape shape)
    {
        float[] x = Networks.Numbers(9, shape.Length);
        float[] expected = Networks.Eager(network, device, shape, x);
        foreach (int lanes in (int[])[16, 8, 4])
        {
            if (lanes > MachineProbe.VectorLanes)
            {
                continue;
            }

            foreach (int threads in (int[])[1, 2])
            {
                using InferencePlan plan = InferencePlan.Of(network, shape,
                    new PlanOptions { Lanes = lanes, Threads = threads });
                float[] y = new float[expected.Length];
                plan.Run(x, y);
                double error = Networks.Error(expected, y);
                Assert.True(error < 1e-5, $"{lanes} lanes, {threads} threads: {error:E2}");
            }
        }
    }
}
