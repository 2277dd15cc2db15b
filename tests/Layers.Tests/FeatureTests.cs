using MuxKernels.Autograd;
using Xunit;

namespace MuxKernels.Layers.Tests;

/// <summary>Maps for detection and segmentation heads.</summary>
public class FeatureTests
{
    private static readonly Shape Image = new(1, 3, 64, 64);

    [Fact]
    public void Levels_are_the_last_blocks_at_each_resolution()
    {
        MuxNet network = MuxNets.Build("muxnet-m");
        Assert.Equal([(0, 24, 2), (3, 24, 4), (6, 40, 8), (12, 112, 16), (17, 200, 32)],
            network.FeatureLevels.Select(l => (l.Point.Block, l.Channels, l.Reduction)));
    }

    [Theory]
    [InlineData("muxnet-m")]
    [InlineData("muxnet-xs")]
    public void Maps_have_the_promised_shapes(string name)
    {
        using MetaDevice device = new();
        using Session session = new(device);
        MuxNet network = MuxNets.Build(name);
        IReadOnlyList<FeatureInfo> levels = network.FeatureLevels;
        IReadOnlyList<Tensor> maps = network.Features(session.Placeholder(Image), [.. levels.Select(l => l.Point)],
            head: true);
        Assert.Equal(levels.Count + 1, maps.Count);
        foreach ((FeatureInfo level, Tensor map) in levels.Zip(maps))
        {
            Assert.Equal(new Shape(1, level.Channels, 64 / level.Reduction, 64 / level.Reduction), map.Shape);
        }

        Assert.Equal(new Shape(1, 1280, 2, 2), maps[^1].Shape);
    }

    /// <summary>
    /// What heads read is what the network itself computes, in one pass, with expanded maps among it.
    /// </summary>
    [Fact]
    public void Maps_are_the_networks_own_and_stay_readable()
    {
        using CpuDevice device = new(2);
        using MuxNet network = MuxNets.Build("muxnet-m", 10);
        network.Materialize(device, 2);
        float[] pixels = Numbers.Uniform(1, Image);
        FeaturePoint[] points = [new(0), new(0, IsExpanded: true), new(5), new(5, IsExpanded: true), new(17)];
        using Session session = new(device);
        IReadOnlyList<Tensor> maps = network.Features(session.Input(Image, pixels), points);
        Assert.Equal([24, 24, 40, 120, 200], maps.Select(m => m.Shape.C));
        float[][] values = [.. maps.Select(m => m.ToArray())];

        using Session recorded = new(device, record: true);
        network.Invoke(recorded.Input(Image, pixels));
        string[] scopes = ["blocks.0.0", "bn1", "blocks.5.0", "blocks.5.0.bn1", "blocks.17.0.bn3"];
        foreach ((float[] map, string scope) in values.Zip(scopes))
        {
            Node last = recorded.Record.Last(n => n.Scope.TrimStart('.') == scope);
            Assert.Equal(last.Results[0].ToArray(), map);
        }
    }

    [Fact]
    public void Recorded_maps_carry_their_blocks_names_and_have_gradients()
    {
        using CpuDevice device = new(1);
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(device, 2);
        Shape shape = new(1, 1, 32, 32);
        using Session session = new(device, record: true);
        Tensor x = session.Input(shape, Numbers.Uniform(3, shape), needsGradient: true);
        Tensor map = network.Features(x, [new FeaturePoint(2)])[0];
        Assert.Contains("blocks.2.0.conv_pwl", session.Record.Select(n => n.Scope.TrimStart('.')));
        session.Backward(map.GlobalAveragePool());
        Assert.Contains(x.GradientToDoubles(), g => g != 0);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(18)]
    public void A_block_that_is_not_there_is_an_error(int block)
    {
        using MetaDevice device = new();
        using Session session = new(device);
        Assert.Contains("0 … 17", Assert.Throws<ArgumentException>(() => MuxNets.Build("muxnet-m")
            .Features(session.Placeholder(Image), [new FeaturePoint(block)])).Message, StringComparison.Ordinal);
    }
}
