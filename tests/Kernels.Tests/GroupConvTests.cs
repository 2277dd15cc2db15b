using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class GroupConvTests
{
    private static readonly GroupConv.Args Small = new(new Shape(2, 4, 5, 6), 6, 3, 2);

    [Fact]
    public void Each_output_reads_the_channels_of_its_group()
    {
        GroupConv.Args args = new(new Shape(1, 4, 1, 1), 4, 1, 2);
        float[] w = [1, 2, 3, 4, 5, 6, 7, 8], y = new float[4], dx = new float[4], dw = new float[8];
        float[] scratch = new float[args.ScratchLength(1)];
        GroupConv.Forward(args, [1, 10, 100, 1000], w, [], y, scratch);
        Assert.Equal([21, 43, 6500, 8700], y);
        GroupConv.BackwardInput(args, [1, 10, 100, 1000], w, dx, scratch);
        Assert.Equal([31, 42, 7500, 8600], dx);
        GroupConv.BackwardWeight(args, [1, 2, 3, 4], [1, 10, 100, 1000], dw, scratch);
        Assert.Equal([1, 10, 2, 20, 300, 3000, 400, 4000], dw);
        float[] db = new float[4];
        GroupConv.BackwardBias(args, [1, 2, 3, 4], db);
        Assert.Equal([1, 2, 3, 4], db);
    }

    [Fact]
    public void One_group_is_a_dense_convolution()
    {
        GroupConv.Args args = new(new Shape(2, 5, 9, 18), 7, 3, 1, 2);
        DenseConv.Args dense = new(args.X, 7, 3, 2);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] b = Fill.Uniform(3, 7), expected = new float[args.Y.Length], actual = new float[args.Y.Length];
        DenseConv.ForwardReference<float>(dense, x, w, b, expected);
        GroupConv.Forward(args, x, w, b, actual, new float[args.ScratchLength(1)]);
        AssertClose(expected, actual, ErrorBound.Sum(46, 46));
    }

    [Fact]
    public void As_many_groups_as_channels_is_depthwise()
    {
        GroupConv.Args args = new(new Shape(2, 6, 15, 17), 6, 5, 6);
        DepthwiseConv.Args depthwise = new(args.X, 5);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] dy = Fill.Uniform(3, args.Y.Length);
        Assert.Equal(WindowChecks.Run("depthwise.forward", depthwise, x, w, new float[6]),
            WindowChecks.Run("group.forward", args, x, w, new float[6]));
        Assert.Equal(WindowChecks.Run("depthwise.backward-input", depthwise, dy, w),
            WindowChecks.Run("group.backward-input", args, dy, w));
        Assert.Equal(WindowChecks.Run("depthwise.backward-weight", depthwise, dy, x),
            WindowChecks.Run("group.backward-weight", args, dy, x));
    }

    /// <summary>Two channels a group on the maps of a network; depthwise with a multiplier; wide groups in bands.
    /// </summary>
    [Theory]
    [InlineData(4, 4, 2, 56, 3, 1)]
    [InlineData(6, 6, 3, 14, 5, 1)]
    [InlineData(4, 4, 2, 7, 5, 1)]
    [InlineData(2, 8, 2, 30, 3, 2)]
    [InlineData(9, 3, 3, 40, 7, 2)]
    [InlineData(20, 4, 1, 33, 3, 1)]
    public void Agrees_on_real_maps(int channels, int outChannels, int groups, int size, int kernel, int stride) =>
        WindowChecks.Agree("group",
            new GroupConv.Args(new Shape(2, channels, size, size), outChannels, kernel, groups, stride));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_a_number_reaches_what_reads_it(float value)
    {
        WindowChecks.SpreadsLikeTheReference("group", new GroupConv.Args(new Shape(1, 4, 7, 9), 4, 3, 2), value);
        WindowChecks.SpreadsLikeTheReference("group", new GroupConv.Args(new Shape(1, 2, 6, 18), 4, 5, 2, 2), value);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        GroupConv.Args args = new(new Shape(3, 34, 14, 14), 34, 5, 17);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[][] alone = Gradients(args, x, w, null);
        foreach (int threads in new[] { 2, 3, 5 })
        {
            using WorkPool pool = new(threads);
            float[][] together = Gradients(args, x, w, pool);
            for (int i = 0; i < alone.Length; i++)
            {
                Check.SameBits(alone[i], together[i]);
            }
        }
    }

    [Fact]
    public void Short_and_long_memory_is_an_error()
    {
        float[] x = new float[Small.X.Length], w = new float[Small.Weight.Length], y = new float[Small.Y.Length];
        float[] b = new float[6], scratch = new float[Small.ScratchLength(1)];
        foreach (int n in new[] { -1, 1 })
        {
            float[] Off(float[] a) => new float[a.Length + n];
            Assert.Throws<ShapeException>(() => GroupConv.Forward(Small, Off(x), w, b, y, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.Forward(Small, x, Off(w), b, y, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.Forward(Small, x, w, Off(b), y, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.Forward(Small, x, w, b, Off(y), scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardInput(Small, Off(y), w, x, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardInput(Small, y, Off(w), x, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardInput(Small, y, w, Off(x), scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardWeight(Small, Off(y), x, w, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardWeight(Small, y, Off(x), w, scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardWeight(Small, y, x, Off(w), scratch));
            Assert.Throws<ShapeException>(() => GroupConv.BackwardWeightReference<float>(Small, y, x, Off(w)));
        }

        Assert.Throws<ShapeException>(() => GroupConv.Forward(Small, x, w, b, y, scratch.AsSpan(1)));
    }

    [Fact]
    public void Overlapping_memory_is_an_error()
    {
        GroupConv.Args args = new(new Shape(1, 1, 3, 3), 1, 3, 1);
        float[] a = new float[12], b = new float[9], scratch = new float[args.ScratchLength(1)];
        Assert.Throws<ShapeException>(() => GroupConv.Forward(args, a.AsSpan(0, 9), b, [], a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => GroupConv.BackwardInput(args, a.AsSpan(0, 9), b, a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => GroupConv.BackwardWeight(args, b, a.AsSpan(0, 9), a.AsSpan(3), scratch));
    }

    [Theory]
    [InlineData(4, 4, 3, 3)]
    [InlineData(4, 5, 3, 2)]
    [InlineData(4, 4, 0, 2)]
    [InlineData(4, 4, 3, 0)]
    public void Bad_geometry_is_an_error(int channels, int outChannels, int kernel, int groups) =>
        Assert.Throws<ShapeException>(
            () => new GroupConv.Args(new Shape(1, channels, 5, 5), outChannels, kernel, groups));

    private static float[][] Gradients(GroupConv.Args args, float[] x, float[] w, WorkPool? pool)
    {
        float[] y = new float[args.Y.Length], dx = new float[x.Length], dw = new float[w.Length];
        float[] scratch = new float[args.ScratchLength(WorkPool.Threads(pool))];
        GroupConv.Forward(args, x, w, [], y, scratch, pool);
        GroupConv.BackwardInput(args, y, w, dx, scratch, pool);
        GroupConv.BackwardWeight(args, y, x, dw, scratch, pool);
        return [y, dx, dw];
    }

    private static void AssertClose(float[] expected, float[] actual, double bound)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i], expected[i] - bound, expected[i] + bound);
        }
    }
}
