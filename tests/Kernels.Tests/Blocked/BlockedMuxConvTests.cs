using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>MuxConv on blocked maps against its reference in double, at every width that the machine has.</summary>
public class BlockedMuxConvTests
{
    private static readonly int[][] ScaleLists =
        [[-1, 0, 1], [0, -1], [1, 1], [1], [-1], [0], [1, 0, -1], [-1, -1, 0], [0, 1, 0, 1], [2, -3, 0]];

    private static readonly Gen<MuxConv.Args> Shapes =
        from scales in Gen.Elements(ScaleLists)
        from kernels in Gen.Elements(1, 3, 3, 5, 5, 7, 9).ArrayOf(scales.Length)
        from same in Gen.Elements(true, false)
        from width in Gen.Choose(1, 26)
        from height in Gen.Choose(1, 9)
        from columns in Gen.Choose(1, 32)
        select Build(scales, same ? kernels[..1] : kernels, width, height, columns);

    [Fact]
    public void Agrees_with_the_reference() => Each(20, (args, lanes, choice) =>
    {
        ActivationKind kind = choice % 2 == 0 ? ActivationKind.None : ActivationKind.Relu;
        BlockedMuxCase test = new(args, lanes) { Activation = kind };
        using BlockedMuxCase.Maps maps = test.Create(choice % 3 == 0);
        test.Run(maps, 0, test.Window.OutHeight);
        test.CheckResult(maps);
        test.CheckBorders(maps);
    });

    [Fact]
    public void Rows_do_not_depend_on_the_split_nor_on_rows_they_do_not_need() => Each(12, (args, lanes, choice) =>
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
    public void Sums_are_those_of_the_rows() => Each(12, (args, lanes, choice) =>
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
    public void Every_channel_has_one_lane_and_lanes_are_not_wasted() => Each(30, (args, lanes, _) =>
    {
        BlockedWindow window = BlockedWindows.Of(args, lanes)!;
        Assert.Equal(Enumerable.Range(0, args.X.C), window.InOrder.Where(static c => c >= 0).Order());
        Assert.Equal(window.InOrder, window.OutOrder);
        Assert.Equal(args.MultiplyAdds, window.Pieces.Sum(static p => p.MultiplyAdds));
        int most = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            most += (args.Channels[part] + lanes - 1) / lanes;
        }

        Assert.InRange(window.InOrder.Count / lanes, 1, most);
        Assert.All(window.Pieces, static p => Assert.InRange(p.InBlocks, 1, 2));
    });

    [Fact]
    public void What_is_not_covered_is_null()
    {
        Shape even = new(1, 12, 6, 6), odd = new(1, 12, 7, 6);
        IntList scales = IntList.Create([-1, 0, 1]);
        Assert.NotNull(BlockedWindows.Of(new MuxConv.Args(even, scales, 3), 8));
        Assert.NotNull(BlockedWindows.Of(new MuxConv.Args(odd, scales, 3, oddMaps: OddMaps.Plain), 8));
        Assert.Null(BlockedWindows.Of(new MuxConv.Args(odd, scales, 3, oddMaps: OddMaps.Pad), 8));
        Assert.Null(BlockedWindows.Of(new MuxConv.Args(even, IntList.Create([-1, 0]), 3, factor: 3), 8));
        Assert.Null(BlockedWindows.Of(new MuxConv.Args(even, IntList.Create([0, 0]), 3, stride: 2), 8));
        Assert.Null(BlockedWindows.Of(new MuxConv.Args(even, scales, 3, dilation: 2), 8));
        Assert.Null(BlockedWindows.Of(new MuxConv.Args(even, IntList.Create([0, 0]), 2), 8));
    }

    /// <summary>The shapes of the networks, at the width that the machine takes.</summary>
    [Theory]
    [InlineData(48, 56, 3)]
    [InlineData(24, 56, 3)]
    [InlineData(36, 28, 3)]
    [InlineData(120, 28, 3)]
    [InlineData(72, 14, 5)]
    [InlineData(264, 14, 5)]
    public void Shapes_of_networks_agree(int channels, int size, int kernel)
    {
        MuxConv.Args args = new(new Shape(1, channels, size, size), IntList.Create([-1, 0, 1]), kernel);
        foreach (int lanes in Widths)
        {
            BlockedMuxCase test = new(args, lanes) { Activation = ActivationKind.Relu };
            using BlockedMuxCase.Maps maps = test.Create(false);
            test.Run(maps, 0, size);
            test.CheckResult(maps);
        }
    }

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

    /// <summary>Even maps where there is a sub-pixel part, widths of super-pixel parts multiples of four.</summary>
    private static MuxConv.Args Build(int[] scales, int[] kernels, int width, int height, int columns)
    {
        int even = scales.Any(static s => s < 0) ? 2 : 1;
        int unit = scales.Any(static s => s > 0) ? 4 : 1;
        int odd = unit == 1 ? width % scales.Length : 0;
        int channels = unit * scales.Length * width + odd;
        return new MuxConv.Args(new Shape(1, channels, even * height, even * columns), IntList.Create(scales),
            IntList.Create(kernels));
    }
}
