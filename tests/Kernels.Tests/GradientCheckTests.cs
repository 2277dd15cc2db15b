using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class GradientCheckTests
{
    [Fact]
    public void Central_differences_of_a_polynomial_are_its_derivative() =>
        GradientCheck.Agrees(x => x[0] * x[0] * x[1] + 3 * x[1], [2.0, 5.0], [20.0, 7.0]);

    [Fact]
    public void A_wrong_derivative_is_named()
    {
        CheckFailedException failure = Assert.Throws<CheckFailedException>(() =>
            GradientCheck.Agrees(x => x[0] * x[0] * x[1] + 3 * x[1], [2.0, 5.0], [20.0, 4.0]));
        Assert.Contains("element 1 is 4, central differences give 7", failure.Message);
    }

    [Fact]
    public void Gradients_of_convolutions_are_their_central_differences()
    {
        foreach (DepthwiseConv.Args args in Cases.Space<DepthwiseConv.Args>().Sample(30)
            .Where(a => a.X.Length < 200 && a.Weight.Length < 200))
        {
            double[] x = Doubles(1, args.X), w = Doubles(2, args.Weight), dy = Doubles(3, args.Y);
            double[] dx = new double[x.Length], dw = new double[w.Length];
            DepthwiseConv.BackwardInputReference<double>(args, dy, w, dx);
            DepthwiseConv.BackwardWeightReference<double>(args, dy, x, dw);
            GradientCheck.Agrees(at => Product(args, at, w, dy), x, dx);
            GradientCheck.Agrees(at => Product(args, x, at, dy), w, dw);
        }
    }

    private static double Product(DepthwiseConv.Args args, double[] x, double[] w, double[] dy)
    {
        double[] y = new double[dy.Length];
        DepthwiseConv.ForwardReference<double>(args, x, w, [], y);
        return y.Zip(dy, (a, b) => a * b).Sum();
    }

    private static double[] Doubles(ulong seed, Shape shape) =>
        Array.ConvertAll(Fill.Uniform(seed, shape.Length), v => (double)v);
}
