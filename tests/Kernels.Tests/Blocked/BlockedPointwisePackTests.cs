using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

public unsafe class BlockedPointwisePackTests
{
    [Fact]
    public void Slots_have_the_weights_of_their_channels() =>
        Prop.ForAll((
            from inChannels in Gen.Choose(1, 70)
            from outChannels in Gen.Choose(1, 70)
            from holes in Gen.Choose(0, 9)
            from seed in Gen.Choose(1, 1000)
            select (inChannels, outChannels, holes, (ulong)seed)).ToArbitrary(),
            c => BlockedChecks.EveryWidth(new Weights(c.inChannels, c.outChannels, c.holes, c.Item4)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Input_gradient_is_a_convolution_with_transposed_weights() =>
        BlockedChecks.EveryWidth(new InputGradient());

    private readonly struct Weights(int inChannels, int outChannels, int holes, ulong seed) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int wRow = inChannels + 3, lanes = TSimd.Lanes;
            int[] input = BlockedPointwiseGradientTests.GradientCase.Slots(inChannels, holes, seed);
            int[] output = BlockedPointwiseGradientTests.GradientCase.Slots(outChannels, holes, seed + 1);
            float[] w = Fill.Uniform(seed, wRow * outChannels);
            foreach (bool transposed in new[] { false, true })
            {
                int[] rows = transposed ? input : output, terms = transposed ? output : input;
                int blocks = (rows.Length + lanes - 1) / lanes;
                int length = BlockedPointwise<TSimd, TVector>.PackedLength(terms.Length, blocks);
                float[] plain = new float[blocks * lanes * terms.Length];
                for (int r = 0; r < rows.Length; r++)
                {
                    for (int t = 0; t < terms.Length; t++)
                    {
                        (int o, int i) = transposed ? (terms[t], rows[r]) : (rows[r], terms[t]);
                        plain[(r * terms.Length) + t] = o < 0 || i < 0 ? 0f : w[(o * wRow) + i];
                    }
                }

                using AlignedBuffer<float> expected = new(length), actual = new(length + 1);
                actual.Span.Fill(5f);
                BlockedPointwise<TSimd, TVector>.Pack(plain, blocks, terms.Length, expected.Pointer);
                if (transposed)
                {
                    BlockedPointwise<TSimd, TVector>.PackTransposed(w, wRow, input, output, actual.Pointer);
                }
                else
                {
                    BlockedPointwise<TSimd, TVector>.Pack(w, wRow, input, output, actual.Pointer);
                }

                Check.SameBits(expected.Span, actual.Span[..length], transposed ? "transposed weights" : "weights");
                Assert.Equal(5f, actual.Span[length]);
            }
        }
    }

    private readonly struct InputGradient : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            PointwiseConv.Args args = new(new Shape(1, 27, 5, 9), 21);
            int lanes = TSimd.Lanes, blocks = (args.X.C + lanes - 1) / lanes;
            float[] dy = Fill.Uniform(1, args.Y.Length), w = Fill.Uniform(2, args.Weight.Length);
            double[] sum = new double[args.X.Length], magnitude = new double[args.X.Length];
            PointwiseConv.BackwardInputReference<double>(args, BlockedChecks.Wide(dy), BlockedChecks.Wide(w), sum);
            PointwiseConv.BackwardInputReference<double>(args, BlockedChecks.Magnitude(dy),
                BlockedChecks.Magnitude(w), magnitude);
            using BlockedMap map = new(lanes, (args.Y.C + lanes - 1) / lanes, args.Y.H, args.Y.W, 0);
            using AlignedBuffer<int> offsets = new(args.Y.C);
            using AlignedBuffer<float> packed = new(BlockedPointwise<TSimd, TVector>.PackedLength(args.Y.C, blocks));
            map.Write(dy);
            int[] outputs = [.. Enumerable.Range(0, args.Y.C)], inputs = [.. Enumerable.Range(0, args.X.C)];
            for (int o = 0; o < args.Y.C; o++)
            {
                offsets.Span[o] = map.At(o, 0, 0);
            }

            BlockedPointwise<TSimd, TVector>.PackTransposed(w, args.X.C, inputs, outputs, packed.Pointer);
            BlockedChecks.Store<TSimd, TVector>(new StoreCase(ActivationKind.None, false, 0, 0, false, false), args.X,
                sum, magnitude, args.Y.C, new float[args.X.C], (to, first, count) =>
                {
                    for (int column = 0; column < BlockedPointwise<TSimd, TVector>.Columns(blocks); column++)
                    {
                        int vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, blocks);
                        BlockedPointwise<TSimd, TVector>.Run(new PointwiseColumn
                        {
                            X = map.Origin,
                            XRowStride = map.RowStride,
                            Offsets = offsets.Pointer,
                            Depth = args.Y.C,
                            W = packed.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, args.Y.C),
                            Vectors = vectors,
                            Width = map.Width,
                            FirstRow = first,
                            Rows = count,
                            Store = to,
                        });
                        to.Y += vectors * to.BlockStride;
                        to.Bias += vectors * lanes;
                    }
                });
        }
    }
}
