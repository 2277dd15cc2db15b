using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>Depthwise, group-wise and mixed windows on blocked maps against the references of their families.</summary>
public class BlockedWindowTests
{
    private static readonly int[] Widths = [4, 8, 16];

    private static readonly ActivationKind[] Kinds = Enum.GetValues<ActivationKind>();

    private delegate void Reference(ReadOnlySpan<double> x, ReadOnlySpan<double> w, ReadOnlySpan<double> bias,
        Span<double> y);

    [Fact]
    public void Depthwise_agrees() =>
        Prop.ForAll(Cases.For<DepthwiseConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Groups_agree() =>
        Prop.ForAll(Cases.For<GroupConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Mixed_kernels_agree() =>
        Prop.ForAll(Cases.For<MixedConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    /// <summary>Every width of tile, one row and two, and the shapes of networks in small.</summary>
    [Theory]
    [InlineData(20, 5, 3, 1)]
    [InlineData(20, 7, 5, 1)]
    [InlineData(9, 12, 3, 1)]
    [InlineData(20, 14, 3, 1)]
    [InlineData(20, 14, 5, 1)]
    [InlineData(20, 7, 3, 1)]
    [InlineData(17, 28, 5, 1)]
    [InlineData(33, 31, 7, 1)]
    [InlineData(24, 56, 3, 2)]
    [InlineData(3, 130, 3, 1)]
    [InlineData(18, 14, 11, 2)]
    [InlineData(5, 9, 9, 3)]
    public void Shapes_agree(int channels, int size, int kernel, int stride)
    {
        Shape x = new(1, 2 * channels, size, size);
        Agrees(Of(new DepthwiseConv.Args(x with { C = channels }, kernel, stride)));
        Agrees(Of(new GroupConv.Args(x, 2 * channels, kernel, channels, stride)));
        Agrees(Of(new MixedConv.Args(x with { C = channels }, [3, kernel, 7], 1, stride)));
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

    [Fact]
    public void Depthwise_groups_and_mixed_kernels_of_usual_padding_are_covered()
    {
        Shape x = new(1, 12, 9, 9);
        foreach (int lanes in Widths.Where(lanes => lanes <= MachineProbe.VectorLanes))
        {
            Assert.NotNull(BlockedWindows.Of(new DepthwiseConv.Args(x, 3), lanes));
            Assert.NotNull(BlockedWindows.Of(new GroupConv.Args(x, 12, 5, 6), lanes));
            Assert.NotNull(BlockedWindows.Of(new MixedConv.Args(x, [3, 5, 7], 1, 2), lanes));
            Assert.Null(BlockedWindows.Of(new GroupConv.Args(x, 24, 5, 6), lanes));
            Assert.Null(BlockedWindows.Of(new DepthwiseConv.Args(new Shape(1, 9, 8, 8), 3, 2, 1, Padding.Same),
                lanes));
        }
    }

    /// <summary>Full blocks of every size: a mixed convolution loses no lane where the parts are even.</summary>
    [Fact]
    public void Lanes_without_a_channel_are_counted()
    {
        BlockedWindow window = BlockedWindows.Of(new DepthwiseConv.Args(new Shape(1, 6, 5, 4), 3), 4)!;
        Assert.Equal([0, 1, 2, 3, 4, 5, -1, -1], window.InOrder);
        Assert.Equal([4L * 9 * 20, 2L * 9 * 20], window.Pieces.Select(p => p.MultiplyAdds));
        Assert.All(window.Pieces, p => Assert.Equal(4L * 9 * 20, p.VectorMultiplyAdds));
        BlockedWindow pairs = BlockedWindows.Of(new GroupConv.Args(new Shape(1, 12, 5, 4), 12, 3, 6), 4)!;
        Assert.Equal([0, 2, 4, 6, 1, 3, 5, 7, 8, 9, 10, 11], pairs.OutOrder);
        Assert.All(pairs.Pieces, p => Assert.Equal(p.MultiplyAdds, p.VectorMultiplyAdds));
        BlockedWindow mixed = BlockedWindows.Of(new MixedConv.Args(new Shape(1, 5, 5, 4), [3, 5]), 4)!;
        Assert.Equal([3, 4, 0, 1, 2, -1, -1, -1], mixed.InOrder);
    }

    /// <summary>What is not finite in x reaches the outputs whose taps read it and no others.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Not_a_number_goes_where_the_kernel_reads_it(float value)
    {
        foreach (int stride in new[] { 1, 2 })
        {
            Spreads(Of(new DepthwiseConv.Args(new Shape(1, 5, 7, 9), 5, stride)), value);
            Spreads(Of(new GroupConv.Args(new Shape(1, 10, 7, 6), 10, 3, 5, stride)), value);
            Spreads(Of(new GroupConv.Args(new Shape(1, 36, 5, 6), 36, 3, 18, stride)), value);
        }
    }

    private static void Spreads(Case c, float value)
    {
        foreach (BlockedWindow window in Windows(c))
        {
            for (int at = 0; at < c.X.Length; at += 13)
            {
                float[] x = Fill.Uniform(1, c.X.Length), w = Fill.Uniform(2, c.Weights, 0.1f, 1f);
                x[at] = value;
                double[] expected = new double[c.Y.Length];
                c.Reference(Array.ConvertAll(x, v => (double)v), Array.ConvertAll(w, v => (double)v), [], expected);
                using BlockedRun run = new(window, c.X, c.Y, x, w, [], []);
                float[] y = run.Rows();
                for (int i = 0; i < y.Length; i++)
                {
                    Assert.True(double.IsFinite(expected[i]) == float.IsFinite(y[i]),
                        $"{c.Name} lanes {window.Lanes} x[{at}] = {value}: y[{i}] is {y[i]}, expected {expected[i]}");
                }
            }
        }
    }

    private static void Agrees(Case c)
    {
        foreach (BlockedWindow window in Windows(c))
        {
            float[] x = Fill.Uniform(1, c.X.Length), w = Fill.Uniform(2, c.Weights), bias = Fill.Uniform(3, c.Y.C);
            using BlockedRun run = new(window, c.X, c.Y, x, w, [], bias);
            float[] y = run.Rows();
            Check.Close(Double(c, x, w, bias), y, Bounds(c, x, w, bias), $"{c.Name} lanes {window.Lanes}", c.Y);
            float[] sum = Fill.Uniform(4, c.Y.Length), scale = Fill.Uniform(5, c.Y.C, 0.5f, 2f);
            int[] cuts = Cuts(c.Y.H, c.Weights);
            Check.SameBits(y, run.Rows(cuts: cuts), $"{c.Name} in pieces", c.Y);
            ActivationKind kind = Kinds[(c.Y.H + c.Y.C) % Kinds.Length];
            float[] expected = BlockedChecks.After(window.Lanes, y, kind, sum);
            Check.SameBits(expected, run.Rows(kind, sum, cuts: cuts), $"{c.Name} {kind} and residual", c.Y);
            expected = BlockedChecks.After(window.Lanes, y, kind, null);
            Check.SameBits(expected, run.Rows(kind, sums: true, cuts: cuts), $"{c.Name} {kind}", c.Y);
            AddsUp(c, run.Sums, expected);
            run.Rows(kind, sumsOnly: true, cuts: cuts);
            AddsUp(c, run.Sums, expected);
            using BlockedRun scaled = new(window, c.X, c.Y, x, w, scale, bias);
            Scale(c, w, scale);
            Check.Close(Double(c, x, w, bias), scaled.Rows(), Bounds(c, x, w, bias), $"{c.Name} with scale", c.Y);
        }
    }

    private static void AddsUp(Case c, double[] sums, float[] y)
    {
        int pixels = c.Y.H * c.Y.W;
        for (int channel = 0; channel < c.Y.C; channel++)
        {
            ReadOnlySpan<float> own = y.AsSpan(channel * pixels, pixels);
            (double sum, double magnitude) = (0, 0);
            foreach (float v in own)
            {
                (sum, magnitude) = (sum + v, magnitude + Math.Abs(v));
            }

            Assert.True(Math.Abs(sums[channel] - sum) <= ErrorBound.Sum(pixels, magnitude),
                $"{c.Name}: the sum of channel {channel} is {sums[channel]}, expected {sum}");
        }
    }

    private static int[] Cuts(int rows, int seed) =>
        [.. Enumerable.Range(1, rows - 1).Where(row => Fill.Mix((ulong)(row + seed)) % 3 == 0)];

    private static void Scale(Case c, float[] w, float[] scale)
    {
        for (int channel = 0, i = 0; channel < scale.Length; channel++)
        {
            for (int end = i + c.PerChannel(channel); i < end; i++)
            {
                w[i] *= scale[channel];
            }
        }
    }

    private static double[] Double(Case c, float[] x, float[] w, float[] bias, bool absolute = false)
    {
        double[] y = new double[c.Y.Length];
        double[] Values(float[] v) => Array.ConvertAll(v, a => absolute ? Math.Abs((double)a) : a);
        c.Reference(Values(x), Values(w), Values(bias), y);
        return y;
    }

    private static double[] Bounds(Case c, float[] x, float[] w, float[] bias) =>
        Array.ConvertAll(Double(c, x, w, bias, absolute: true), m => ErrorBound.Sum(c.Depth + 1, m));

    private static IEnumerable<BlockedWindow> Windows(Case c) => Widths.Select(c.Window).OfType<BlockedWindow>();

    private static Case Of(DepthwiseConv.Args args)
    {
        args = new DepthwiseConv.Args(args.X with { N = 1 }, args.Window.Kernel, args.Window.Stride,
            args.Window.Dilation, args.Window.Padding);
        return new Case($"depthwise {args}", args.X, args.Y, (int)args.Weight.Length, args.Window.Taps,
            channel => args.Window.Taps, lanes => BlockedWindows.Of(args, lanes),
            (x, w, b, y) => DepthwiseConv.ForwardReference(args, x, w, b, y));
    }

    private static Case Of(GroupConv.Args args)
    {
        args = new GroupConv.Args(args.X with { N = 1 }, args.Y.C, args.Window.Kernel, args.Groups, args.Window.Stride,
            args.Window.Dilation, args.Window.Padding);
        return new Case($"group {args}", args.X, args.Y, (int)args.Weight.Length, args.Window.Taps * args.InPerGroup,
            channel => args.Window.Taps * args.InPerGroup, lanes => BlockedWindows.Of(args, lanes),
            (x, w, b, y) => GroupConv.ForwardReference(args, x, w, b, y));
    }

    private static Case Of(MixedConv.Args args)
    {
        args = new MixedConv.Args(args.X with { N = 1 }, args.Kernels, args.ChannelsPerGroup, args.Stride,
            args.Dilation, args.Padding);
        int most = args.Kernels.Max();
        int PerChannel(int channel)
        {
            int part = 0;
            for (; channel >= args.Channels[part]; part++)
            {
                channel -= args.Channels[part];
            }

            return args.Kernels[part] * args.Kernels[part] * args.ChannelsPerGroup;
        }

        return new Case($"mixed {args}", args.X, args.Y, args.WeightLength, most * most * args.ChannelsPerGroup,
            PerChannel, lanes => BlockedWindows.Of(args, lanes), (x, w, b, y) =>
            {
                MixedConv.ForwardReference(args, x, w, y);
                for (int i = 0; i < y.Length; i++)
                {
                    y[i] += b.IsEmpty ? 0 : b[i / (int)args.Y.Pixels];
                }
            });
    }

    private sealed record Case(string Name, Shape X, Shape Y, int Weights, int Depth,
        Func<int, int> PerChannel, Func<int, BlockedWindow?> Window, Reference Reference);
}
