using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class BatchNormTests
{
    private static readonly BatchNorm.Args Small = new(new Shape(2, 3, 2, 2));

    [Fact]
    public void Wrong_lengths_are_named()
    {
        float[] x = new float[24], y = new float[24], c = new float[3];
        Assert.Equal("BatchNorm.ForwardTrain: gamma has 2 elements, expected 3 for shape [3].",
            Assert.Throws<ShapeException>(() =>
                BatchNorm.ForwardTrain(Small, x, new float[2], c, y, new float[3], new float[3], c, c)).Message);
        Assert.Contains("BatchNorm.ForwardEval: y has 25", Assert.Throws<ShapeException>(() =>
            BatchNorm.ForwardEval(Small, x, c, c, c, c, new float[25])).Message);
        Assert.Contains("BatchNorm.BackwardTrain: dbeta has 4", Assert.Throws<ShapeException>(() =>
            BatchNorm.BackwardTrain(Small, x, x, c, c, c, c, y, c, new float[4])).Message);
        Assert.Contains("BatchNorm.BackwardEval: dy has 23", Assert.Throws<ShapeException>(() =>
            BatchNorm.BackwardEval(Small, new float[23], x, c, c, c, c, y, c, c)).Message);
    }

    [Fact]
    public void Overlap_and_bad_geometry_are_errors()
    {
        float[] x = new float[24], c = new float[3];
        Assert.Contains("y overlaps x", Assert.Throws<ShapeException>(() =>
            BatchNorm.ForwardTrain(Small, x, c, c, x, new float[3], new float[3], c, c)).Message);
        Assert.Throws<ShapeException>(() => BatchNorm.ForwardEval(Small, x, c, c, c, c, x));
        Assert.Contains("dx overlaps dy", Assert.Throws<ShapeException>(() =>
            BatchNorm.BackwardTrain(Small, x, new float[24], c, c, c, c, x, [], [])).Message);
        Assert.Throws<ShapeException>(() => BatchNorm.BackwardEval(Small, new float[24], x, c, c, c, c, x, [], []));
        Assert.Throws<ShapeException>(() => new BatchNorm.Args(new Shape(1, 3, 2, 2), epsilon: 0));
        Assert.Throws<ShapeException>(() => new BatchNorm.Args(new Shape(1, 3, 2, 2), momentum: 1.5f));
    }

    [Fact]
    public void Four_values_by_hand()
    {
        BatchNorm.Args args = new(new Shape(2, 1, 1, 2), epsilon: 0.75f, momentum: 0.5f);
        float[] y = new float[4], mean = [0], inverse = [0], runningMean = [8], runningVariance = [1];
        BatchNorm.ForwardTrain(args, [1, 2, 3, 4], [4], [1], y, mean, inverse, runningMean, runningVariance);
        Assert.Equal((2.5f, 5.25f), (mean[0], runningMean[0]));
        Assert.Equal((1 + 5.0 / 3) / 2, runningVariance[0], 1e-7);
        Assert.Equal(1 / MathF.Sqrt(2), inverse[0]);
        Assert.Equal(1 - 6 / MathF.Sqrt(2), y[0], 1e-6f);
        Assert.Equal(1 + 2 / MathF.Sqrt(2), y[2], 1e-6f);
    }

    [Fact]
    public void One_value_has_no_unbiased_variance()
    {
        float[] y = [0], mean = [0], inverse = [0], runningMean = [0], runningVariance = [1];
        BatchNorm.ForwardTrain(new BatchNorm.Args(new Shape(1, 1, 1, 1)), [7], [2], [3], y, mean, inverse, runningMean,
            runningVariance);
        Assert.Equal((3f, 7f, 0.9f), (y[0], mean[0], runningVariance[0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-30000)]
    public void Statistics_are_exact_far_from_zero(float centre)
    {
        BatchNorm.Args args = new(new Shape(5, 2, 71, 73));
        float[] x = Fill.Uniform(3, args.X.Length, centre - 1, centre + 1), y = new float[x.Length];
        float[] gamma = [1, 2], beta = [0, 1], mean = new float[2], inverse = new float[2];
        float[] runningMean = new float[2], runningVariance = new float[2];
        BatchNorm.ForwardTrain(args, x, gamma, beta, y, mean, inverse, runningMean, runningVariance);
        double[] xs = Array.ConvertAll(x, v => (double)v), ys = new double[x.Length], means = new double[2];
        double[] inverses = new double[2], rm = new double[2], rv = new double[2];
        BatchNorm.ForwardTrainReference<double>(args, xs, [1, 2], [0, 1], ys, means, inverses, rm, rv);
        for (int c = 0; c < 2; c++)
        {
            Assert.Equal(means[c], mean[c], 1e-7 * (1 + Math.Abs(means[c])));
            Assert.Equal(inverses[c], inverse[c], 2e-7 * inverses[c]);
            Assert.Equal(rv[c], runningVariance[c], 3e-7 * rv[c]);
        }

        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(ys[i], y[i], 2e-6);
        }
    }

    [Fact]
    public void Gradients_that_are_not_needed_may_be_empty_and_leave_the_others_alone()
    {
        BatchNorm.Args args = new(new Shape(3, 5, 7, 9), ActivationKind.Swish);
        float[] dy = Fill.Uniform(1, args.X.Length), x = Fill.Uniform(2, args.X.Length), gamma = Fill.Uniform(3, 5);
        float[] beta = Fill.Uniform(4, 5), mean = Fill.Uniform(5, 5), spread = Fill.Uniform(6, 5, 0.5f, 1.5f);
        float[] dx = new float[x.Length], dgamma = new float[5], dbeta = new float[5];
        float[] dx2 = new float[x.Length], dgamma2 = new float[5], dbeta2 = new float[5];
        BatchNorm.BackwardTrain(args, dy, x, gamma, beta, mean, spread, dx, dgamma, dbeta);
        BatchNorm.BackwardTrain(args, dy, x, gamma, beta, mean, spread, dx2, [], []);
        BatchNorm.BackwardTrain(args, dy, x, gamma, beta, mean, spread, [], dgamma2, dbeta2);
        Assert.Equal((dx, dgamma, dbeta), (dx2, dgamma2, dbeta2), Same);
        BatchNorm.BackwardEval(args, dy, x, gamma, beta, mean, spread, dx, dgamma, dbeta);
        BatchNorm.BackwardEval(args, dy, x, gamma, beta, mean, spread, dx2, [], dbeta2);
        BatchNorm.BackwardEval(args, dy, x, gamma, beta, mean, spread, [], dgamma2, []);
        Assert.Equal((dx, dgamma, dbeta), (dx2, dgamma2, dbeta2), Same);
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        BatchNorm.Args args = new(new Shape(4, 37, 9, 11), ActivationKind.HardSwish);
        float[] x = Fill.Uniform(1, args.X.Length), gamma = Fill.Uniform(2, 37), beta = Fill.Uniform(3, 37);
        float[][] results = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using WorkPool pool = new(threads);
            float[] y = new float[x.Length], mean = new float[37], inverse = new float[37], rm = new float[37];
            float[] rv = new float[37], dx = new float[x.Length], dgamma = new float[37], dbeta = new float[37];
            BatchNorm.ForwardTrain(args, x, gamma, beta, y, mean, inverse, rm, rv, pool);
            BatchNorm.BackwardTrain(args, y, x, gamma, beta, mean, inverse, dx, dgamma, dbeta, pool);
            return (float[])[.. y, .. mean, .. inverse, .. rm, .. rv, .. dx, .. dgamma, .. dbeta];
        })];
        Assert.Equal(results[0], results[1]);
        Assert.Equal(results[0], results[2]);
    }

    [Fact]
    public void Gradient_is_the_central_difference_of_the_reference()
    {
        BatchNorm.Args args = new(new Shape(2, 2, 2, 3), ActivationKind.Swish);
        double[] x = Array.ConvertAll(Fill.Uniform(7, 24), v => (double)v), dy = Array.ConvertAll(Fill.Uniform(8, 24),
            v => (double)v);
        double[] gamma = [1.5, -0.5], beta = [0.2, 0.1], mean = new double[2], inverse = new double[2];
        double Loss(double[] at)
        {
            double[] y = new double[24];
            BatchNorm.ForwardTrainReference<double>(args, at, gamma, beta, y, mean, inverse, new double[2],
                new double[2]);
            return y.Zip(dy, (a, b) => a * b).Sum();
        }

        Loss(x);
        double[] dx = new double[24];
        BatchNorm.BackwardTrainReference<double>(args, dy, x, gamma, beta, (double[])mean.Clone(),
            (double[])inverse.Clone(), dx, [], []);
        for (int i = 0; i < 24; i++)
        {
            double[] up = (double[])x.Clone(), down = (double[])x.Clone();
            up[i] += 1e-5;
            down[i] -= 1e-5;
            Assert.Equal((Loss(up) - Loss(down)) / 2e-5, dx[i], 1e-7);
        }
    }

    [Fact]
    public void Epsilon_means_its_decimal_text()
    {
        Assert.Equal(1e-5, Decimals.Of(1e-5f));
        Assert.Equal(0.1, Decimals.Of(0.1f));
        Assert.Equal(1.0 / 3, Decimals.Of(1f / 3), 1e-7);
        double[] y = [0];
        BatchNorm.ForwardEvalReference<double>(new BatchNorm.Args(new Shape(1, 1, 1, 1)), [1], [1], [0], [0], [0], y);
        Assert.Equal(1 / Math.Sqrt(1e-5), y[0], 1e-9);
    }

    private static bool Same((float[], float[], float[]) a, (float[], float[], float[]) b) =>
        a.Item1.AsSpan().SequenceEqual(b.Item1) && a.Item2.AsSpan().SequenceEqual(b.Item2)
        && a.Item3.AsSpan().SequenceEqual(b.Item3);
}
