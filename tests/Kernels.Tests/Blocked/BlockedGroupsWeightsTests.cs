using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>Weight gradients of depthwise, group-wise and mixed windows on blocked maps against the references of their
/// families.</summary>
public class BlockedGroupsWeightsTests
{
    private static readonly int[] Widths = [4, 8, 16];

    private delegate void Reference(ReadOnlySpan<double> dy, ReadOnlySpan<double> x, Span<double> dw);

    [Fact]
    public void Depthwise_agrees() =>
        Prop.ForAll(Cases.For<DepthwiseConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Groups_agree() =>
        Prop.ForAll(Cases.For<GroupConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Mixed_kernels_agree() =>
        Prop.ForAll(Cases.For<MixedConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    /// <summary>Every kernel size, also even ones, on maps down to one pixel.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(13)]
    public void Kernels_agree(int kernel)
    {
        foreach ((int height, int width) in new[] { (14, 13), (8, 8), (5, 4), (2, 2), (1, 3) })
        {
            for (int stride = 1; stride <= 3; stride++)
            {
                Padding padding = kernel % 2 == 0 ? Padding.Of(kernel / 2) : default;
                Agrees(Of(new DepthwiseConv.Args(new Shape(2, 19, height, width), kernel, stride, 1, padding)));
            }

            if (kernel % 2 != 0)
            {
                Agrees(Of(new DepthwiseConv.Args(new Shape(1, 5, height, width), kernel, 1, 2)));
                Agrees(Of(new MixedConv.Args(new Shape(1, 45, height, width), [3, kernel, 7], 1, 2)));
            }
        }
    }

    /// <summary>Groups of up to four channels, of one kernel size and of several; a rest of pairs in one
    /// block.</summary>
    [Theory]
    [InlineData(1, 18, 14, 1)]
    [InlineData(2, 20, 14, 1)]
    [InlineData(2, 9, 7, 2)]
    [InlineData(2, 24, 28, 1)]
    [InlineData(3, 17, 6, 1)]
    [InlineData(4, 5, 15, 1)]
    public void Groups_of_some_channels_agree(int g, int groups, int size, int dilation)
    {
        Shape x = new(1, g * groups, size, size);
        Agrees(Of(new GroupConv.Args(x, x.C, 3, groups, 1, dilation)));
        Agrees(Of(new GroupConv.Args(x, x.C, 5, groups, 1, dilation)));
        Agrees(Of(new GroupConv.Args(x, x.C, 3, groups, 2, dilation)));
        Agrees(Of(new MixedConv.Args(x with { C = 3 * x.C }, [3, 7, 5], g, 2, dilation)));
    }

    /// <summary>Wide maps, which are taken through the kernel rows in bands.</summary>
    [Fact]
    public void Bands_agree()
    {
        Agrees(Of(new DepthwiseConv.Args(new Shape(1, 5, 31, 67), 7)));
        Agrees(Of(new GroupConv.Args(new Shape(1, 34, 30, 40), 34, 5, 17)));
    }

    [Fact]
    public void A_convolution_without_a_window_has_no_gradient()
    {
        Assert.NotNull(BlockedWindows.WeightGradientOf(new DepthwiseConv.Args(new Shape(1, 9, 8, 8), 3), 4));
        Assert.Null(BlockedWindows.WeightGradientOf(new GroupConv.Args(new Shape(1, 24, 9, 9), 24, 5, 4), 4));
        Assert.Null(BlockedWindows.WeightGradientOf(new DepthwiseConv.Args(new Shape(1, 9, 8, 8), 3, 2, 1,
            Padding.Same), 4));
    }

    private static void Agrees(Case c)
    {
        float[] x = Fill.Uniform(1, c.X.Length), dy = Fill.Uniform(2, c.Y.Length), dw = Fill.Uniform(3, c.Weights);
        double[] expected = Double(c, dy, x, dw), magnitudes = Double(c, dy, x, dw, absolute: true);
        double[] bounds = Array.ConvertAll(magnitudes, m => ErrorBound.Sum(WindowWork.GradientDepth(c.Y), m));
        int[] cuts = [.. Enumerable.Range(1, c.Y.H - 1).Where(row => Fill.Mix((ulong)(row + c.Weights)) % 3 == 0)];
        foreach (int lanes in Widths)
        {
            if (c.Window(lanes) is not { } window)
            {
                continue;
            }

            BlockedWindowGradient gradient = c.Gradient(lanes)!;
            using BlockedWeightsRun run = new(window, gradient, c.X, c.Y, x, dy);
            float[] whole = run.Rows(dw);
            Check.Close(expected, whole, bounds, $"{c.Name} lanes {lanes}");
            Check.SameBits(whole, run.Rows(dw), $"{c.Name} again");
            Check.Close(expected, run.Rows(dw, cuts), bounds, $"{c.Name} lanes {lanes} in ranges of rows");
        }
    }

    private static double[] Double(Case c, float[] dy, float[] x, float[] dw, bool absolute = false)
    {
        double[] Values(float[] v) => Array.ConvertAll(v, a => absolute ? Math.Abs((double)a) : a);
        double[] sums = Values(dw);
        c.Reference(Values(dy), Values(x), sums);
        return sums;
    }

    private static Case Of(DepthwiseConv.Args args) => new($"depthwise {args}", args.X, args.Y,
        (int)args.Weight.Length, lanes => BlockedWindows.Of(args, lanes),
        lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (dy, x, dw) => DepthwiseConv.BackwardWeightReference(args, dy, x, dw));

    private static Case Of(GroupConv.Args args) => new($"group {args}", args.X, args.Y, (int)args.Weight.Length,
        lanes => BlockedWindows.Of(args, lanes), lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (dy, x, dw) => GroupConv.BackwardWeightReference(args, dy, x, dw));

    private static Case Of(MixedConv.Args args) => new($"mixed {args}", args.X, args.Y, args.WeightLength,
        lanes => BlockedWindows.Of(args, lanes), lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (dy, x, dw) => MixedConv.BackwardWeightReference(args, dy, x, dw));

    private sealed record Case(string Name, Shape X, Shape Y, int Weights, Func<int, BlockedWindow?> Window,
        Func<int, BlockedWindowGradient?> Gradient, Reference Reference);
}
