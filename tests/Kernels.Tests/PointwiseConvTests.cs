using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class PointwiseConvTests
{
    private static readonly PointwiseConv.Args Small = new(new Shape(2, 2, 1, 3), 2);

    [Fact]
    public void Forward_mixes_channels_and_adds_the_bias()
    {
        float[] y = new float[12];
        PointwiseConv.Forward(Small, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 10, 2, 0.5f], [100, -1], y);
        Assert.Equal([141, 152, 163, 3, 5.5f, 8, 207, 218, 229, 18, 20.5f, 23], y);
    }

    [Fact]
    public void Backward_input_is_the_transposed_matrix()
    {
        float[] dx = new float[12];
        Array.Fill(dx, float.NaN);
        PointwiseConv.BackwardInput(Small, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 10, 2, 0.5f], dx);
        Assert.Equal([9, 12, 15, 12, 22.5f, 33, 27, 30, 33, 75, 85.5f, 96], dx);
    }

    [Fact]
    public void Backward_weight_and_bias_are_added()
    {
        float[] dw = [1000, 0, 0, 0], db = [1, 2];
        float[] dy = [1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0], x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        PointwiseConv.BackwardWeight(Small, dy, x, dw, new float[Small.ScratchLength]);
        PointwiseConv.BackwardBias(Small, dy, db);
        Assert.Equal([1010, 16, 16, 25], dw);
        Assert.Equal([3, 5], db);
    }

    [Theory]
    [InlineData(1, 7, 1, 1)]
    [InlineData(3, 5, 2, 3)]
    [InlineData(2, 130, 7, 7)]
    [InlineData(2, 9, 23, 24)]
    [InlineData(3, 20, 4, 8)]
    public void Every_form_gives_the_same_bits_for_any_number_of_threads(int n, int c, int h, int w)
    {
        PointwiseConv.Args args = new(new Shape(n, c, h, w), 61);
        float[] x = Fill.Uniform(1, args.X.Length), weight = Fill.Uniform(2, args.Weight.Length);
        float[] dy = Fill.Uniform(3, args.Y.Length), scratch = new float[args.ScratchLength];
        (float[]? y0, float[]? dx0, float[]? dw0) = (null, null, null);
        for (int threads = 1; threads <= 4; threads++)
        {
            using WorkPool pool = new(threads);
            float[] y = new float[dy.Length], dx = new float[x.Length], dw = new float[weight.Length];
            PointwiseConv.Forward(args, x, weight, [], y, pool);
            PointwiseConv.BackwardInput(args, dy, weight, dx, pool);
            PointwiseConv.BackwardWeight(args, dy, x, dw, scratch, pool);
            Assert.Equal(y0 ??= y, y);
            Assert.Equal(dx0 ??= dx, dx);
            Assert.Equal(dw0 ??= dw, dw);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_special_value_reaches_its_pixel_alone(float special)
    {
        PointwiseConv.Args args = new(new Shape(2, 9, 5, 7), 14);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] y = new float[args.Y.Length], dx = new float[x.Length];
        int pixels = args.X.Pixels, p = 17;
        x[(9 + 4) * pixels + p] = special;
        PointwiseConv.Forward(args, x, w, [], y);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(i / pixels >= 14 && i % pixels == p, !float.IsFinite(y[i]));
        }

        float[] dy = Fill.Uniform(3, args.Y.Length);
        dy[(14 + 6) * pixels + p] = special;
        PointwiseConv.BackwardInput(args, dy, w, dx);
        for (int i = 0; i < dx.Length; i++)
        {
            Assert.Equal(i / pixels >= 9 && i % pixels == p, !float.IsFinite(dx[i]));
        }
    }

    [Fact]
    public void Lengths_that_do_not_match_are_named()
    {
        PointwiseConv.Args args = new(new Shape(1, 80, 14, 14), 320);
        float[] x = new float[args.X.Length], w = new float[args.Weight.Length], y = new float[args.Y.Length];
        ShapeException e = Assert.Throws<ShapeException>(() => PointwiseConv.Forward(args, x, w, [], new float[3920]));
        Assert.Equal("PointwiseConv.Forward: y has 3920 elements, expected 62720 for shape [1, 320, 14, 14].",
            e.Message);
        Assert.Throws<ShapeException>(() => PointwiseConv.Forward(args, x, w, [], new float[y.Length + 1]));
        Assert.Throws<ShapeException>(() => PointwiseConv.Forward(args, x[1..], w, [], y));
        Assert.Throws<ShapeException>(() => PointwiseConv.Forward(args, x, w, new float[319], y));
        Assert.Throws<ShapeException>(() => PointwiseConv.BackwardInput(args, y, w[1..], x));
        Assert.Throws<ShapeException>(() => PointwiseConv.BackwardInput(args, y, w, new float[x.Length + 1]));
        Assert.Throws<ShapeException>(() => PointwiseConv.BackwardBias(args, y, new float[319]));
        float[] scratch = new float[args.ScratchLength];
        Assert.Throws<ShapeException>(() => PointwiseConv.BackwardWeight(args, y, x, w[1..], scratch));
        Assert.Throws<ShapeException>(() => PointwiseConv.BackwardWeight(args, y, x, new float[w.Length + 1], scratch));
        PointwiseConv.Args banded = new(new Shape(8, 4, 16, 16), 4);
        Assert.True(banded.ScratchLength > 0);
        e = Assert.Throws<ShapeException>(() => PointwiseConv.BackwardWeight(banded, new float[banded.Y.Length],
            new float[banded.X.Length], new float[16], new float[banded.ScratchLength - 1]));
        Assert.Contains("scratch", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlapping_memory_is_refused()
    {
        PointwiseConv.Args args = new(new Shape(1, 4, 4, 4), 4);
        float[] memory = new float[200], w = new float[16], scratch = new float[args.ScratchLength];
        string[] messages =
        [
            Assert.Throws<ShapeException>(() =>
                PointwiseConv.Forward(args, memory.AsSpan(0, 64), w, [], memory.AsSpan(63, 64))).Message,
            Assert.Throws<ShapeException>(() =>
                PointwiseConv.BackwardInput(args, memory.AsSpan(0, 64), w, memory.AsSpan(0, 64))).Message,
            Assert.Throws<ShapeException>(() => PointwiseConv.BackwardWeight(args, memory.AsSpan(0, 64), new float[64],
                memory.AsSpan(63, 16), scratch)).Message,
            Assert.Throws<ShapeException>(() =>
                PointwiseConv.BackwardBias(args, memory.AsSpan(0, 64), memory.AsSpan(60, 4))).Message,
        ];
        Assert.All(messages, m => Assert.Contains("overlaps", m, StringComparison.Ordinal));
    }

    [Fact]
    public void Impossible_geometry_is_refused()
    {
        Assert.Throws<ShapeException>(() => new PointwiseConv.Args(new Shape(1, 0, 2, 2), 1));
        Assert.Throws<ShapeException>(() => new PointwiseConv.Args(new Shape(1, 1, 2, 2), 0));
        Assert.Throws<ShapeException>(() => new PointwiseConv.Args(new Shape(1, 1, 30000, 30000), 3));
    }
}
