using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class MixedConvTests
{
    private static readonly MixedConv.Args Small = new(new Shape(2, 5, 6, 6), [3, 5], stride: 2);

    [Fact]
    public void Each_part_has_its_own_kernel()
    {
        MixedConv.Args args = new(new Shape(1, 3, 1, 1), [1, 3]);
        float[] w = [2, 3, 0, 0, 0, 0, 5, 0, 0, 0, 0], y = new float[3], dx = new float[3], dw = new float[11];
        float[] scratch = new float[args.ScratchLength(1)];
        MixedConv.Forward(args, [1, 10, 100], w, y, scratch);
        Assert.Equal([2, 30, 500], y);
        MixedConv.BackwardInput(args, [1, 10, 100], w, dx, scratch);
        Assert.Equal([2, 30, 500], dx);
        MixedConv.BackwardWeight(args, [1, 2, 3], [1, 10, 100], dw, scratch);
        Assert.Equal([1, 20, 0, 0, 0, 0, 300, 0, 0, 0, 0], dw);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void Parts_are_convolutions_of_slices(int channelsPerGroup, int stride)
    {
        int channels = channelsPerGroup == 1 ? 22 : 24;
        MixedConv.Args args = new(new Shape(1, channels, 14, 18), [3, 5, 7], channelsPerGroup, stride);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
        float[] dy = Fill.Uniform(3, args.Y.Length);
        float[] y = WindowChecks.Run("mixed.forward", args, x, w);
        float[] dx = WindowChecks.Run("mixed.backward-input", args, dy, w);
        float[] dw = WindowChecks.Run("mixed.backward-weight", args, dy, x);
        int channel = 0, weight = 0;
        for (int part = 0; part < 3; part++)
        {
            int c = args.Channels[part], length = (int)args.PartWeight(part).Length;
            GroupConv.Args slice = new(args.X with { C = c }, c, args.Kernels[part], c / channelsPerGroup, stride);
            float[] sx = x[(channel * args.X.Pixels)..((channel + c) * args.X.Pixels)];
            float[] sw = w[weight..(weight + length)];
            float[] sdy = dy[(channel * args.Y.Pixels)..((channel + c) * args.Y.Pixels)];
            Assert.Equal(WindowChecks.Run("group.forward", slice, sx, sw, new float[c]),
                y[(channel * args.Y.Pixels)..((channel + c) * args.Y.Pixels)]);
            Assert.Equal(WindowChecks.Run("group.backward-input", slice, sdy, sw),
                dx[(channel * args.X.Pixels)..((channel + c) * args.X.Pixels)]);
            Assert.Equal(WindowChecks.Run("group.backward-weight", slice, sdy, sx), dw[weight..(weight + length)]);
            channel += c;
            weight += length;
        }
    }

    [Fact]
    public void Agrees_on_real_maps()
    {
        WindowChecks.Agree("mixed", new MixedConv.Args(new Shape(2, 9, 28, 28), [3, 5, 7, 9], stride: 2));
        WindowChecks.Agree("mixed", new MixedConv.Args(new Shape(1, 10, 14, 14), [3, 5, 7, 9, 11], stride: 2));
        WindowChecks.Agree("mixed", new MixedConv.Args(new Shape(1, 6, 112, 90), [3, 9], stride: 1));
    }

    [Fact]
    public void What_is_not_a_number_reaches_what_reads_it() => WindowChecks.SpreadsLikeTheReference("mixed",
        new MixedConv.Args(new Shape(1, 4, 9, 13), [3, 5], stride: 2), float.NaN);

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        MixedConv.Args args = new(new Shape(2, 41, 14, 14), [3, 5, 7], stride: 2);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
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
        float[] x = new float[Small.X.Length], w = new float[Small.WeightLength], y = new float[Small.Y.Length];
        float[] scratch = new float[Small.ScratchLength(1)];
        foreach (int n in new[] { -1, 1 })
        {
            float[] Off(float[] a) => new float[a.Length + n];
            Assert.Throws<ShapeException>(() => MixedConv.Forward(Small, Off(x), w, y, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.Forward(Small, x, Off(w), y, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.Forward(Small, x, w, Off(y), scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardInput(Small, Off(y), w, x, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardInput(Small, y, Off(w), x, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardInput(Small, y, w, Off(x), scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardWeight(Small, Off(y), x, w, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardWeight(Small, y, Off(x), w, scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardWeight(Small, y, x, Off(w), scratch));
            Assert.Throws<ShapeException>(() => MixedConv.BackwardInputReference<double>(Small, new double[1], [], []));
        }

        Assert.Throws<ShapeException>(() => MixedConv.Forward(Small, x, w, y, scratch.AsSpan(1)));
    }

    [Fact]
    public void Overlapping_memory_is_an_error()
    {
        MixedConv.Args args = new(new Shape(1, 1, 3, 3), [3]);
        float[] a = new float[12], b = new float[9], scratch = new float[args.ScratchLength(1)];
        Assert.Throws<ShapeException>(() => MixedConv.Forward(args, a.AsSpan(0, 9), b, a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => MixedConv.BackwardInput(args, a.AsSpan(0, 9), b, a.AsSpan(3), scratch));
        Assert.Throws<ShapeException>(() => MixedConv.BackwardWeight(args, b, a.AsSpan(0, 9), a.AsSpan(3), scratch));
    }

    [Fact]
    public void Bad_geometry_is_an_error()
    {
        Assert.Throws<ShapeException>(() => new MixedConv.Args(new Shape(1, 4, 8, 8), []));
        Assert.Throws<ShapeException>(() => new MixedConv.Args(new Shape(1, 1, 8, 8), [3, 5]));
        Assert.Throws<ShapeException>(() => new MixedConv.Args(new Shape(1, 4, 8, 8), [3, 4]));
        Assert.Throws<ShapeException>(() => new MixedConv.Args(new Shape(1, 5, 8, 8), [3, 5], channelsPerGroup: 2));
    }

    private static float[][] Gradients(MixedConv.Args args, float[] x, float[] w, WorkPool? pool)
    {
        float[] y = new float[args.Y.Length], dx = new float[x.Length], dw = new float[w.Length];
        float[] scratch = new float[args.ScratchLength(WorkPool.Threads(pool))];
        MixedConv.Forward(args, x, w, y, scratch, pool);
        MixedConv.BackwardInput(args, y, w, dx, scratch, pool);
        MixedConv.BackwardWeight(args, y, x, dw, scratch, pool);
        return [y, dx, dw];
    }
}
