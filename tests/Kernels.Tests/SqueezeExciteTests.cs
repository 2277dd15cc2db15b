using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class SqueezeExciteTests
{
    private static readonly SqueezeExcite.Args Small = new(new Shape(1, 2, 1, 2), 1, ActivationKind.Relu,
        ActivationKind.HardSigmoid);

    [Fact]
    public void Wrong_lengths_overlap_and_geometry_are_named()
    {
        float[] x = new float[4], w = new float[2], b1 = new float[1], b2 = new float[2], saved = new float[6];
        Assert.Equal("SqueezeExcite.Forward: w2 has 3 elements, expected 2 for shape [2, 1, 1, 1].",
            Assert.Throws<ShapeException>(() =>
                SqueezeExcite.Forward(Small, x, w, b1, new float[3], b2, new float[4], saved)).Message);
        Assert.Contains("saved has 5", Assert.Throws<ShapeException>(() =>
            SqueezeExcite.Forward(Small, x, w, b1, w, b2, new float[4], new float[5])).Message);
        Assert.Contains("y overlaps x", Assert.Throws<ShapeException>(() =>
            SqueezeExcite.Forward(Small, x, w, b1, w, b2, x, saved)).Message);
        float[] scratch = new float[Small.ScratchLength];
        Assert.Contains("SqueezeExcite.Backward: dw1 has 1", Assert.Throws<ShapeException>(() =>
            SqueezeExcite.Backward(Small, x, x, w, w, saved, new float[4], new float[1], b1, w, b2, scratch)).Message);
        Assert.Contains("dx overlaps dy", Assert.Throws<ShapeException>(() =>
            SqueezeExcite.Backward(Small, x, new float[4], w, w, saved, x, [], [], [], [], scratch)).Message);
        Assert.Contains("scratch has 6 elements, expected at least 7", Assert.Throws<ShapeException>(() =>
            SqueezeExcite.Backward(Small, x, x, w, w, saved, new float[4], [], [], [], [], scratch.AsSpan(1))).Message);
        Assert.Contains("gate", Assert.Throws<ShapeException>(() => new SqueezeExcite.Args(new Shape(1, 2, 1, 2), 1,
            ActivationKind.Relu, ActivationKind.Relu)).Message);
    }

    [Fact]
    public void Two_channels_by_hand()
    {
        float[] y = new float[4], saved = new float[6];
        SqueezeExcite.Forward(Small, [1, 3, 2, 2], [1, -1], [1], [3, -9], [0, 0], y, saved);
        Assert.Equal([2f, 2f, 1f, 1f, 3f, -9f], saved);
        Assert.Equal([1f, 3f, 0f, 0f], y);
    }

    [Fact]
    public void Few_images_and_many_give_the_same_bits_for_any_thread_count()
    {
        Shape one = new(1, 37, 9, 11), five = one with { N = 5 };
        SqueezeExcite.Args many = new(five, 9, ActivationKind.Swish), single = new(one, 9, ActivationKind.Swish);
        float[] x = Fill.Uniform(1, five.Length), dy = Fill.Uniform(2, five.Length), w1 = Fill.Uniform(3, 333);
        float[] b1 = Fill.Uniform(4, 9), w2 = Fill.Uniform(5, 333), b2 = Fill.Uniform(6, 37);
        float[] y = new float[x.Length], saved = new float[many.Saved.Length], dx = new float[x.Length];
        float[] scratch = new float[many.ScratchLength];
        using WorkPool pool = new(3);
        SqueezeExcite.Forward(many, x, w1, b1, w2, b2, y, saved, pool);
        SqueezeExcite.Backward(many, dy, x, w1, w2, saved, dx, [], [], [], [], scratch, pool);
        int image = (int)one.Length, kept = (int)single.Saved.Length;
        float[] y1 = new float[image], saved1 = new float[kept], dx1 = new float[image];
        for (int n = 0; n < 5; n++)
        {
            Range at = (n * image)..((n + 1) * image);
            SqueezeExcite.Forward(single, x.AsSpan(at), w1, b1, w2, b2, y1, saved1, n % 2 == 0 ? null : pool);
            SqueezeExcite.Backward(single, dy.AsSpan(at), x.AsSpan(at), w1, w2, saved1, dx1, [], [], [], [], scratch,
                n % 2 == 0 ? null : pool);
            Assert.Equal(y[at], y1);
            Assert.Equal(saved[(n * kept)..((n + 1) * kept)], saved1);
            Assert.Equal(dx[at], dx1);
        }
    }

    [Fact]
    public void Gradients_are_central_differences_of_the_reference()
    {
        SqueezeExcite.Args args = new(new Shape(2, 3, 2, 2), 2, ActivationKind.Swish);
        double[][] o = [.. new[] { 24, 6, 2, 6, 3 }.Select((length, i) =>
            Array.ConvertAll(Fill.Uniform((ulong)i + 1, length), v => (double)v))];
        double[] dy = Array.ConvertAll(Fill.Uniform(9, 24), v => (double)v), saved = new double[args.Saved.Length];
        double Loss()
        {
            double[] y = new double[24];
            SqueezeExcite.ForwardReference<double>(args, o[0], o[1], o[2], o[3], o[4], y, saved);
            return y.Zip(dy, (a, b) => a * b).Sum();
        }

        Loss();
        double[][] d = [.. o.Select(a => new double[a.Length])];
        SqueezeExcite.BackwardReference<double>(args, dy, o[0], o[1], o[3], saved, d[0], d[1], d[2], d[3], d[4]);
        for (int i = 0; i < o.Length; i++)
        {
            for (int e = 0; e < o[i].Length; e++)
            {
                double keep = o[i][e];
                o[i][e] = keep + 1e-5;
                double up = Loss();
                o[i][e] = keep - 1e-5;
                double down = Loss();
                o[i][e] = keep;
                Assert.Equal((up - down) / 2e-5, d[i][e], 1e-8);
            }
        }
    }
}
