using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>Gradients of the inputs of windows on blocked maps against the references of their families.</summary>
public class BlockedInputGradientTests
{
    private static readonly int[] Widths = [4, 8, 16];

    private delegate void Reference(ReadOnlySpan<double> dz, ReadOnlySpan<double> w, Span<double> dx);

    [Fact]
    public void Depthwise_agrees() =>
        Prop.ForAll(Cases.For<DepthwiseConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Groups_agree() =>
        Prop.ForAll(Cases.For<GroupConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    [Fact]
    public void Mixed_kernels_agree() =>
        Prop.ForAll(Cases.For<MixedConv.Args>(), args => Agrees(Of(args))).QuickCheckThrowOnFailure();

    /// <summary>Every width of tile, one row and two, both parities of padding, odd and even maps.</summary>
    [Theory]
    [InlineData(20, 5, 3, 1)]
    [InlineData(20, 7, 5, 1)]
    [InlineData(20, 14, 3, 1)]
    [InlineData(17, 28, 5, 1)]
    [InlineData(20, 14, 3, 2)]
    [InlineData(20, 28, 5, 2)]
    [InlineData(17, 15, 7, 2)]
    [InlineData(9, 31, 9, 2)]
    [InlineData(18, 16, 11, 2)]
    [InlineData(24, 56, 3, 2)]
    [InlineData(3, 130, 3, 2)]
    [InlineData(3, 117, 5, 3)]
    [InlineData(33, 7, 9, 2)]
    [InlineData(33, 4, 7, 2)]
    [InlineData(5, 9, 9, 3)]
    [InlineData(5, 12, 6, 4)]
    public void Shapes_agree(int channels, int size, int kernel, int stride)
    {
        Shape x = new(1, 2 * channels, size, size + 1);
        Agrees(Of(new DepthwiseConv.Args(x with { C = channels, W = size }, kernel, stride)));
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
    [InlineData(2, 24, 16, 1)]
    [InlineData(2, 24, 8, 1)]
    [InlineData(2, 24, 4, 1)]
    [InlineData(1, 18, 16, 1)]
    [InlineData(1, 18, 8, 1)]
    [InlineData(1, 18, 4, 1)]
    [InlineData(3, 17, 8, 1)]
    [InlineData(4, 5, 15, 1)]
    [InlineData(4, 5, 15, 3)]
    public void Groups_of_some_channels_agree(int g, int groups, int size, int dilation)
    {
        Shape x = new(1, g * groups, size, size);
        Agrees(Of(new GroupConv.Args(x, x.C, 3, groups, 1, dilation)));
        Agrees(Of(new GroupConv.Args(x, x.C, 5, groups, 1, dilation)));
        Agrees(Of(new GroupConv.Args(x, x.C, 3, groups, 2, dilation)));
        Agrees(Of(new GroupConv.Args(x, x.C, 7, groups, 2, dilation)));
        Agrees(Of(new MixedConv.Args(x with { C = 3 * x.C }, [3, 7, 5], g, 2, dilation)));
    }

    /// <summary>A gradient goes where its forward window's maps stand, and only windows have one.</summary>
    [Fact]
    public void Pieces_and_orders_are_those_of_the_forward_window()
    {
        foreach (int lanes in Widths.Where(lanes => lanes <= MachineProbe.VectorLanes))
        {
            Shape x = new(1, 84, 9, 9);
            Same(BlockedWindows.Of(new DepthwiseConv.Args(x, 3), lanes),
                BlockedWindows.InputGradientOf(new DepthwiseConv.Args(x, 3), lanes));
            Same(BlockedWindows.Of(new GroupConv.Args(x, 84, 5, 42, 2), lanes),
                BlockedWindows.InputGradientOf(new GroupConv.Args(x, 84, 5, 42, 2), lanes));
            Same(BlockedWindows.Of(new MixedConv.Args(x, [3, 5, 9], 1, 2), lanes),
                BlockedWindows.InputGradientOf(new MixedConv.Args(x, [3, 5, 9], 1, 2), lanes));
            Assert.Null(BlockedWindows.InputGradientOf(new GroupConv.Args(x, 42, 5, 42), lanes));
        }
    }

    /// <summary>Borders of zeros are no wider than a gradient reads.</summary>
    [Theory]
    [InlineData(3, 1, 8, 1)]
    [InlineData(5, 1, 8, 2)]
    [InlineData(3, 2, 8, 1)]
    [InlineData(3, 2, 9, 0)]
    [InlineData(7, 2, 8, 2)]
    [InlineData(11, 2, 8, 3)]
    public void Borders_are_narrow(int kernel, int stride, int size, int border) =>
        Assert.Equal(border, BlockedWindows.InputGradientOf(
            new DepthwiseConv.Args(new Shape(1, 3, size, size), kernel, stride), 4)!.Border);

    /// <summary>What is not finite in dz reaches the gradients that read it and no others.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Not_a_number_goes_where_the_kernel_reads_it(float value)
    {
        foreach (int stride in new[] { 1, 2, 3 })
        {
            Spreads(Of(new DepthwiseConv.Args(new Shape(1, 5, 7, 9), 5, stride)), value);
            Spreads(Of(new GroupConv.Args(new Shape(1, 10, 7, 6), 10, 3, 5, stride)), value);
            Spreads(Of(new GroupConv.Args(new Shape(1, 36, 5, 6), 36, 3, 18, stride)), value);
        }
    }

    private static void Same(BlockedWindow? window, BlockedWindow? gradient)
    {
        Assert.NotNull(window);
        Assert.NotNull(gradient);
        Assert.Equal(window.OutOrder, gradient.InOrder);
        Assert.Equal(window.InOrder, gradient.OutOrder);
        Assert.Equal(window.Pieces, gradient.Pieces);
    }

    private static void Spreads(Case c, float value)
    {
        foreach (BlockedWindow window in Windows(c))
        {
            for (int at = 0; at < c.Y.Length; at += 7)
            {
                float[] dz = Fill.Uniform(1, c.Y.Length), w = Fill.Uniform(2, c.Weights, 0.1f, 1f);
                dz[at] = value;
                double[] expected = new double[c.X.Length];
                c.Reference(BlockedChecks.Wide(dz), BlockedChecks.Wide(w), expected);
                using BlockedRun run = new(window, c.Y, c.X, dz, w, [], []);
                float[] dx = run.Rows();
                for (int i = 0; i < dx.Length; i++)
                {
                    Assert.True(double.IsFinite(expected[i]) == float.IsFinite(dx[i]),
                        $"{c.Name} lanes {window.Lanes} dz[{at}] {value}: dx[{i}] is {dx[i]}, expected {expected[i]}");
                }
            }
        }
    }

    private static void Agrees(Case c)
    {
        foreach (BlockedWindow window in Windows(c))
        {
            Assert.Equal((c.X.H, c.X.W), (window.OutHeight, window.OutWidth));
            float[] dz = Fill.Uniform(1, c.Y.Length), w = Fill.Uniform(2, c.Weights), bias = Fill.Uniform(3, c.X.C);
            using BlockedRun run = new(window, c.Y, c.X, dz, w, [], []);
            float[] dx = run.Rows();
            double[] expected = new double[c.X.Length], magnitude = new double[c.X.Length];
            c.Reference(BlockedChecks.Wide(dz), BlockedChecks.Wide(w), expected);
            c.Reference(BlockedChecks.Magnitude(dz), BlockedChecks.Magnitude(w), magnitude);
            string name = $"{c.Name} lanes {window.Lanes}";
            Check.Close(expected, dx, Array.ConvertAll(magnitude, m => ErrorBound.Sum(c.Depth, m)), name, c.X);
            int[] cuts = [.. Enumerable.Range(1, c.X.H - 1).Where(r => Fill.Mix((ulong)(r + c.Weights)) % 3 == 0)];
            Check.SameBits(dx, run.Rows(cuts: cuts), $"{name} in ranges of rows", c.X);
            float[] other = Fill.Uniform(4, c.X.Length);
            Check.SameBits([.. dx.Zip(other, (a, b) => a + b)], run.Rows(residual: other, cuts: cuts),
                $"{name} and another gradient", c.X);
            Rows(c, window, dz, w, dx);
            Stores(c, window, dz, w, bias);
        }
    }

    /// <summary>Rows that a range does not ask for are not read.</summary>
    private static void Rows(Case c, BlockedWindow window, float[] dz, float[] w, float[] dx)
    {
        int from = c.X.H / 3, to = Math.Max(from + 1, 2 * c.X.H / 3);
        (int first, int count) = window.InputRows(from, to - from);
        float[] some = [.. dz.Select((v, i) =>
            i / c.Y.W % c.Y.H is int row && row >= first && row < first + count ? v : float.NaN)];
        using BlockedRun run = new(window, c.Y, c.X, some, w, [], []);
        float[] actual = run.Rows(cuts: [.. new[] { from, to }.Where(cut => cut > 0 && cut < c.X.H).Distinct()]);
        bool Asked(int i) => i / c.X.W % c.X.H is int row && row >= from && row < to;
        Check.SameBits([.. dx.Where((v, i) => Asked(i))], [.. actual.Where((v, i) => Asked(i))],
            $"{c.Name} lanes {window.Lanes}: rows {from} to {to} of rows {first} to {first + count}");
    }

    /// <summary>All that a store may ask for: a bias, an activation, another gradient, sums without a map.</summary>
    private static void Stores(Case c, BlockedWindow window, float[] dz, float[] w, float[] bias)
    {
        using BlockedRun run = new(window, c.Y, c.X, dz, w, [], bias);
        float[] dx = run.Rows(), other = Fill.Uniform(4, c.X.Length);
        foreach (ActivationKind kind in new[] { ActivationKind.Relu, ActivationKind.Swish })
        {
            Check.SameBits(BlockedChecks.After(window.Lanes, dx, kind, null), run.Rows(kind), $"{c.Name} {kind}", c.X);
            Check.SameBits(BlockedChecks.After(window.Lanes, dx, kind, other), run.Rows(kind, other, sums: true),
                $"{c.Name} {kind} and another gradient", c.X);
        }

        run.Rows(sums: true);
        double[] sums = run.Sums;
        run.Rows(sumsOnly: true);
        for (int channel = 0, pixels = c.X.H * c.X.W; channel < c.X.C; channel++)
        {
            float[] own = dx[(channel * pixels)..((channel + 1) * pixels)];
            double bound = ErrorBound.Sum(pixels, own.Sum(v => Math.Abs((double)v)));
            Check.Close([own.Sum(v => (double)v)], [(float)sums[channel]], [2 * bound], $"{c.Name} sum {channel}");
            Check.Close([sums[channel]], [(float)run.Sums[channel]], [2 * bound], $"{c.Name} sum {channel} alone");
        }
    }

    private static IEnumerable<BlockedWindow> Windows(Case c) => Widths.Select(c.Window).OfType<BlockedWindow>();

    private static Case Of(DepthwiseConv.Args args)
    {
        args = new DepthwiseConv.Args(args.X with { N = 1 }, args.Window.Kernel, args.Window.Stride,
            args.Window.Dilation, args.Window.Padding);
        return new Case($"depthwise {args}", args.X, args.Y, (int)args.Weight.Length, args.Window.Taps,
            lanes => BlockedWindows.InputGradientOf(args, lanes),
            (dz, w, dx) => DepthwiseConv.BackwardInputReference(args, dz, w, dx));
    }

    private static Case Of(GroupConv.Args args)
    {
        args = new GroupConv.Args(args.X with { N = 1 }, args.Y.C, args.Window.Kernel, args.Groups, args.Window.Stride,
            args.Window.Dilation, args.Window.Padding);
        return new Case($"group {args}", args.X, args.Y, (int)args.Weight.Length, args.Window.Taps * args.OutPerGroup,
            lanes => BlockedWindows.InputGradientOf(args, lanes),
            (dz, w, dx) => GroupConv.BackwardInputReference(args, dz, w, dx));
    }

    private static Case Of(MixedConv.Args args)
    {
        args = new MixedConv.Args(args.X with { N = 1 }, args.Kernels, args.ChannelsPerGroup, args.Stride,
            args.Dilation, args.Padding);
        int most = args.Kernels.Max();
        return new Case($"mixed {args}", args.X, args.Y, args.WeightLength, most * most * args.ChannelsPerGroup,
            lanes => BlockedWindows.InputGradientOf(args, lanes),
            (dz, w, dx) => MixedConv.BackwardInputReference(args, dz, w, dx));
    }

    private sealed record Case(string Name, Shape X, Shape Y, int Weights, int Depth,
        Func<int, BlockedWindow?> Window, Reference Reference);
}
