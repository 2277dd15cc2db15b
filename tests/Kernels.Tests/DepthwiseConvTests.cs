using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class DepthwiseConvTests
{
    private static readonly DepthwiseConv.Args Small = new(new Shape(2, 3, 6, 5), 3, 2);

    [Fact]
    public void A_kernel_of_ones_counts_what_it_covers()
    {
        DepthwiseConv.Args args = new(new Shape(1, 1, 3, 3), 3);
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9], ones = [1, 1, 1, 1, 1, 1, 1, 1, 1];
        float[] y = new float[9], dw = new float[9];
        float[] scratch = new float[args.ScratchLength(1)];
        DepthwiseConv.Forward(args, x, ones, [100], y, scratch);
        Assert.Equal([112, 121, 116, 127, 145, 133, 124, 139, 128], y);
        DepthwiseConv.BackwardInput(args, ones, ones, y, scratch);
        Assert.Equal([4, 6, 4, 6, 9, 6, 4, 6, 4], y);
        DepthwiseConv.BackwardWeight(args, ones, x, dw, scratch);
        DepthwiseConv.BackwardWeight(args, ones, x, dw, scratch);
        Assert.Equal([24, 42, 32, 54, 90, 66, 48, 78, 56], dw);
        float[] db = [1];
        DepthwiseConv.BackwardBias(args, x, db);
        Assert.Equal([46], db);
    }

    [Fact]
    public void Stride_two_takes_every_other_output()
    {
        DepthwiseConv.Args args = new(new Shape(1, 1, 4, 4), 3, 2);
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], w = [0, 0, 0, 0, 1, 0, 0, 0, 10];
        float[] y = new float[4], scratch = new float[args.ScratchLength(1)];
        DepthwiseConv.Forward(args, x, w, [], y, scratch);
        Assert.Equal([61, 83, 149, 171], y);
        DepthwiseConv.BackwardInput(args, [1, 2, 3, 4], w, x, scratch);
        Assert.Equal([1, 0, 2, 0, 0, 10, 0, 20, 3, 0, 4, 0, 0, 30, 0, 40], x);
    }

    /// <summary>Maps larger than one band, odd tails, every run of taps.</summary>
    [Theory]
    [InlineData(120, 100, 3, 1, 1)]
    [InlineData(113, 97, 3, 2, 1)]
    [InlineData(90, 130, 5, 3, 1)]
    [InlineData(70, 85, 11, 2, 1)]
    [InlineData(61, 90, 7, 1, 2)]
    [InlineData(90, 41, 4, 2, 3)]
    [InlineData(7, 7, 9, 1, 1)]
    public void Agrees_on_large_maps(int height, int width, int kernel, int stride, int dilation) =>
        WindowChecks.Agree("depthwise",
            new DepthwiseConv.Args(new Shape(2, 2, height, width), kernel, stride, dilation));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_a_number_reaches_what_reads_it(float value)
    {
        WindowChecks.SpreadsLikeTheReference("depthwise", new DepthwiseConv.Args(new Shape(1, 2, 8, 19), 3), value);
        WindowChecks.SpreadsLikeTheReference("depthwise", new DepthwiseConv.Args(new Shape(1, 1, 9, 21), 4, 2), value);
        WindowChecks.SpreadsLikeTheReference("depthwise", new DepthwiseConv.Args(new Shape(1, 1, 9, 11), 2, 3), value);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        DepthwiseConv.Args args = new(new Shape(3, 33, 28, 28), 5);
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
        float[] b = new float[3], scratch = new float[Small.ScratchLength(1)];
        ShapeException error = Assert.Throws<ShapeException>(
            () => DepthwiseConv.Forward(Small, x, w, b, y.AsSpan(1), scratch));
        Assert.Equal("DepthwiseConv.Forward: y has 53 elements, expected 54 for shape [2, 3, 3, 3].", error.Message);
        foreach (int n in new[] { -1, 1 })
        {
            float[] Off(float[] a) => new float[a.Length + n];
            Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(Small, Off(x), w, b, y, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(Small, x, Off(w), b, y, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(Small, x, w, Off(b), y, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(Small, x, w, b, Off(y), scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardInput(Small, Off(y), w, x, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardInput(Small, y, Off(w), x, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardInput(Small, y, w, Off(x), scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardWeight(Small, Off(y), x, w, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardWeight(Small, y, Off(x), w, scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardWeight(Small, y, x, Off(w), scratch));
            Assert.Throws<ShapeException>(() => DepthwiseConv.ForwardReference<float>(Small, x, w, b, Off(y)));
            Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardBias(Small, y, Off(b)));
        }

        Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(Small, x, w, b, y, scratch.AsSpan(1)));
        using WorkPool pool = new(2);
        Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardInput(Small, y, w, x, scratch, pool));
    }

    [Fact]
    public void Overlapping_memory_is_an_error()
    {
        DepthwiseConv.Args args = new(new Shape(1, 1, 3, 3), 3);
        float[] a = new float[12], b = new float[9], scratch = new float[args.ScratchLength(1)];
        Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(args, a.AsSpan(0, 9), b, [], a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => DepthwiseConv.Forward(args, b, a.AsSpan(0, 9), [], a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => DepthwiseConv.BackwardInput(args, a.AsSpan(0, 9), b, a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(
            () => DepthwiseConv.BackwardWeight(args, b, a.AsSpan(0, 9), a.AsSpan(3), scratch));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(3, 0, 1)]
    [InlineData(3, 1, 0)]
    public void Bad_geometry_is_an_error(int kernel, int stride, int dilation)
    {
        Assert.Throws<ShapeException>(() => new DepthwiseConv.Args(new Shape(1, 1, 4, 4), kernel, stride, dilation));
        Assert.Throws<ShapeException>(() => new DepthwiseConv.Args(new Shape(1, 0, 4, 4), 3));
        Assert.Throws<ShapeException>(() => new DepthwiseConv.Args(new Shape(1, 1, 4, 4), 7, padding: Padding.Of(0)));
    }

    private static float[][] Gradients(DepthwiseConv.Args args, float[] x, float[] w, WorkPool? pool)
    {
        float[] y = new float[args.Y.Length], dx = new float[x.Length], dw = new float[w.Length];
        float[] scratch = new float[args.ScratchLength(WorkPool.Threads(pool))];
        DepthwiseConv.Forward(args, x, w, [], y, scratch, pool);
        DepthwiseConv.BackwardInput(args, y, w, dx, scratch, pool);
        DepthwiseConv.BackwardWeight(args, y, x, dw, scratch, pool);
        return [y, dx, dw];
    }
}
