using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>MuxConv with several channels a group on blocked maps, in all directions, against its references in double,
/// at every width that the machine has.</summary>
public class BlockedMuxGroupsTests
{
    private static readonly int[][] ScaleLists =
        [[-1, 0, 1], [0, -1], [1, 1], [1], [-1], [0], [1, 0, -1], [-1, -1, 0], [0, 1, 0, 1], [2, -3, 0]];

    private static readonly Gen<MuxConv.Args> Shapes =
        from g in Gen.Elements(2, 2, 3, 4)
        from scales in Gen.Elements(ScaleLists)
        from kernels in Gen.Elements(1, 3, 3, 3, 5, 5, 7).ArrayOf(scales.Length)
        from same in Gen.Elements(true, false)
        from width in Gen.Choose(1, 20 / g)
        from height in Gen.Choose(1, 6)
        from columns in Gen.Choose(1, 18)
        select Build(g, scales, same ? kernels[..1] : kernels, width, height, columns);

    [Fact]
    public void Agrees_with_the_reference() => Each(15, (args, lanes, choice) =>
    {
        ActivationKind kind = choice % 2 == 0 ? ActivationKind.None : ActivationKind.Relu;
        BlockedMuxCase test = new(args, lanes) { Activation = kind };
        using BlockedMuxCase.Maps maps = test.Create(choice % 3 == 0);
        test.Run(maps, 0, test.Window.OutHeight);
        test.CheckResult(maps);
        test.CheckBorders(maps);
    });

    [Fact]
    public void Rows_do_not_depend_on_the_split_nor_on_rows_they_do_not_need() => Each(10, (args, lanes, choice) =>
    {
        BlockedMuxCase test = new(args, lanes) { Activation = ActivationKind.Swish };
        using BlockedMuxCase.Maps whole = test.Create(true), split = test.Create(true);
        int height = test.Window.OutHeight;
        test.Run(whole, 0, height);
        for (int row = 0; row < height;)
        {
            int rows = Math.Min(1 + (int)(Fill.Mix((ulong)(choice + row)) % 5), height - row);
            using BlockedMuxCase.Maps part = test.Create(true);
            test.Forget(part, row - test.Window.Border, row + rows + test.Window.Border);
            test.Run(part, row, rows);
            test.Take(part, split, row, rows);
            row += rows;
        }

        Assert.Equal(whole.Y.Span.ToArray(), split.Y.Span.ToArray());
    });

    [Fact]
    public void Sums_are_those_of_the_rows() => Each(10, (args, lanes, choice) =>
    {
        BlockedMuxCase test = new(args, lanes) { Activation = ActivationKind.Swish };
        using BlockedMuxCase.Maps stored = test.Create(choice % 2 == 0), alone = test.Create(choice % 2 == 0);
        int first = choice % test.Window.OutHeight, rows = test.Window.OutHeight - first;
        float[] sums = test.Sums(stored, first, rows, only: false);
        test.CheckSums(stored, sums, first, rows);
        Assert.Equal(sums, test.Sums(alone, first, rows, only: true));
        Assert.All(alone.Y.Span.ToArray(), static y => Assert.Equal(BlockedMuxCase.Untouched, y));
    });

    [Fact]
    public void Every_channel_has_one_lane() => Each(20, (args, lanes, _) =>
    {
        BlockedMuxGradientCase test = new(args, lanes);
        Assert.Equal(Enumerable.Range(0, args.X.C), test.Forward.InOrder.Where(static c => c >= 0).Order());
        Assert.Equal(test.Forward.InOrder, test.Forward.OutOrder);
        Assert.Equal(args.MultiplyAdds, test.Forward.Pieces.Sum(static p => p.MultiplyAdds));
        Assert.Equal(test.Forward.OutOrder, test.Input.InOrder);
        Assert.Equal(test.Forward.Pieces, test.Input.Pieces);
        Assert.Equal(test.Forward.Border, test.Input.Border);
    });

    [Fact]
    public void Input_gradients_agree_with_the_reference_however_rows_are_cut() =>
        Each(15, (args, lanes, choice) => new BlockedMuxGradientCase(args, lanes).CheckInput(
            choice % 2 == 0 ? _ => args.X.H : row => 1 + (int)(Fill.Mix((ulong)(choice + row)) % 5)));

    [Fact]
    public void Weight_gradients_agree_with_the_reference_however_rows_are_cut() =>
        Each(20, (args, lanes, choice) => new BlockedMuxGradientCase(args, lanes).CheckWeights(
            choice % 2 == 0 ? _ => args.X.H : row => 1 + (int)(Fill.Mix((ulong)(choice + row)) % 5)));

    [Fact]
    public void Weight_sums_depend_on_the_rows_alone() => Each(8, (args, lanes, choice) =>
    {
        BlockedMuxGradientCase test = new(args, lanes);
        int first = choice % args.X.H, rows = 1 + choice % (args.X.H - first);
        float[] sums = test.Sums(first, rows);
        Assert.Equal(sums, test.Sums(first, rows));
        Assert.All(test.Sums(first, 0), static s => Assert.Equal(0f, s));
    });

    [Fact]
    public void A_group_over_two_phases_and_more_than_four_channels_are_not_covered()
    {
        Assert.NotNull(BlockedWindows.Of(Args(10, [-1], 2), 4));
        MuxConv.Args crossed = Args(9, [-1], 2), wide = Args(16, [-1], 8);
        Assert.Null(BlockedWindows.Of(crossed, 4));
        Assert.Null(BlockedWindows.InputGradientOf(crossed, 4));
        Assert.Null(BlockedWindows.WeightGradientOf(crossed, 4));
        Assert.Null(BlockedWindows.Of(wide, 4));
    }

    private static MuxConv.Args Args(int channels, int[] scales, int g) =>
        new(new Shape(1, channels, 6, 6), IntList.Create(scales), 3, channelsPerGroup: g);

    private static IEnumerable<int> Widths
    {
        get
        {
            if (Simd512.IsSupported)
            {
                yield return 16;
            }

            if (Simd256.IsSupported)
            {
                yield return 8;
            }

            yield return 4;
        }
    }

    private static void Each(int cases, Action<MuxConv.Args, int, int> check) =>
        Prop.ForAll(Shapes.Zip(Gen.Choose(0, 1000)).ToArbitrary(), pair =>
        {
            (MuxConv.Args args, int choice) = pair;
            foreach (int lanes in Widths)
            {
                check(args, lanes, choice);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(cases));

    /// <summary>Even maps where there is a sub-pixel part; groups divide parts, and fine channels of super-pixel
    /// parts.</summary>
    private static MuxConv.Args Build(int g, int[] scales, int[] kernels, int width, int height, int columns)
    {
        int even = scales.Any(static s => s < 0) ? 2 : 1, unit = scales.Any(static s => s > 0) ? 4 * g : g;
        return new MuxConv.Args(new Shape(1, unit * scales.Length * width, even * height, even * columns),
            IntList.Create(scales), IntList.Create(kernels), channelsPerGroup: g);
    }
}
