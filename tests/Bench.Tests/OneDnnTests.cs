using MuxKernels.Peers;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class OneDnnTests
{
    [OneDnnFact]
    public void A_depthwise_convolution_agrees_with_the_reference()
    {
        DepthwiseConv.Args args = new(new Shape(2, 40, 9, 7), 5, 2, 1);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] expected = new float[args.Y.Length], actual = new float[args.Y.Length];
        DepthwiseConv.ForwardReference<float>(args, x, w, [], expected);
        using OneDnnConvolution convolution = new(new PeerConvolution(args.X, 40, 5, 2, 2, 40), w);
        convolution.Write(0, x);
        convolution.Run();
        convolution.Read(actual);
        AssertClose(expected, actual);
        Assert.NotEmpty(convolution.Implementation);
    }

    [OneDnnFact]
    public void Parts_are_added_up_in_one_output()
    {
        GroupConv.Args args = new(new Shape(1, 32, 8, 8), 32, 3, 16);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] expected = new float[args.Y.Length], actual = new float[args.Y.Length];
        GroupConv.ForwardReference<float>(args, x, w, [], expected);

        // y[c] = w[c, c mod 2] * x[c] + w[c, 1 - c mod 2] * x[c ^ 1].
        float[] own = new float[32 * 9], other = new float[32 * 9], swapped = new float[x.Length];
        for (int c = 0; c < 32; c++)
        {
            w.AsSpan((c * 2 + c % 2) * 9, 9).CopyTo(own.AsSpan(c * 9));
            w.AsSpan((c * 2 + 1 - c % 2) * 9, 9).CopyTo(other.AsSpan(c * 9));
            x.AsSpan((c ^ 1) * 64, 64).CopyTo(swapped.AsSpan(c * 64));
        }

        using OneDnnConvolution convolution = new(new PeerConvolution(args.X, 32, 3, 1, 1, 32), own, other);
        convolution.Write(0, x);
        convolution.Write(1, swapped);
        convolution.Run();
        convolution.Run();
        convolution.Read(actual);
        AssertClose(expected, actual);
    }

    [OneDnnFact]
    public void Lengths_are_checked()
    {
        using OneDnnConvolution convolution = new(new PeerConvolution(new Shape(1, 3, 8, 8), 4, 1, 1, 0, 1),
            new float[12]);
        ArgumentException e = Assert.Throws<ArgumentException>(() => convolution.Write(0, new float[5]));
        Assert.Contains("x has 5 elements, expected 192", e.Message, StringComparison.Ordinal);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) < 1e-4, $"[{i}] {actual[i]}, expected {expected[i]}");
        }
    }
}
