using MuxKernels.Testing;
using System.Runtime.Intrinsics;
using Xunit;

namespace MuxKernels.Tests;

public class ActivationTests
{
    private static readonly Activation.Args Small = new(new Shape(1, 2, 3, 5), ActivationKind.Swish);

    [Fact]
    public void Short_and_long_spans_are_named()
    {
        float[] x = new float[30], y = new float[30];
        Assert.Equal("Activation.Forward: y has 29 elements, expected 30 for shape [1, 2, 3, 5].",
            Assert.Throws<ShapeException>(() => Activation.Forward(Small, x, new float[29])).Message);
        Assert.Contains("x has 31 elements, expected 30", Assert.Throws<ShapeException>(() =>
            Activation.Forward(Small, new float[31], y)).Message);
        Assert.Contains("dy has 29 elements", Assert.Throws<ShapeException>(() =>
            Activation.Backward(Small, new float[29], x, y)).Message);
        Assert.Contains("dx has 31 elements", Assert.Throws<ShapeException>(() =>
            Activation.Backward(Small, x, x, new float[31])).Message);
    }

    [Fact]
    public void Shifted_memory_and_unknown_kinds_are_errors()
    {
        float[] memory = new float[31];
        Assert.Contains("y overlaps x", Assert.Throws<ShapeException>(() =>
            Activation.Forward(Small, memory.AsSpan(0, 30), memory.AsSpan(1, 30))).Message);
        Assert.Contains("dx overlaps dy", Assert.Throws<ShapeException>(() =>
            Activation.Backward(Small, memory.AsSpan(0, 30), new float[30], memory.AsSpan(1, 30))).Message);
        Assert.Throws<ShapeException>(() => new Activation.Args(new Shape(1, 1, 1, 1), (ActivationKind)99));
        Assert.Throws<ShapeException>(() => new Activation.Args(new Shape(1, 0, 1, 1), ActivationKind.Relu));
    }

    [Theory]
    [InlineData(ActivationKind.None, new[] { -4f, -3f, 0f, 1f, 3f, 7f })]
    [InlineData(ActivationKind.Relu, new[] { 0f, 0f, 0f, 1f, 3f, 7f })]
    [InlineData(ActivationKind.Relu6, new[] { 0f, 0f, 0f, 1f, 3f, 6f })]
    [InlineData(ActivationKind.HardSwish, new[] { 0f, 0f, 0f, 4f / 6f, 3f, 7f })]
    [InlineData(ActivationKind.HardSigmoid, new[] { 0f, 0f, 0.5f, 4f / 6f, 1f, 1f })]
    [InlineData(ActivationKind.Sigmoid, new[] { 0.01798621f, 0.04742587f, 0.5f, 0.7310586f, 0.9525741f, 0.9990889f })]
    [InlineData(ActivationKind.Swish, new[] { -0.07194484f, -0.1422776f, 0f, 0.7310586f, 2.857722f, 6.993623f })]
    public void Values_are_those_of_the_formula(ActivationKind kind, float[] expected)
    {
        float[] y = new float[6];
        Activation.Forward(new Activation.Args(Shape.Vector(6), kind), [-4, -3, 0, 1, 3, 7], y);
        for (int i = 0; i < y.Length; i++)
        {
            Assert.Equal(expected[i], y[i], 2e-6f);
        }
    }

