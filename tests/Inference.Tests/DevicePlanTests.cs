using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Inference.Tests;

/// <summary>Plans for devices, on the reference device: in double, so that nothing but the order of a few sums may
/// differ from layer by layer.</summary>
public class DevicePlanTests
{
    private const double Allowed = 1e-6;

    public static TheoryData<string> Names => [.. MuxNets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_eager(string name)
    {
        using ReferenceDevice device = new();
        using MuxNet network = Networks.Build(name, device, 7);
        Check(network, device, new Shape(2, network.Spec.ImageChannels, 32, 32));
    }

    [Theory]
    [InlineData("ds_r1_k3_s1_c24_se0.25_nre")]
    [InlineData("ir_r2_k3.5_s1_e4_c24_se0.5_nhs")]
    [InlineData("mux_r3_k3_s1_e4_c16_se0.5_p0.25_sg2_g1_nre")]
    [InlineData("mux_r3_k3_s1_e4_c16_se0.5_p0.75_sg4_g4_nsw")]
    [InlineData("mux_r2_k5_s1_e8_c16_p0.5_sg2_g2_nsw_noskip")]
    [InlineData("mux_r2_k3_s1_e6_c16_se0.5_p0.5_sg2_m0.1.-1_pad_nre")]
    [InlineData("mux_r2_k3_s1_e6_c16_se0.5_p1_sg2_m-1.0.1_mg2_pad_nre")]
    public void Agrees_with_eager_on_any_blocks(string blocks)
    {
        using ReferenceDevice device = new();
        using MuxNet network = new(MuxNets.Get("muxnet-tiny") with
        {
            Blocks = BlockGrammar.Parse(blocks), StemStride = 1, ImageSize = 13,
        });
        Networks.Materialize(network, device);
        Check(network, device, new Shape(2, 1, 13, 13));
    }

    [Fact]
    public void Operators_that_no_launch_covers_are_computed_plainly()
    {
        using ReferenceDevice device = new();
        using OddNetwork network = new();
        Networks.Materialize(network, device);
        Check(network, device, new Shape(2, 8, 12, 10));
    }

    [Fact]
    public void A_map_with_several_readers_serves_them_all()
    {
        using ReferenceDevice device = new();
        using ForkedNetwork network = new();
        Networks.Materialize(network, device);
        Check(network, device, new Shape(2, 6, 9, 7));
    }

    [Fact]
    public void Blocks_move_nothing_and_everything_is_fused()
    {
        using ReferenceDevice device = new();
        using MuxNet network = Networks.Build("muxnet-m", device, 10);
        using DevicePlan plan = DevicePlan.Of(network, device, new Shape(1, 3, 64, 64));
        Assert.DoesNotContain(plan.Steps, s => s.IsMovement);
        Assert.All(plan.Steps, s => Assert.True(s.Kind == "SqueezeExciteGates" || s.Kind.StartsWith("Linear",
            StringComparison.Ordinal) || s.Kind.Contains("Conv", StringComparison.Ordinal), s.Kind));
        long expected = Summary.Of(network, new Shape(1, 3, 64, 64)).MultiplyAddsLinear;
        Assert.Equal(expected, plan.Steps.Sum(s => s.MultiplyAdds));
        Assert.False(plan.IsRecorded);
    }

    [Fact]
    public void Fewer_images_give_their_own_results_and_wrong_lengths_are_errors()
    {
        using ReferenceDevice device = new();
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Shape shape = new(3, 1, 32, 32);
        using DevicePlan plan = DevicePlan.Of(network, device, shape);
        float[] x = Networks.Numbers(4, shape.Length), all = new float[30], two = new float[20];
        plan.Run(x, all);
        plan.Run(x.AsSpan(0, 2048), two);
        Assert.Equal(all[..20], two);
        Assert.Contains("expected those of 1 … 3 images [1, 1, 32, 32]",
            Assert.Throws<ShapeException>(() => plan.Run(x.AsSpan(1), all)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => plan.Run(x, two));
        plan.Dispose();
        Assert.Throws<ObjectDisposedException>(() => plan.Run(x, all));
    }

    [Fact]
    public void Float16_is_refused_where_there_are_no_kernels()
    {
        using ReferenceDevice device = new();
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Assert.Contains("reference", Assert.Throws<NotSupportedException>(() =>
            DevicePlan.Of(network, device, new Shape(1, 1, 32, 32), halfMaps: true)).Message, StringComparison.Ordinal);
    }

    /// <summary>Twice, with other images in between: nothing of a run is left to the next.</summary>
    private static void Check(Module network, Device device, Shape shape)
    {
        using DevicePlan plan = DevicePlan.Of(network, device, shape);
        float[] x = Networks.Numbers(9, shape.Length), other = Networks.Numbers(10, shape.Length);
        float[] expected = Networks.Eager(network, device, shape, x), actual = new float[expected.Length];
        plan.Run(x, actual);
        Assert.InRange(Networks.Error(expected, actual), 0, Allowed);
        plan.Run(other, actual);
        plan.Run(x, actual);
        Assert.InRange(Networks.Error(expected, actual), 0, Allowed);
        plan.Launch();
        device.Read(plan.OutputMemory, actual);
        Assert.InRange(Networks.Error(expected, actual), 0, Allowed);
    }
}
