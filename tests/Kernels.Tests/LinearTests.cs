using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class LinearTests
{
    private static readonly Linear.Args Small = new(2, 3, 2);

    [Fact]
    public void Forward_is_a_matrix_product_with_bias()
    {
        float[] y = new float[4];
        Linear.Forward(Small, [1, 2, 3, 4, 5, 6], [1, 10, 100, -1, 0, 0.5f], [1000, 0], y);
        Assert.Equal([1321, 0.5f, 1654, -1], y);
    }

    [Fact]
    public void Gradients_are_the_transposed_products()
    {
        float[] dx = new float[6], dw = [1000, 0, 0, 0, 0, 0], db = [1, 1];
        Array.Fill(dx, float.NaN);
        Linear.BackwardInput(Small, [1, 2, 3, 4], [1, 10, 100, -1, 0, 0.5f], dx);
        Assert.Equal([-1, 10, 101, -1, 30, 302], dx);
        Linear.BackwardWeight(Small, [1, 2, 3, 4], [1, 2, 3, 4, 5, 6], dw);
        Assert.Equal([1013, 17, 21, 18, 24, 30], dw);
        Linear.BackwardBias(Small, [1, 2, 3, 4], db);
        Assert.Equal([5, 7], db);
    }

    [Theory]
    [InlineData(1, 200, 33)]
    [InlineData(5, 70, 100)]
    [InlineData(33, 17, 10)]
    public void Every_form_gives_the_same_bits_for_any_number_of_threads(int batch, int inputs, int outputs)
    {
        Linear.Args args = new(batch, inputs, outputs);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] dy = Fill.Uniform(3, args.Y.Length);
        (float[]? y0, float[]? dx0, float[]? dw0, float[]? db0) = (null, null, null, null);
        for (int threads = 1; threads <= 4; threads++)
        {
            using WorkPool pool = new(threads);
            float[] y = new float[dy.Length], dx = new float[x.Length];
            float[] dw = new float[w.Length], db = new float[outputs];
            Linear.Forward(args, x, w, [], y, pool);
            Linear.BackwardInput(args, dy, w, dx, pool);
            Linear.BackwardWeight(args, dy, x, dw, pool);
            Linear.BackwardBias(args, dy, db, pool);
            Assert.Equal(y0 ??= y, y);
            Assert.Equal(dx0 ??= dx, dx);
            Assert.Equal(dw0 ??= dw, dw);
            Assert.Equal(db0 ??= db, db);
        }
    }

    [Fact]
    public void A_special_value_reaches_its_row_alone()
    {
        Linear.Args args = new(9, 40, 11);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] y = new float[args.Y.Length];
        x[4 * 40 + 39] = float.NaN;
        Linear.Forward(args, x, w, [], y);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(i / 11 == 4, float.IsNaN(y[i]));
        }
    }

    [Fact]
    public void Lengths_that_do_not_match_are_named()
    {
        float[] x = new float[6], w = new float[6], y = new float[4];
        ShapeException e = Assert.Throws<ShapeException>(() => Linear.Forward(Small, x, w, [], new float[5]));
        Assert.Equal("Linear.Forward: y has 5 elements, expected 4 for shape [2, 2].", e.Message);
        Assert.Throws<ShapeException>(() => Linear.Forward(Small, x[1..], w, [], y));
        Assert.Throws<ShapeException>(() => Linear.Forward(Small, x, w, new float[3], y));
        Assert.Throws<ShapeException>(() => Linear.BackwardInput(Small, y[1..], w, x));
        Assert.Throws<ShapeException>(() => Linear.BackwardInput(Small, y, w, new float[7]));
        Assert.Throws<ShapeException>(() => Linear.BackwardWeight(Small, y, x, w[1..]));
        Assert.Throws<ShapeException>(() => Linear.BackwardWeight(Small, y, new float[7], w));
        Assert.Throws<ShapeException>(() => Linear.BackwardBias(Small, y, new float[3]));
    }

    [Fact]
    public void Overlapping_memory_is_refused()
    {
        float[] memory = new float[20], w = new float[6], y = new float[4];
        string[] messages =
        [
            Assert.Throws<ShapeException>(() =>
                Linear.Forward(Small, memory.AsSpan(0, 6), w, [], memory.AsSpan(5, 4))).Message,
            Assert.Throws<ShapeException>(() =>
                Linear.BackwardInput(Small, memory.AsSpan(0, 4), w, memory.AsSpan(3, 6))).Message,
            Assert.Throws<ShapeException>(() =>
                Linear.BackwardWeight(Small, y, memory.AsSpan(0, 6), memory.AsSpan(0, 6))).Message,
        ];
        Assert.All(messages, m => Assert.Contains("overlaps", m, StringComparison.Ordinal));
    }

    [Fact]
    public void Impossible_geometry_is_refused()
    {
        Assert.Throws<ShapeException>(() => new Linear.Args(0, 3, 2));
        Assert.Throws<ShapeException>(() => new Linear.Args(2, 0, 2));
        Assert.Throws<ShapeException>(() => new Linear.Args(2, 3, -1));
        Assert.Throws<ShapeException>(() => new Linear.Args(1, 70000, 70000));
    }
}
