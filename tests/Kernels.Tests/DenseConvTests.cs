using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class DenseConvTests
{
    [Fact]
    public void Forward_slides_the_window_over_zero_padding()
    {
        DenseConv.Args args = new(new Shape(1, 1, 3, 3), 1, 3);
        float[] y = new float[9];
        DenseConv.Forward(args, [1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 0, 0, 0, 1, 10, 0, 0, 100], [0.5f], y);
        Assert.Equal([521.5f, 632.5f, 3.5f, 854.5f, 965.5f, 6.5f, 87.5f, 98.5f, 9.5f], y);
    }

    [Fact]
    public void Stride_two_reads_every_second_pixel()
    {
        DenseConv.Args args = new(new Shape(1, 2, 4, 4), 1, 1, 2);
        float[] x = [.. Enumerable.Range(0, 32).Select(i => (float)i)], y = new float[4];
        DenseConv.Forward(args, x, [1, 100], [], y);
        Assert.Equal([1600, 1802, 2408, 2610], y);
        float[] dx = new float[32];
        Array.Fill(dx, float.NaN);
        DenseConv.BackwardInput(args, [1, 2, 3, 4], [1, 100], dx, new float[args.ScratchLength]);
        Assert.Equal([1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0], dx[..16]);
        Assert.Equal([100, 0, 200, 0, 0, 0, 0, 0, 300, 0, 400, 0, 0, 0, 0, 0], dx[16..]);
    }

    [Fact]
    public void Gradients_of_one_tap_are_what_the_tap_reads()
    {
        DenseConv.Args args = new(new Shape(1, 1, 2, 3), 1, 3);
        float[] dw = new float[9], dx = new float[6], db = [1], scratch = new float[args.ScratchLength];
        dw[0] = 1000;
        DenseConv.BackwardWeight(args, [0, 0, 0, 0, 1, 0], [1, 2, 3, 4, 5, 6], dw, scratch);
        Assert.Equal([1001, 2, 3, 4, 5, 6, 0, 0, 0], dw);
        DenseConv.BackwardInput(args, [0, 0, 0, 0, 1, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9], dx, scratch);
        Assert.Equal([1, 2, 3, 4, 5, 6], dx);
        DenseConv.BackwardBias(args, [0, 0, 0, 0, 1, 0], db);
        Assert.Equal([2], db);
    }

    [Theory]
    [InlineData(3, 3, 40, 41, 24, 3, 2, 1)]
    [InlineData(2, 20, 9, 8, 30, 3, 1, 1)]
    [InlineData(2, 3, 19, 20, 7, 5, 3, 2)]
    [InlineData(1, 2, 60, 33, 5, 2, 1, 4)]
    public void Every_form_gives_the_same_bits_for_any_number_of_threads(int n, int c, int h, int w, int o, int kernel,
        int stride, int dilation)
    {
        DenseConv.Args args = new(new Shape(n, c, h, w), o, kernel, stride, dilation);
        float[] x = Fill.Uniform(1, args.X.Length), weight = Fill.Uniform(2, args.Weight.Length);
        float[] dy = Fill.Uniform(3, args.Y.Length), scratch = new float[args.ScratchLength];
        (float[]? y0, float[]? dx0, float[]? dw0) = (null, null, null);
        for (int threads = 1; threads <= 4; threads++)
        {
            using WorkPool pool = new(threads);
            float[] y = new float[dy.Length], dx = new float[x.Length], dw = new float[weight.Length];
            DenseConv.Forward(args, x, weight, [], y, pool);
            DenseConv.BackwardInput(args, dy, weight, dx, scratch, pool);
            DenseConv.BackwardWeight(args, dy, x, dw, scratch, pool);
            Assert.Equal(y0 ??= y, y);
            Assert.Equal(dx0 ??= dx, dx);
            Assert.Equal(dw0 ??= dw, dw);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void A_special_value_reaches_the_windows_that_read_it(int stride, int dilation)
    {
        DenseConv.Args args = new(new Shape(1, 2, 17, 21), 3, 3, stride, dilation);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] y = new float[args.Y.Length], expected = new float[y.Length];
        x[17 * 21 + 100] = float.PositiveInfinity;
        DenseConv.Forward(args, x, w, [], y);
        DenseConv.ForwardReference<float>(args, x, w, [], expected);
        Assert.Equal(expected.Select(float.IsFinite), y.Select(float.IsFinite));
        Assert.Contains(y, v => !float.IsFinite(v));

        float[] dy = Fill.Uniform(3, args.Y.Length), dx = new float[x.Length], dxExpected = new float[x.Length];
        dy[args.Y.Pixels + 30] = float.NaN;
        DenseConv.BackwardInput(args, dy, w, dx, new float[args.ScratchLength]);
        DenseConv.BackwardInputReference<float>(args, dy, w, dxExpected);
        Assert.Equal(dxExpected.Select(float.IsNaN), dx.Select(float.IsNaN));
        Assert.Contains(dx, float.IsNaN);
    }

    [Fact]
    public void Lengths_that_do_not_match_are_named()
    {
        DenseConv.Args args = new(new Shape(1, 3, 8, 8), 4, 3, 2);
        float[] x = new float[192], w = new float[108], y = new float[64], scratch = new float[args.ScratchLength];
        ShapeException e = Assert.Throws<ShapeException>(() => DenseConv.Forward(args, x, w, [], y[1..]));
        Assert.Equal("DenseConv.Forward: y has 63 elements, expected 64 for shape [1, 4, 4, 4].", e.Message);
        Assert.Throws<ShapeException>(() => DenseConv.Forward(args, x, w, [], new float[65]));
        Assert.Throws<ShapeException>(() => DenseConv.Forward(args, x, new float[109], [], y));
        Assert.Throws<ShapeException>(() => DenseConv.Forward(args, x, w, new float[5], y));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardInput(args, y, w, x[1..], scratch));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardInput(args, new float[65], w, x, scratch));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardInput(args, y, w, x, scratch[1..]));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardWeight(args, y, x, w[1..], scratch));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardWeight(args, y, new float[193], w, scratch));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardWeight(args, y, x, w, scratch[1..]));
        Assert.Throws<ShapeException>(() => DenseConv.BackwardBias(args, y, new float[3]));
    }

    [Fact]
    public void Overlapping_memory_is_refused()
    {
        DenseConv.Args args = new(new Shape(1, 1, 8, 8), 1, 3);
        float[] memory = new float[200], w = new float[9], other = new float[64];
        float[] scratch = new float[args.ScratchLength];
        string[] messages =
        [
            Assert.Throws<ShapeException>(() =>
                DenseConv.Forward(args, memory.AsSpan(0, 64), w, [], memory.AsSpan(63, 64))).Message,
            Assert.Throws<ShapeException>(() =>
                DenseConv.BackwardInput(args, memory.AsSpan(0, 64), w, memory.AsSpan(1, 64), scratch)).Message,
            Assert.Throws<ShapeException>(() =>
                DenseConv.BackwardWeight(args, other, memory.AsSpan(0, 64), memory.AsSpan(60, 9), scratch)).Message,
            Assert.Throws<ShapeException>(() =>
                DenseConv.BackwardWeight(args, memory.AsSpan(0, 64), other, w, memory.AsSpan(63))).Message,
        ];
        Assert.All(messages, m => Assert.Contains("overlaps", m, StringComparison.Ordinal));
    }

    [Fact]
    public void Impossible_geometry_is_refused()
    {
        Assert.Throws<ShapeException>(() => new DenseConv.Args(new Shape(1, 3, 4, 4), 0, 3));
        Assert.Throws<ShapeException>(() => new DenseConv.Args(new Shape(1, 3, 4, 4), 8, 0));
        Assert.Throws<ShapeException>(() => new DenseConv.Args(new Shape(1, 3, 4, 4), 8, 3, 0));
        Assert.Throws<ShapeException>(() => new DenseConv.Args(new Shape(1, 3, 4, 4), 8, 5, padding: Padding.Of(0)));
        Assert.Throws<ShapeException>(() => new DenseConv.Args(new Shape(1, 3, 4, 4), 8, 3, padding: Padding.Of(-1)));
    }
}
