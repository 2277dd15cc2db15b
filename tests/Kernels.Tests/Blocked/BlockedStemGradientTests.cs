using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

public unsafe class BlockedStemGradientTests
{
    private static readonly Gen<(DenseConv.Args Args, int Border)> Cases =
        from channels in Gen.Choose(1, 5)
        from outputs in Gen.Choose(1, 40)
        from height in Gen.Choose(1, 20)
        from width in Gen.Choose(1, 24)
        from kernel in Gen.Choose(1, 5)
        from stride in Gen.Choose(1, 4)
        from dilation in Gen.Choose(1, 2)
        from padding in Gen.Choose(0, 3)
        from border in Gen.Choose(0, 2)
        select (new DenseConv.Args(new Shape(1, channels, height, width), outputs, kernel, stride, dilation,
            padding switch
            {
                0 => Padding.Same,
                1 => Padding.Of(kernel * dilation),
                2 => Padding.Of((kernel - 1) * dilation + 4),
                _ => Math.Min(height, width) >= kernel * dilation ? default : Padding.Same,
            }), border);

    [Fact]
    public void Agrees_with_the_reference_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Agreement(c.Args, c.Border)))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(3, 24, 3, 2, 64)]
    [InlineData(3, 24, 3, 1, 33)]
    [InlineData(3, 32, 5, 2, 31)]
    [InlineData(1, 16, 5, 1, 28)]
    [InlineData(4, 40, 7, 3, 37)]
    public void Stems_of_networks(int channels, int outputs, int kernel, int stride, int size) =>
        BlockedChecks.EveryWidth(new Agreement(
            new DenseConv.Args(new Shape(1, channels, size, size + 1), outputs, kernel, stride), 0));

    private readonly struct Agreement(DenseConv.Args args, int border) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int lanes = TSimd.Lanes, blocks = BlockedStem<TSimd, TVector>.OutBlocks(args), rows = args.Y.H;
            float[] input = Fill.Uniform(1, args.X.Length), planes = Fill.Uniform(2, args.Y.Length);
            float[] start = Fill.Uniform(3, args.Weight.Length), dw = [.. start];
            double[] sum = BlockedChecks.Wide(start), magnitude = BlockedChecks.Magnitude(start);
            DenseConv.BackwardWeightReference<double>(args, BlockedChecks.Wide(planes), BlockedChecks.Wide(input), sum);
            DenseConv.BackwardWeightReference<double>(args, BlockedChecks.Magnitude(planes),
                BlockedChecks.Magnitude(input), magnitude);

            // The border of dz is NaN: nobody may read it.
            using BlockedMap map = new(lanes, blocks, args.Y.H, args.Y.W, border);
            map.All.Fill(float.NaN);
            map.Write(planes);
            int length = BlockedStemGradient<TSimd, TVector>.PackedLength(args), third = Math.Max(rows / 3, 1);
            int scratchLength = BlockedStemGradient<TSimd, TVector>.ScratchLength(args, rows);
            using AlignedBuffer<float> x = new(input.Length), packed = new(length + 1);
            using AlignedBuffer<float> scratch = new(scratchLength + 1);
            input.CopyTo(x.Span);
            (packed.Span[length], scratch.Span[scratchLength]) = (5f, 6f);
            for (int first = 0, count; first < rows; first += count)
            {
                count = first == 0 ? third : rows - first;
                scratch.Span[..scratchLength].Fill(float.NaN);
                BlockedStemGradient<TSimd, TVector>.Run(args, x.Pointer, map.Origin, map.BlockStride, map.RowStride,
                    packed.Pointer, first, count, scratch.Pointer);
            }

            Assert.Equal(5f, packed.Span[length]);
            Assert.Equal(6f, scratch.Span[scratchLength]);
            BlockedStemGradient<TSimd, TVector>.Unpack(args, packed.Pointer, dw);
            int pixels = args.Y.Pixels;
            Check.Close(sum, dw, [.. magnitude.Select(m => ErrorBound.Sum(pixels + 2, m))], $"dw at {lanes} lanes",
                args.Weight);
        }
    }
}