    [Fact]
    public void Slopes_are_central_differences_of_the_values()
    {
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            foreach (double x in new[] { -5.5, -2.4, -0.3, 0.7, 2.5, 4.4, 6.6 })
            {
                double slope = (Activation.Value(kind, x + 1e-6) - Activation.Value(kind, x - 1e-6)) / 2e-6;
                Assert.Equal(slope, Activation.Slope(kind, x), 1e-8);
            }
        }
    }

    [Fact]
    public void Sigmoid_and_swish_at_the_ends()
    {
        float[] x = [float.PositiveInfinity, float.NegativeInfinity, float.NaN, 100, -100], y = new float[5];
        Activation.Forward(new Activation.Args(Shape.Vector(5), ActivationKind.Sigmoid), x, y);
        Assert.Equal([1f, 0f, float.NaN, 1f, 0f], y);
        Activation.Forward(new Activation.Args(Shape.Vector(5), ActivationKind.Swish), x, y);
        Assert.Equal([float.PositiveInfinity, float.NaN, float.NaN, 100f, 0f], y);
        float[] dx = new float[5];
        Activation.Backward(new Activation.Args(Shape.Vector(5), ActivationKind.Swish), [1, 1, 1, 1, 1], x, dx);
        Assert.Equal([float.NaN, float.NaN, float.NaN, 1f, 0f], dx);
    }

    [Fact]
    public void In_place_and_threads_give_the_same_bits()
    {
        Activation.Args args = new(new Shape(2, 5, 61, 67), ActivationKind.Swish);
        float[] x = Fill.Uniform(1, args.X.Length, -9, 9), dy = Fill.Uniform(2, args.X.Length);
        float[] y = new float[x.Length], dx = new float[x.Length];
        float[] again = (float[])x.Clone(), back = (float[])dy.Clone();
        using WorkPool pool = new(3);
        Activation.Forward(args, x, y);
        Activation.Backward(args, dy, x, dx);
        Activation.Forward(args, again, again, pool);
        Activation.Backward(args, back, x, back, pool);
        Assert.Equal(y, again);
        Assert.Equal(dx, back);
    }

    [Fact]
    public void Exponential_is_within_its_claim_over_the_whole_range_at_every_width()
    {
        Sweep<Simd128, Vector128<float>>();
        if (Simd256.IsSupported)
        {
            Sweep<Simd256, Vector256<float>>();
        }

        if (Simd512.IsSupported)
        {
            Sweep<Simd512, Vector512<float>>();
        }
    }

    [Fact]
    public void Sigmoid_and_swish_are_within_their_claim_at_every_width()
    {
        Curves<Simd128, Vector128<float>>();
        if (Simd256.IsSupported)
        {
            Curves<Simd256, Vector256<float>>();
        }

        if (Simd512.IsSupported)
        {
            Curves<Simd512, Vector512<float>>();
        }
    }

    /// <summary>Every 499th float of both signs up to 1e6; below −87.5 sigmoid may vanish.</summary>
    private static unsafe void Curves<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* x = stackalloc float[16], y = stackalloc float[16], z = stackalloc float[16];
        double worst = 0, vanishing = 0;
        int last = BitConverter.SingleToInt32Bits(1e6f);
        for (int sign = -1; sign <= 1; sign += 2)
        {
            for (int bits = 1; bits < last; bits += 499 * TSimd.Lanes)
            {
                for (int i = 0; i < TSimd.Lanes; i++)
                {
                    x[i] = sign * BitConverter.Int32BitsToSingle(Math.Min(last, bits + 499 * i));
                }

                TSimd.Store(Exp.Sigmoid<TSimd, TVector>(TSimd.Load(x)), y);
                TSimd.Store(Exp.Swish<TSimd, TVector>(TSimd.Load(x)), z);
                for (int i = 0; i < TSimd.Lanes; i++)
                {
                    double sigmoid = 1 / (1 + Math.Exp(-(double)x[i])), swish = x[i] * sigmoid;
                    if (x[i] < -87.5)
                    {
                        vanishing = Math.Max(vanishing, Math.Max(Math.Abs(y[i] - sigmoid), Math.Abs(z[i] - swish)));
                        continue;
                    }

                    // Below the normal numbers only the last place of a subnormal counts.
                    double slack = Math.Abs(swish) < 1.2e-38 ? 1.5e-45 : 0;
                    worst = Math.Max(worst, Math.Abs(y[i] - sigmoid) / sigmoid);
                    worst = Math.Max(worst, (Math.Abs(z[i] - swish) - slack) / Math.Abs(swish));
                }
            }
        }

        Assert.InRange(worst, 0, 2.7e-7);
        Assert.InRange(vanishing, 0, 1e-36);
    }

    /// <summary>Every 499th float from −103 to 88.7, and the ends.</summary>
    private static unsafe void Sweep<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* x = stackalloc float[16], y = stackalloc float[16];
        double worst = 0;
        foreach ((float sign, float end) in new[] { (1f, 88.72f), (-1f, 103.9f) })
        {
            int last = BitConverter.SingleToInt32Bits(end);
            for (int bits = 0; bits < last; bits += 499 * TSimd.Lanes)
            {
                for (int i = 0; i < TSimd.Lanes; i++)
                {
                    x[i] = sign * BitConverter.Int32BitsToSingle(Math.Min(last, bits + 499 * i));
                }

                TSimd.Store(Exp.Of<TSimd, TVector>(TSimd.Load(x)), y);
                for (int i = 0; i < TSimd.Lanes; i++)
                {
                    // Below the normal numbers only the last place of a subnormal counts.
                    double expected = Math.Exp(x[i]), slack = expected < 1.2e-38 ? 1.5e-45 : 0;
                    worst = Math.Max(worst, (Math.Abs(y[i] - expected) - slack) / expected);
                }
            }
        }

        Assert.InRange(worst, 0, 1.1e-7);
        float[] ends = [float.PositiveInfinity, float.NegativeInfinity, float.NaN, 89, -120, 0];
        float[] values = [float.PositiveInfinity, 0, float.NaN, float.PositiveInfinity, 0, 1];
        for (int e = 0; e < ends.Length; e++)
        {
            TSimd.Store(Exp.Of<TSimd, TVector>(TSimd.Set(ends[e])), y);
            Assert.Equal(values[e], y[0]);
        }
    }
}
