using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Gradients of MuxConv on blocked maps against their references in double, at every width that the machine
/// has.</summary>
public class BlockedMuxGradientTests
{
    private static readonly int[][] ScaleLists =
        [[-1, 0, 1], [0, -1], [1, 1], [1], [-1], [0], [1, 0, -1], [-1, -1, 0], [0, 1, 0, 1], [2, -3, 0]];

    private static readonly Gen<MuxConv.Args> Shapes =
        from scales in Gen.Elements(ScaleLists)
        from kernels in Gen.Elements(1, 3, 3, 3, 5, 5, 5, 7, 9).ArrayOf(scales.Length)
        from same in Gen.Elements(true, false)
        from width in Gen.Choose(1, 18)
        from height in Gen.Choose(1, 7)
        from columns in Gen.Choose(1, 15)
        select Build(scales, same ? kernels[..1] : kernels, width, height, columns);

    [Fact]
    public void Input_gradients_agree_with_the_reference_however_rows_are_cut() =>
        Each(20, (args, lanes, choice) => new BlockedMuxGradientCase(args, lanes).CheckInput(
            choice % 2 == 0 ? _ => args.X.H : row => 1 + (int)(Fill.Mix((ulong)(choice + row)) % 5)));

    [Fact]
    public void Weight_gradients_agree_with_the_reference_however_rows_are_cut() =>
        Each(30, (args, lanes, choice) => new BlockedMuxGradientCase(args, lanes).CheckWeights(
            choice % 2 == 0 ? _ => args.X.H : row => 1 + (int)(Fill.Mix((ulong)(choice + row)) % 5)));

    /// <summary>Neither the memory around nor the order of pieces changes a bit, and no rows give nothing.</summary>
    [Fact]
    public void Weight_sums_depend_on_the_rows_alone() => Each(10, (args, lanes, choice) =>
    {
        BlockedMuxGradientCase test = new(args, lanes);
        int first = choice % args.X.H, rows = 1 + choice % (args.X.H - first);
        float[] sums = test.Sums(first, rows);
        Assert.Equal(sums, test.Sums(first, rows));
        Assert.All(test.Sums(first, 0), static s => Assert.Equal(0f, s));
    });

    [Fact]
    public void Orders_and_borders_are_those_of_the_window() => Each(20, (args, lanes, _) =>
    {
        BlockedMuxGradientCase test = new(args, lanes);
        Assert.Equal(test.Forward.OutOrder, test.Input.InOrder);
        Assert.Equal(test.Forward.InOrder, test.Input.OutOrder);
        Assert.Equal(test.Forward.Pieces, test.Input.Pieces);
        Assert.Equal(test.Forward.Border, test.Input.Border);
        Assert.Equal(test.Forward.PackedLength, test.Input.PackedLength);
    });

    [Fact]
    public void What_is_not_covered_is_null()
    {
        MuxConv.Args dilated = new(new Shape(1, 12, 6, 6), IntList.Create([-1, 0, 1]), 3, dilation: 2);
        Assert.Null(BlockedWindows.InputGradientOf(dilated, 8));
        Assert.Null(BlockedWindows.WeightGradientOf(dilated, 8));
    }

    /// <summary>The shapes of the networks.</summary>
    [Theory]
    [InlineData(48, 56, 3)]
    [InlineData(24, 56, 3)]
    [InlineData(36, 28, 3)]
    [InlineData(120, 28, 5)]
    [InlineData(72, 14, 5)]
    [InlineData(264, 14, 5)]
    [InlineData(120, 8, 3)]
    [InlineData(240, 4, 5)]
    public void Shapes_of_networks_agree(int channels, int size, int kernel)
    {
        MuxConv.Args args = new(new Shape(1, channels, size, size), IntList.Create([-1, 0, 1]), kernel);
        foreach (int lanes in Widths)
        {
            BlockedMuxGradientCase test = new(args, lanes);
            test.CheckInput(_ => size);
            test.CheckWeights(_ => size);
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
