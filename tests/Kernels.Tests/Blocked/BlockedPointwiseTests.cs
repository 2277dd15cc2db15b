using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public unsafe class BlockedPointwiseTests
{
    private static readonly Gen<(Shape X, int Out, int Border, StoreCase Store)> Cases =
        from channels in Gen.Choose(1, 40)
        from outputs in Gen.Choose(1, 70)
        from height in Gen.Choose(1, 9)
        from width in Gen.Choose(1, 17)
        from border in Gen.Choose(0, 2)
        from store in StoreCase.Cases
        select (new Shape(1, channels, height, width), outputs, border, store);

    [Fact]
    public void Agrees_with_the_reference_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c =>
            BlockedChecks.EveryWidth(new Agreement(c.X, c.Out, c.Border, c.Store))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(30, 24, 1, 1)]
    [InlineData(960, 33, 7, 7)]
    [InlineData(24, 96, 1, 27)]
    [InlineData(3, 17, 2, 56)]
    public void Shapes_of_networks(int channels, int outputs, int height, int width)
    {
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            BlockedChecks.EveryWidth(new Agreement(new Shape(1, channels, height, width), outputs, 0,
                new StoreCase(kind, true, 1, 0, true, true)));
        }
    }

    /// <summary>Every number of pixels is cut into tiles that exist.</summary>
    [Fact]
    public void Shares_are_sizes_of_tiles()
    {
        int[] pairs = [1, 2, 3, 4, 5, 6, 7, 8, 12, 14], singles = [.. pairs, 28];
        foreach (int lanes in new[] { 4, 8, 16 })
        {
            for (int left = 1; left < 300; left++)
            {
                for (int vectors = 1; vectors <= 2; vectors++)
                {
                    int next = BlockedShares.Next(left, lanes, vectors, out int tiles);
                    Assert.InRange(next * tiles, 1, left);
                    Assert.InRange(next, 1, lanes == 16 ? 28 / vectors : 12 / vectors);
                    Assert.Contains(next, vectors == 2 ? pairs : singles);
                }
            }
        }
    }

    [Fact]
    public void Gates_are_folded_into_the_weights() => BlockedChecks.EveryWidth(new Gates());

    private readonly struct Agreement(Shape x, int outputs, int border, StoreCase store) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            PointwiseConv.Args args = new(x, outputs);
            int lanes = TSimd.Lanes, depth = x.C, blocks = (outputs + lanes - 1) / lanes;
            float[] input = Fill.Uniform(1, x.Length), w = Fill.Uniform(2, args.Weight.Length);
            float[] bias = Fill.Uniform(3, outputs);
            double[] sum = new double[args.Y.Length], magnitude = new double[args.Y.Length];
            PointwiseConv.ForwardReference<double>(args, BlockedChecks.Wide(input), BlockedChecks.Wide(w),
                BlockedChecks.Wide(bias), sum);
            PointwiseConv.ForwardReference<double>(args, BlockedChecks.Magnitude(input), BlockedChecks.Magnitude(w),
                BlockedChecks.Magnitude(bias), magnitude);

            // Channels in reverse order: they may stand anywhere.
            using BlockedMap map = new(lanes, (depth + lanes - 1) / lanes, x.H, x.W, border);
            using AlignedBuffer<int> offsets = new(depth);
            using AlignedBuffer<float> packed = new(BlockedPointwise<TSimd, TVector>.PackedLength(depth, blocks));
            float[] reversed = new float[input.Length], rows = new float[blocks * lanes * depth];
            for (int i = 0; i < depth; i++)
            {
                offsets.Span[i] = map.At(depth - 1 - i, 0, 0);
                input.AsSpan(i * x.Pixels, x.Pixels).CopyTo(reversed.AsSpan((depth - 1 - i) * x.Pixels));
            }

            map.Write(reversed);
            w.CopyTo(rows, 0);
            BlockedPointwise<TSimd, TVector>.Pack(rows, blocks, depth, packed.Pointer);
            BlockedChecks.Store<TSimd, TVector>(store, args.Y, sum, magnitude, depth, bias, (to, first, count) =>
            {
                for (int column = 0; column < BlockedPointwise<TSimd, TVector>.Columns(blocks); column++)
                {
                    int vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, blocks);
                    BlockedPointwise<TSimd, TVector>.Run(new PointwiseColumn
                    {
                        X = map.Origin,
                        XRowStride = map.RowStride,
                        Offsets = offsets.Pointer,
                        Depth = depth,
                        W = packed.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, depth),
                        Vectors = vectors,
                        Width = map.Width,
                        FirstRow = first,
                        Rows = count,
                        Store = to,
                    });
                    to.Y = to.Y == null ? null : to.Y + vectors * to.BlockStride;
                    to.Bias += vectors * lanes;
                    to.Sums = to.Sums == null ? null : to.Sums + vectors * lanes;
                    to.Residual = to.Residual == null ? null : to.Residual + vectors * to.ResidualBlockStride;
                }
            });
        }
    }

    private readonly struct Gates : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            const int Depth = 5;
            for (int vectors = 1; vectors <= 2; vectors++)
            {
                int lanes = vectors * TSimd.Lanes;
                using AlignedBuffer<float> w = new(Depth * lanes), gate = new(Depth), scaled = new(Depth * lanes + 1);
                Fill.Uniform(1, w.Span);
                Fill.Uniform(2, gate.Span);
                scaled.Span.Fill(9f);
                BlockedPointwise<TSimd, TVector>.ScaleWeights(w.Pointer, gate.Pointer, Depth, vectors, scaled.Pointer);
                for (int i = 0; i < w.Length; i++)
                {
                    Assert.Equal(w.Span[i] * gate.Span[i / lanes], scaled.Span[i]);
                }

                Assert.Equal(9f, scaled.Span[w.Length]);
            }
        }
    }
}
