using MuxKernels.Autograd;
using Xunit;

namespace MuxKernels.Layers.Tests;

public class NetworkTests
{
    /// <summary>Networks without sub-pixel parts take every size, also odd maps at every stage.</summary>
    [Theory]
    [InlineData("muxnet-m", 28, 1000)]
    [InlineData("muxnet-m", 32, 10)]
    [InlineData("muxnet-m", 96, 3)]
    [InlineData("muxnet-m", 100, 1)]
    [InlineData("muxnet-l", 100, 7)]
    [InlineData("muxnet-xs", 64, 10)]
    [InlineData("muxnet-s", 96, 10)]
    [InlineData("muxnet-m-spatial", 64, 10)]
    [InlineData("muxnet-tiny", 32, 10)]
    [InlineData("muxnet-tiny", 28, 5)]
    [InlineData("muxnet-small", 32, 10)]
    public void Input_sizes_and_class_counts_are_free(string name, int size, int classes)
    {
        using CpuDevice device = new(2);
        using MuxNet network = MuxNets.Build(name, classes);
        network.Materialize(device, 1);
        Shape shape = new(2, network.Spec.ImageChannels, size, size);
        using Session session = new(device);
        Tensor logits = network.Invoke(session.Input(shape, Numbers.Uniform(1, shape)));
        Assert.Equal(Shape.Matrix(2, classes), logits.Shape);
        float[] values = logits.ToArray();
        Assert.All(values, v => Assert.True(float.IsFinite(v)));
        Assert.NotEqual(values[0], values[classes]);
    }

    [Fact]
    public void The_network_for_small_colour_images_has_its_size()
    {
        using MuxNet network = MuxNets.Build("muxnet-small");
        Summary summary = Summary.Of(network, new Shape(1, 3, 32, 32));
        Assert.Equal((886_378, 39_929_248), (network.ParameterCount, summary.MultiplyAdds));
        Assert.False(network.Spec.IsDerived);
    }

    [Fact]
    public void A_sub_pixel_part_on_an_odd_map_is_an_error_that_says_what_to_choose()
    {
        using MetaDevice device = new();
        using Session session = new(device);
        ShapeException error = Assert.Throws<ShapeException>(
            () => MuxNets.Build("muxnet-xs").Invoke(session.Placeholder(new Shape(1, 3, 100, 100))));
        Assert.Contains("OddMaps.Pad", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Padded_odd_maps_let_it_pass()
    {
        NetworkSpec spec = MuxNets.Get("muxnet-xs");
        spec = spec with { Blocks = [.. spec.Blocks.Select(b => b with { OddMaps = OddMaps.Pad })], Classes = 4 };
        using MetaDevice device = new();
        using Session session = new(device);
        using MuxNet network = new(spec);
        Assert.Equal(Shape.Matrix(1, 4), network.Invoke(session.Placeholder(new Shape(1, 3, 100, 100))).Shape);
    }

    [Fact]
    public void An_image_with_other_channels_is_an_error()
    {
        using MetaDevice device = new();
        using Session session = new(device);
        Assert.Contains("expected 3 channels", Assert.Throws<ShapeException>(
            () => MuxNets.Build("muxnet-m").Invoke(session.Placeholder(new Shape(1, 1, 64, 64)))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_network_is_an_error_that_lists_the_known_ones()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => MuxNets.Build("muxnet-xl"));
        Assert.All(MuxNets.Names, name => Assert.Contains(name, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Multipliers_round_widths_to_eights_and_repeats_up()
    {
        NetworkSpec m = MuxNets.Get("muxnet-m"), wide = m.Scaled(1.3, 1.5);
        Assert.All(wide.Blocks, b => Assert.Equal(0, b.Channels % 8));
        Assert.All(wide.Blocks.Zip(m.Blocks), p => Assert.True(p.First.Channels >= 0.9 * 1.3 * p.Second.Channels));
        Assert.Equal(m.Blocks.Select(b => (int)Math.Ceiling(b.Repeats * 1.5)), wide.Blocks.Select(b => b.Repeats));
        Assert.Equal(m.Blocks, m.Scaled(1, 1).Blocks);
        Assert.Throws<ArgumentException>(() => m.Scaled(0, 1));
        Assert.Throws<ArgumentException>(() => m.Scaled(1, double.NaN));
    }

    [Fact]
    public void Batches_are_counted_in_training_only()
    {
        using CpuDevice device = new(1);
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(device, 1);
        Shape shape = new(2, 1, 32, 32);
        foreach (bool training in (bool[])[false, true, true])
        {
            using Session session = new(device, training);
            network.Invoke(session.Input(shape, Numbers.Uniform(1, shape)));
        }

        Assert.All(network.State().Where(e => e.Counter is not null), e => Assert.Equal(2, e.Counter!.Value));
    }

    [Fact]
    public void Moving_to_another_device_keeps_every_number()
    {
        using CpuDevice cpu = new(1);
        using ReferenceDevice reference = new();
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(cpu, 4);
        float[][] before = Numbers.Read(network);
        float[] logits = Logits(network, cpu);
        network.MoveTo(reference);
        Assert.Same(reference, network.Store!.Device);
        Assert.Equal(before, Numbers.Read(network));
        foreach ((float want, float got) in logits.Zip(Logits(network, reference)))
        {
            Assert.Equal(want, got, 1e-5f);
        }

        network.MoveTo(cpu);
        Assert.Equal(before, Numbers.Read(network));
        Assert.Equal(logits, Logits(network, cpu));
        Assert.Equal(0, network.Store!.GradientNorm());
    }

    private static float[] Logits(MuxNet network, Device device)
    {
        Shape shape = new(1, 1, 32, 32);
        using Session session = new(device);
        return network.Invoke(session.Input(shape, Numbers.Uniform(2, shape))).ToArray();
    }
}
