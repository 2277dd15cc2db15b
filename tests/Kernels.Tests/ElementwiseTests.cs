using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class ElementwiseTests
{
    [Fact]
    public void Add_names_wrong_lengths_overlap_and_geometry()
    {
        Shape shape = new(1, 1, 2, 2);
        Add.Args args = new(shape, shape);
        float[] memory = new float[5], four = new float[4];
        Assert.Equal("Add.Forward: b has 3 elements, expected 4 for shape [1, 1, 2, 2].",
            Assert.Throws<ShapeException>(() => Add.Forward(args, four, new float[3], new float[4])).Message);
        Assert.Throws<ShapeException>(() => Add.Forward(args, four, four, memory));
        Assert.Throws<ShapeException>(() => Add.Forward(args, memory.AsSpan(0, 4), four, memory.AsSpan(1, 4)));
        Assert.Throws<ShapeException>(() => new Add.Args(shape, shape with { W = 3 }));
        Assert.Throws<ShapeException>(() => Add.Accumulate(four, memory));
        Assert.Throws<ShapeException>(() => Add.Accumulate(memory.AsSpan(0, 4), memory.AsSpan(1, 4)));
        Assert.Throws<ShapeException>(() => Add.Accumulate(memory, four));
    }

    [Fact]
    public void Sums_work_in_place()
    {
        Shape shape = new(1, 1, 1, 3);
        float[] a = [1, 2, 3];
        Add.Forward(new Add.Args(shape, shape), a, a, a);
        Assert.Equal([2f, 4f, 6f], a);
        Add.Accumulate([1, 1, 1], a);
        Assert.Equal([3f, 5f, 7f], a);
    }

    [Fact]
    public void Sum_of_squares_is_double_and_the_same_for_any_thread_count()
    {
        float[] x = Fill.Uniform(1, 300_001, -3, 3);
        double expected = x.Sum(v => (double)v * v);
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using CpuDevice device = new(threads);
            DeviceBuffer buffer = device.Rent(x.Length), sum = device.Rent(x.Length);
            device.Write(x, buffer.View);
            device.Fill(sum.View, 1);
            device.Accumulate(buffer.View, sum.View);
            double squares = device.SumOfSquares(buffer.View);
            Assert.Equal(expected, squares, 1e-9 * expected);
            using CpuDevice alone = new(1);
            DeviceBuffer copy = alone.Rent(x.Length);
            alone.Write(x, copy.View);
            Assert.Equal(alone.SumOfSquares(copy.View), squares);
            Assert.Equal(x[^1] + 1, CpuDevice.Span(sum.View)[^1]);
        }
    }

    [Fact]
    public void Sum_of_squares_does_not_overflow_a_float()
    {
        using CpuDevice device = new(1);
        DeviceBuffer buffer = device.Rent(2);
        device.Write([1e30f, 1e30f], buffer.View);
        Assert.Equal(2e60, device.SumOfSquares(buffer.View), 1e54);
    }

    [Fact]
    public void Dropout_names_wrong_lengths_overlap_and_geometry()
    {
        Dropout.Args args = new(new Shape(1, 1, 2, 2), 0.5f, 1);
        float[] memory = new float[5];
        Assert.Contains("Dropout.Forward: x has 3", Assert.Throws<ShapeException>(() =>
            Dropout.Forward(args, new float[3], new float[4])).Message);
        Assert.Throws<ShapeException>(() => Dropout.Forward(args, new float[4], memory));
        Assert.Throws<ShapeException>(() => Dropout.Forward(args, memory.AsSpan(0, 4), memory.AsSpan(1, 4)));
        Assert.Throws<ShapeException>(() => new Dropout.Args(new Shape(1, 1, 2, 2), 1f, 1));
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void Dropout_keeps_its_share_and_throws_the_same_coins_again(float rate)
    {
        Dropout.Args args = new(new Shape(1, 1, 400, 500), rate, 42);
        float[] ones = new float[args.X.Length], y = new float[ones.Length], dx = new float[ones.Length];
        Array.Fill(ones, 1f);
        using WorkPool pool = new(3);
        Dropout.Forward(args, ones, y);
        Dropout.Forward(args, ones, dx, pool);
        Assert.Equal(y, dx);
        double share = y.Count(v => v != 0) / (double)y.Length, deviation = Math.Sqrt(rate * (1 - rate) / y.Length);
        Assert.Equal(1 - rate, share, 5 * deviation);
        Assert.All(y, v => Assert.True(v == 0 || Math.Abs(v - 1 / (1 - rate)) < 2e-6));
    }

    [Fact]
    public void Neighbouring_seeds_throw_unrelated_coins()
    {
        float[] ones = new float[10_000], a = new float[ones.Length], b = new float[ones.Length];
        Array.Fill(ones, 1f);
        Dropout.Forward(new Dropout.Args(Shape.Vector(ones.Length), 0.5f, 7), ones, a);
        Dropout.Forward(new Dropout.Args(Shape.Vector(ones.Length), 0.5f, 8), ones, b);
        for (int shift = -2; shift <= 2; shift++)
        {
            int agree = Enumerable.Range(2, 9_996).Count(i => a[i] == b[i + shift]);
            Assert.InRange(agree, 4_700, 5_300);
        }
    }

    [Fact]
    public void Drop_connect_drops_whole_images_even_if_they_are_not_finite()
    {
        Dropout.Args args = new(new Shape(64, 2, 3, 5), 0.5f, 3, wholeImages: true);
        float[] x = new float[args.X.Length], y = new float[x.Length];
        Array.Fill(x, float.NaN);
        Dropout.Forward(args, x, y);
        int dropped = 0;
        for (int n = 0; n < 64; n++)
        {
            float[] image = y[(n * 30)..(n * 30 + 30)];
            Assert.True(image.All(v => v == 0) || image.All(float.IsNaN));
            dropped += image[0] == 0 ? 1 : 0;
        }

        Assert.InRange(dropped, 15, 49);
    }
}
