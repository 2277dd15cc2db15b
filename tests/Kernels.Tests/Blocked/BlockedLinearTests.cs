using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

public unsafe class BlockedLinearTests
{
    private static readonly Gen<(Linear.Args Args, ActivationKind Kind, bool Bias)> Cases =
        from images in Gen.Choose(1, 9)
        from inputs in Gen.Choose(1, 50)
        from outputs in Gen.Choose(1, 200)
        from kind in Gen.Elements(Enum.GetValues<ActivationKind>())
        from bias in Gen.Elements(false, true)
        select (new Linear.Args(images, inputs, outputs), kind, bias);

    [Fact]
    public void Agrees_with_the_reference_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Agreement(c.Args, c.Kind, c.Bias)))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1, 1280, 1000)]
    [InlineData(1, 960, 120)]
    [InlineData(1, 48, 9)]
    [InlineData(6, 120, 960)]
    public void Layers_of_networks(int images, int inputs, int outputs) => BlockedChecks.EveryWidth(
        new Agreement(new Linear.Args(images, inputs, outputs), ActivationKind.Swish, true));

    private readonly struct Agreement(Linear.Args args, ActivationKind kind, bool withBias) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            (int images, int depth, int outputs) = (args.X.N, args.X.C, args.Y.C);
            float[] input = Fill.Uniform(1, args.X.Length), weights = Fill.Uniform(2, args.Weight.Length);
            float[] b = withBias ? Fill.Uniform(3, outputs) : [];
            double[] sum = new double[args.Y.Length], magnitude = new double[args.Y.Length];
            Linear.ForwardReference<double>(args, BlockedChecks.Wide(input), BlockedChecks.Wide(weights),
                BlockedChecks.Wide(b), sum);
            Linear.ForwardReference<double>(args, BlockedChecks.Magnitude(input), BlockedChecks.Magnitude(weights),
                BlockedChecks.Magnitude(b), magnitude);
            int xStride = depth + 3, yStride = outputs + 5;
            using GuardedMemory x = new((images - 1) * xStride + depth), y = new((images - 1) * yStride + outputs);
            using GuardedMemory bias = new(outputs);
            using AlignedBuffer<float> w = new(BlockedLinear<TSimd, TVector>.PackedLength(depth, outputs));
            for (int n = 0; n < images; n++)
            {
                input.AsSpan(n * depth, depth).CopyTo(x.GetSpan()[(n * xStride)..]);
            }

            b.CopyTo(bias.GetSpan());
            y.GetSpan().Fill(-7f);
            BlockedLinear<TSimd, TVector>.Pack(weights, depth, outputs, w.Pointer);
            float* px = x.Pointer, pb = bias.Pointer, py = y.Pointer;
            float* start = withBias ? pb : null;
            BlockedLinear<TSimd, TVector>.Run(px, xStride, images, depth, w.Pointer, start, kind, py, yStride, 0,
                outputs);
            float[] whole = Gathered(y.GetSpan(), images, outputs, yStride);
            double[] expected = new double[sum.Length], bounds = new double[sum.Length];
            for (int i = 0; i < sum.Length; i++)
            {
                expected[i] = Activation.Value(kind, sum[i]);
                bounds[i] = Activation.ValueError(kind, sum[i], ErrorBound.Sum(depth + 1, magnitude[i]))
                    + ErrorBound.Unit * Math.Abs(expected[i]);
            }

            Check.Close(expected, whole, bounds, $"y at {TSimd.Lanes} lanes", args.Y);

            // Image by image and in two shares of the outputs: the same bits.
            int step = BlockedLinear<TSimd, TVector>.OutputStep, first = Math.Min(outputs, outputs / 2 / step * step);
            for (int n = 0; n < images; n++)
            {
                BlockedLinear<TSimd, TVector>.Run(px + n * xStride, xStride, 1, depth, w.Pointer, start, kind,
                    py + n * yStride, yStride, first, outputs - first);
                BlockedLinear<TSimd, TVector>.Run(px + n * xStride, xStride, 1, depth, w.Pointer, start, kind,
                    py + n * yStride, yStride, 0, first);
            }

            Check.SameBits(whole, Gathered(y.GetSpan(), images, outputs, yStride), "y in shares", args.Y);
        }

        /// <summary>The outputs; what stands between two images is as it was.</summary>
        private static float[] Gathered(Span<float> y, int images, int outputs, int stride)
        {
            List<float> all = [];
            for (int n = 0; n < images; n++)
            {
                all.AddRange(y.Slice(n * stride, outputs));
                if (n < images - 1)
                {
                    Assert.False(y.Slice(n * stride + outputs, stride - outputs).ContainsAnyExcept(-7f));
                }
            }

            return [.. all];
        }
    }
}
