using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class RearrangeTests
{
    private static readonly Gen<(Shape Coarse, int R)> Cases =
        from n in Gen.Choose(1, 3)
        from c in Gen.Choose(1, 5)
        from h in Gen.Choose(1, 9)
        from w in Gen.Choose(1, 40)
        from r in Gen.Choose(1, 4)
        select (new Shape(n, c * r * r, h, w), r);

    [Fact]
    public void Golden_vector_is_block_major()
    {
        SpaceToChannel.Args args = new(new Shape(1, 2, 2, 2));
        float[] y = new float[8];
        SpaceToChannel.Forward(args, [0, 1, 2, 3, 4, 5, 6, 7], y);
        Assert.Equal(new Shape(1, 8, 1, 1), args.Y);
        Assert.Equal([0, 4, 1, 5, 2, 6, 3, 7], y);
    }

    [Fact]
    public void Golden_vector_comes_back()
    {
        float[] y = new float[8];
        ChannelToSpace.Forward(new ChannelToSpace.Args(new Shape(1, 8, 1, 1)), [0, 4, 1, 5, 2, 6, 3, 7], y);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], y);
    }

    [Fact]
    public void Channel_slow_order_differs_as_soon_as_there_are_two_channels()
    {
        foreach (int channels in new[] { 1, 2, 3 })
        {
            Shape x = new(1, channels, 4, 6);
            float[] from = Fill.Uniform(1, x.Length), dcr = new float[from.Length], crd = new float[from.Length];
            SpaceToChannel.Forward(new SpaceToChannel.Args(x), from, dcr);
            for (int i = 0; i < from.Length; i++)
            {
                (int c, int h, int w) = (i / 24, i / 6 % 4, i % 6);
                crd[((c * 4 + h % 2 * 2 + w % 2) * 2 + h / 2) * 3 + w / 2] = from[i];
            }

            Assert.Equal(channels == 1, dcr.AsSpan().SequenceEqual(crd));
        }
    }

    [Fact]
    public void Each_map_undoes_the_other_exactly() => Prop.ForAll(Cases.ToArbitrary(), t =>
    {
        ChannelToSpace.Args up = new(t.Coarse, t.R);
        float[] x = Fill.Uniform(1, t.Coarse.Length), y = new float[x.Length], back = new float[x.Length];
        ChannelToSpace.Forward(up, x, y);
        SpaceToChannel.Forward(up.Inverse, y, back);
        Assert.Equal(x, back);
        SpaceToChannel.Args down = new(up.Y, t.R);
        SpaceToChannel.Forward(down, x, y);
        ChannelToSpace.Forward(down.Inverse, y, back);
        Assert.Equal(x, back);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_thread_count_moves_the_same_numbers()
    {
        SpaceToChannel.Args args = new(new Shape(2, 7, 12, 34));
        float[] x = Fill.Uniform(1, args.X.Length), expected = new float[x.Length];
        SpaceToChannel.ForwardReference<float>(args, x, expected);
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using WorkPool pool = new(threads);
            float[] y = new float[x.Length], back = new float[x.Length];
            SpaceToChannel.Forward(args, x, y, pool);
            ChannelToSpace.Forward(args.Inverse, y, back, pool);
            Assert.Equal(expected, y);
            Assert.Equal(x, back);
        }
    }

    [Fact]
    public void Wrong_memory_and_geometry_are_named()
    {
        SpaceToChannel.Args down = new(new Shape(1, 2, 4, 6));
        ChannelToSpace.Args up = down.Inverse;
        float[] x = new float[48];
        Throws("SpaceToChannel.Forward: x has 47 elements, expected 48 for shape [1, 2, 4, 6].",
            () => SpaceToChannel.Forward(down, x.AsSpan(1), new float[48]));
        Throws("SpaceToChannel.Forward: y has 49 elements, expected 48 for shape [1, 8, 2, 3].",
            () => SpaceToChannel.Forward(down, x, new float[49]));
        Throws("SpaceToChannel.Forward: y overlaps x, expected separate memory.",
            () => SpaceToChannel.Forward(down, x, x));
        Throws("SpaceToChannel: x has shape [1, 2, 3, 6], expected rows and columns that are multiples of 2.",
            () => _ = new SpaceToChannel.Args(new Shape(1, 2, 3, 6)));
        Throws("ChannelToSpace.Forward: x has 47 elements, expected 48 for shape [1, 8, 2, 3].",
            () => ChannelToSpace.Forward(up, x.AsSpan(1), new float[48]));
        Throws("ChannelToSpace.Forward: y has 49 elements, expected 48 for shape [1, 2, 4, 6].",
            () => ChannelToSpace.Forward(up, x, new float[49]));
        Throws("ChannelToSpace.Forward: y overlaps x, expected separate memory.",
            () => ChannelToSpace.Forward(up, x, x));
        Throws("ChannelToSpace: x has shape [1, 6, 3, 6], expected channels that are a multiple of 4.",
            () => _ = new ChannelToSpace.Args(new Shape(1, 6, 3, 6)));
    }

    private static void Throws(string message, Action action) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(action).Message);
}
