using Xunit;

namespace MuxKernels.Tests;

/// <summary>Where channels lie, and what is fused into convolutions on the reference device.</summary>
public class ConvFusionTests
{
    [Fact]
    public void Places_are_equal_by_their_numbers()
    {
        ChannelPlaces a = new([3, 1, 0]), b = new([3, 1, 0]), c = new([3, 0, 1]);
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.NotEqual(a, c);
        Assert.Equal(3, a.Last);
        Assert.True(ChannelPlaces.Run(0, 4).IsNatural(4));
        Assert.False(ChannelPlaces.Run(0, 4).IsNatural(5));
        Assert.False(ChannelPlaces.Run(1, 4).IsNatural(4));
        Assert.Equal([1, 0], a.Slice(1, 2));
    }

    [Fact]
    public void Shuffled_places_are_those_of_the_channel_shuffle()
    {
        ChannelShuffle.Args args = new(new Shape(1, 6, 1, 1), 3);
        float[] x = [10, 11, 12, 13, 14, 15], y = new float[6];
        ChannelShuffle.Forward(args, x, y);
        ChannelPlaces places = new([5, 3, 1, 0, 2, 4]);
        Assert.Equal(y.Select(v => places[(int)v - 10]), places.Shuffle(3));
    }

    [Theory]
    [InlineData(new[] { 1, 1 }, "there twice")]
    [InlineData(new[] { 0, -1 }, "negative")]
    public void Places_are_different_and_not_negative(int[] places, string message) => Assert.Contains(message,
        Assert.Throws<ShapeException>(() => new ChannelPlaces(places)).Message, StringComparison.Ordinal);

    [Fact]
    public void Places_outside_a_map_are_errors()
    {
        Shape x = new(1, 2, 3, 3), y = new(1, 4, 3, 3);
        void Fails(string part, ConvFusion fusion) => Assert.Contains(part,
            Assert.Throws<ShapeException>(() => fusion.CheckPlaces(x, y, "here")).Message, StringComparison.Ordinal);
        Fails("InputChannels has 2 places up to 5, expected 2 below 5",
            new ConvFusion { InputChannels = new ChannelPlaces([0, 5]), InputStride = 5 });
        Fails("InputChannels has 3 places", new ConvFusion { InputChannels = ChannelPlaces.Run(0, 3) });
        Fails("OutputChannels has 4 places up to 4, expected 4 below 4",
            new ConvFusion { OutputChannels = ChannelPlaces.Run(1, 4) });
        Fails("the map has 3 channels, expected at least 4", new ConvFusion { OutputStride = 3 });
        new ConvFusion { OutputChannels = ChannelPlaces.Run(1, 4), OutputStride = 5 }.CheckPlaces(x, y, "here");
    }

    /// <summary>Two channels of a map of four, gated, into two channels of the map that the residual lies in.</summary>
    [Fact]
    public void Everything_is_fused_as_the_formula_says()
    {
        using ReferenceDevice device = new();
        PointwiseConv.Args args = new(new Shape(1, 2, 1, 1), 2);
        View Of(params double[] numbers)
        {
            View view = device.Rent(numbers.Length).View;
            device.Write(numbers, view);
            return view;
        }

        View y = Of(100, 200, 300), sums = Of(0, 0);
        device.PointwiseConvFused(args, Of(1, 2, 3, 4), Of(1, 2, 3, 4), new ConvFusion
        {
            Scale = Of(2, -1),
            Shift = Of(0.5, 1),
            Activation = ActivationKind.Relu,
            Gate = Of(10, 0.5),
            Residual = y,
            Sums = sums,
            InputChannels = new ChannelPlaces([3, 1]),
            InputStride = 4,
            OutputChannels = new ChannelPlaces([2, 0]),
            OutputStride = 3,
        }, y);

        // Gated inputs 40 and 1: z = 42 and 124, then relu(84.5) and relu(−123).
        double[] expected = [100, 200, 384.5], found = new double[3], summed = new double[2];
        device.Read(y, found);
        device.Read(sums, summed);
        Assert.Equal(expected, found);
        Assert.Equal([384.5, 100], summed);
    }

    [Fact]
    public void Devices_without_fused_kernels_say_so()
    {
        using CpuDevice device = new(1);
        PointwiseConv.Args args = new(new Shape(1, 2, 1, 1), 2);
        View view = device.Rent(4).View;
        Assert.False(device.HasHalfMaps);
        Assert.Null(device.Capture(static () => { }));
        Assert.Null(device.MeasureLimits());
        Assert.Contains("PointwiseConvFused", Assert.Throws<OperationMissingException>(() =>
            device.PointwiseConvFused(args, view, view, default, view)).Message, StringComparison.Ordinal);
    }
}
