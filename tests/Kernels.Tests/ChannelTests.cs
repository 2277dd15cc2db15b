using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class ChannelTests
{
    private static readonly Gen<(Shape X, int Groups)> Shuffles =
        from n in Gen.Choose(1, 3)
        from k in Gen.Choose(1, 6)
        from groups in Gen.Choose(1, 6)
        from h in Gen.Choose(1, 5)
        from w in Gen.Choose(1, 20)
        select (new Shape(n, k * groups, h, w), groups);

    private static readonly Gen<MuxJoin.Args> Joins =
        from shuffle in Shuffles
        from processed in Gen.Choose(1, shuffle.X.C)
        from residual in Gen.Elements(true, false)
        select new MuxJoin.Args(shuffle.X, processed, shuffle.Groups, residual);

    [Fact]
    public void Shuffle_gives_the_two_columns_of_the_drawing()
    {
        ChannelShuffle.Args args = new(new Shape(1, 8, 1, 1), 2);
        float[] once = new float[8], twice = new float[8];
        ChannelShuffle.Forward(args, [1, 2, 3, 4, 5, 6, 7, 8], once);
        ChannelShuffle.Forward(args, once, twice);
        Assert.Equal([1, 5, 2, 6, 3, 7, 4, 8], once);
        Assert.Equal([1, 3, 5, 7, 2, 4, 6, 8], twice);
    }

    [Fact]
    public void Shuffle_is_undone_by_its_inverse() => Prop.ForAll(Shuffles.ToArbitrary(), t =>
    {
        ChannelShuffle.Args args = new(t.X, t.Groups);
        float[] x = Fill.Uniform(1, t.X.Length), y = new float[x.Length], back = new float[x.Length];
        ChannelShuffle.Forward(args, x, y);
        ChannelShuffle.Forward(args.Inverse, y, back);
        Assert.Equal(x, back);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Slices_put_together_again_are_the_whole() => Prop.ForAll(Shuffles.ToArbitrary(), t =>
    {
        Shape x = t.X with { C = t.X.C + 1 };
        float[] whole = Fill.Uniform(1, x.Length), again = new float[whole.Length];
        ChannelSlice.Args first = new(x, 0, t.Groups), second = new(x, t.Groups, x.C - t.Groups);
        float[] a = new float[first.Y.Length], b = new float[second.Y.Length];
        ChannelSlice.Forward(first, whole, a);
        ChannelSlice.Forward(second, whole, b);
        ChannelConcat.Args join = new(first.Y, second.Y);
        ChannelConcat.Forward(join, a, b, again);
        Assert.Equal(whole, again);

        float[] da = new float[a.Length], db = new float[b.Length];
        ChannelConcat.Backward(join, whole, da, []);
        ChannelConcat.Backward(join, whole, [], db);
        Assert.Equal(a, da);
        Assert.Equal(b, db);

        float[] dx = new float[whole.Length], other = new float[whole.Length];
        Array.Fill(dx, float.NaN);
        Array.Fill(other, float.NaN);
        ChannelSlice.Backward(first, a, dx);
        ChannelSlice.Backward(second, b, other);
        Assert.Equal(whole, dx.Zip(other, (p, q) => p + q));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Join_is_add_concatenation_and_shuffle() => Prop.ForAll(Joins.ToArbitrary(), args =>
    {
        int processed = args.Processed.C;
        float[] f = Fill.Uniform(1, args.Processed.Length), x = Fill.Uniform(2, args.X.Length);
        float[] y = new float[x.Length];
        MuxJoin.Forward(args, f, x, y);

        float[] a = new float[f.Length];
        ChannelSlice.Forward(new ChannelSlice.Args(args.X, 0, processed), x, a);
        float[] front = args.Residual ? [.. f.Zip(a, (p, q) => p + q)] : f, joined = front;
        if (processed < args.X.C)
        {
            ChannelSlice.Args rest = new(args.X, processed, args.X.C - processed);
            float[] b = new float[rest.Y.Length];
            joined = new float[x.Length];
            ChannelSlice.Forward(rest, x, b);
            ChannelConcat.Forward(new ChannelConcat.Args(args.Processed, rest.Y), front, b, joined);
        }

        float[] expected = new float[x.Length];
        ChannelShuffle.Forward(new ChannelShuffle.Args(args.X, args.Groups), joined, expected);
        Assert.Equal(expected, y);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Join_gradients_are_the_unshuffled_one() => Prop.ForAll(Joins.ToArbitrary(), args =>
    {
        float[] dy = Fill.Uniform(1, args.Y.Length), u = new float[dy.Length];
        float[] df = new float[args.Processed.Length], dx = new float[dy.Length];
        ChannelShuffle.Forward(new ChannelShuffle.Args(args.X, args.Groups).Inverse, dy, u);
        Array.Fill(dx, float.NaN);
        MuxJoin.Backward(args, dy, df, []);
        MuxJoin.Backward(args, dy, [], dx);
        float[] expected = new float[df.Length];
        ChannelSlice.Forward(new ChannelSlice.Args(args.X, 0, args.Processed.C), u, expected);
        Assert.Equal(expected, df);
        for (int i = 0; i < dx.Length; i++)
        {
            bool processed = i / args.X.Pixels % args.X.C < args.Processed.C;
            Assert.Equal(processed && !args.Residual ? 0 : u[i], dx[i]);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Wrong_memory_and_geometry_are_named()
    {
        Shape x = new(2, 6, 2, 3);
        float[] whole = new float[72], half = new float[36];
        ChannelShuffle.Args shuffle = new(x, 2);
        Throws("ChannelShuffle.Forward: x has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => ChannelShuffle.Forward(shuffle, half, whole));
        Throws("ChannelShuffle.Forward: y has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => ChannelShuffle.Forward(shuffle, whole, half));
        Throws("ChannelShuffle.Forward: y overlaps x, expected separate memory.",
            () => ChannelShuffle.Forward(shuffle, whole, whole));
        Throws("ChannelShuffle: x has shape [2, 6, 2, 3], expected channels that are a multiple of groups = 4.",
            () => _ = new ChannelShuffle.Args(x, 4));

        ChannelSlice.Args slice = new(x, 2, 3);
        Throws("ChannelSlice.Forward: x has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => ChannelSlice.Forward(slice, half, half));
        Throws("ChannelSlice.Forward: y has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => ChannelSlice.Forward(slice, whole, whole));
        Throws("ChannelSlice.Forward: y overlaps x, expected separate memory.",
            () => ChannelSlice.Forward(slice, whole, whole.AsSpan(0, 36)));
        Throws("ChannelSlice.Backward: dy has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => ChannelSlice.Backward(slice, whole, whole));
        Throws("ChannelSlice.Backward: dx has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => ChannelSlice.Backward(slice, half, half));
        Throws("ChannelSlice.Backward: dx overlaps dy, expected separate memory.",
            () => ChannelSlice.Backward(slice, whole.AsSpan(0, 36), whole));
        Throws("ChannelSlice: channels 4 … 6 of x with shape [2, 6, 2, 3].", () => _ = new ChannelSlice.Args(x, 4, 3));

        ChannelConcat.Args concat = new(slice.Y, slice.Y);
        Throws("ChannelConcat.Forward: a has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => ChannelConcat.Forward(concat, whole, half, whole));
        Throws("ChannelConcat.Forward: b has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => ChannelConcat.Forward(concat, half, whole, whole));
        Throws("ChannelConcat.Forward: y has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => ChannelConcat.Forward(concat, half, half, half));
        Throws("ChannelConcat.Forward: y overlaps b, expected separate memory.",
            () => ChannelConcat.Forward(concat, half, whole.AsSpan(0, 36), whole));
        Throws("ChannelConcat.Backward: da has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => ChannelConcat.Backward(concat, whole, new float[72], []));
        Throws("ChannelConcat.Backward: db overlaps dy, expected separate memory.",
            () => ChannelConcat.Backward(concat, whole, [], whole.AsSpan(36)));
        Throws("ChannelConcat: a has shape [2, 6, 2, 3], b [1, 6, 2, 3]; expected equal batches and maps.",
            () => _ = new ChannelConcat.Args(x, x with { N = 1 }));

        MuxJoin.Args join = new(x, 3, 2, true);
        Throws("MuxJoin.Forward: f has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => MuxJoin.Forward(join, whole, new float[72], new float[72]));
        Throws("MuxJoin.Forward: x has 36 elements, expected 72 for shape [2, 6, 2, 3].",
            () => MuxJoin.Forward(join, half, half, whole));
        Throws("MuxJoin.Forward: y overlaps x, expected separate memory.",
            () => MuxJoin.Forward(join, half, whole, whole));
        Throws("MuxJoin.Backward: df has 72 elements, expected 36 for shape [2, 3, 2, 3].",
            () => MuxJoin.Backward(join, whole, new float[72], []));
        Throws("MuxJoin.Backward: dx overlaps dy, expected separate memory.",
            () => MuxJoin.Backward(join, whole, [], whole));
        Throws("MuxJoin: 7 processed channels of x with shape [2, 6, 2, 3].",
            () => _ = new MuxJoin.Args(x, 7, 2, true));
    }

    private static void Throws(string message, Action action) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(action).Message);
}
