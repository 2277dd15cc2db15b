using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class PoolAndLossTests
{
    [Fact]
    public void Pool_names_wrong_lengths_overlap_and_geometry()
    {
        GlobalAveragePool.Args args = new(new Shape(1, 2, 2, 2));
        float[] x = new float[8], y = new float[2];
        Assert.Equal("GlobalAveragePool.Forward: y has 3 elements, expected 2 for shape [1, 2].",
            Assert.Throws<ShapeException>(() => GlobalAveragePool.Forward(args, x, new float[3])).Message);
        Assert.Throws<ShapeException>(() => GlobalAveragePool.Forward(args, new float[7], y));
        Assert.Throws<ShapeException>(() => GlobalAveragePool.Forward(args, x, x.AsSpan(0, 2)));
        Assert.Throws<ShapeException>(() => GlobalAveragePool.Backward(args, y, new float[9]));
        Assert.Throws<ShapeException>(() => GlobalAveragePool.Backward(args, new float[1], x));
        Assert.Throws<ShapeException>(() => GlobalAveragePool.Backward(args, x.AsSpan(0, 2), x));
        Assert.Throws<ShapeException>(() => new GlobalAveragePool.Args(new Shape(1, 2, 0, 2)));
    }

    [Fact]
    public void Pool_of_small_integers_is_exact()
    {
        float[] y = new float[2], dx = new float[6];
        GlobalAveragePool.Args args = new(new Shape(1, 2, 1, 3));
        GlobalAveragePool.Forward(args, [1, 2, 3, -3, -6, 0], y);
        GlobalAveragePool.Backward(args, [3, 6], dx);
        Assert.Equal([2f, -3f], y);
        Assert.Equal([1f, 1f, 1f, 2f, 2f, 2f], dx);
    }

    [Fact]
    public void Pool_has_the_same_bits_for_any_thread_count()
    {
        GlobalAveragePool.Args args = new(new Shape(3, 19, 83, 97));
        float[] x = Fill.Uniform(1, args.X.Length), y = new float[57], other = new float[57];
        using WorkPool pool = new(3);
        GlobalAveragePool.Forward(args, x, y);
        GlobalAveragePool.Forward(args, x, other, pool);
        Assert.Equal(y, other);
    }

    [Fact]
    public void Loss_names_wrong_lengths_overlap_and_geometry()
    {
        SoftmaxCrossEntropy.Args args = new(2, 3);
        float[] x = new float[6], labels = [0, 2], y = new float[1], p = new float[6];
        Assert.Equal("SoftmaxCrossEntropy.Forward: labels has 1 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Forward(args, x, new float[1], y, p)).Message);
        Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Forward(args, x, labels, new float[2], p));
        Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Forward(args, x, labels, y, x));
        Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Backward(args, y, p, labels, new float[7]));
        Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Backward(args, [], p, labels, x));
        Assert.Throws<ShapeException>(() => SoftmaxCrossEntropy.Backward(args, p.AsSpan(1, 1), x, labels, p));
        Assert.Throws<ShapeException>(() => new SoftmaxCrossEntropy.Args(2, 3, 1f));
        Assert.Throws<ShapeException>(() => new SoftmaxCrossEntropy.Args(2, 0));
    }

    [Theory]
    [InlineData(3f)]
    [InlineData(-1f)]
    [InlineData(0.5f)]
    [InlineData(float.NaN)]
    public void A_label_that_is_no_class_is_an_error(float label)
    {
        SoftmaxCrossEntropy.Args args = new(2, 3);
        Assert.Equal($"SoftmaxCrossEntropy.Forward: labels[1] is {label}, expected a class index 0 … 2.",
            Assert.Throws<ShapeException>(() =>
                SoftmaxCrossEntropy.Forward(args, new float[6], [0, label], new float[1], new float[6])).Message);
        Assert.Throws<ShapeException>(() =>
            SoftmaxCrossEntropy.Backward(args, [1], new float[6], [0, label], new float[6]));
    }

    [Fact]
    public void Loss_of_huge_logits_is_finite_and_right()
    {
        SoftmaxCrossEntropy.Args args = new(2, 3);
        float[] y = new float[1], p = new float[6], dx = new float[6];
        SoftmaxCrossEntropy.Forward(args, [1e4f, -1e4f, 0, -1e4f, 1e4f, 1e4f], [0, 0], y, p);
        Assert.Equal([1f, 0f, 0f, 0f, 0.5f, 0.5f], p);
        Assert.Equal((2e4 + Math.Log(2)) / 2, y[0], 1e-3);
        SoftmaxCrossEntropy.Backward(args, [1], p, [0, 0], dx);
        Assert.Equal([0f, 0f, 0f, -0.5f, 0.25f, 0.25f], dx);
    }

    [Fact]
    public void Smoothed_loss_by_hand()
    {
        SoftmaxCrossEntropy.Args args = new(1, 2, 0.2f);
        float[] y = new float[1], p = new float[2], dx = new float[2];
        SoftmaxCrossEntropy.Forward(args, [MathF.Log(3), 0], [0], y, p);
        Assert.Equal(-0.9 * Math.Log(0.75) - 0.1 * Math.Log(0.25), y[0], 1e-6);
        SoftmaxCrossEntropy.Backward(args, [2], [0.75f, 0.25f], [0], dx);
        Assert.Equal(2 * (0.75 - 0.9), dx[0], 1e-7);
        Assert.Equal(2 * (0.25 - 0.1), dx[1], 1e-7);
    }

    [Fact]
    public void Loss_has_the_same_bits_for_any_thread_count()
    {
        SoftmaxCrossEntropy.Args args = new(300, 11, 0.1f);
        float[] x = Fill.Uniform(1, args.X.Length, -5, 5), labels = new float[300], y = new float[1], z = new float[1];
        float[] p = new float[x.Length], q = new float[x.Length];
        Fill.Classes(2, labels, 11);
        using WorkPool pool = new(3);
        SoftmaxCrossEntropy.Forward(args, x, labels, y, p);
        SoftmaxCrossEntropy.Forward(args, x, labels, z, q, pool);
        Assert.Equal(y, z);
        Assert.Equal(p, q);
    }
}
