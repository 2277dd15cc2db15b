using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public unsafe class BlockedStemTests
{
    private static readonly Gen<(DenseConv.Args Args, StoreCase Store)> Cases =
        from channels in Gen.Choose(1, 5)
        from outputs in Gen.Choose(1, 50)
        from height in Gen.Choose(1, 12)
        from width in Gen.Choose(1, 35)
        from kernel in Gen.Choose(1, 5)
        from stride in Gen.Choose(1, 4)
        from dilation in Gen.Choose(1, 2)
        from padding in Gen.Choose(0, 3)
        from store in StoreCase.Cases
        select (new DenseConv.Args(new Shape(1, channels, height, width), outputs, kernel, stride, dilation,
            padding switch
            {
                0 => Padding.Same,
                1 => Padding.Of(kernel * dilation),
                2 => Padding.Of((kernel - 1) * dilation + 40),
                _ => Math.Min(height, width) >= kernel * dilation ? default : Padding.Same,
            }), store);

    [Fact]
    public void Agrees_with_the_reference_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Agreement(c.Args, c.Store)))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(3, 24, 3, 2)]
    [InlineData(1, 16, 5, 1)]
    [InlineData(4, 40, 7, 3)]
    public void Stems_of_networks(int channels, int outputs, int kernel, int stride)
    {
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            BlockedChecks.EveryWidth(new Agreement(
                new DenseConv.Args(new Shape(1, channels, 30, 32), outputs, kernel, stride),
                new StoreCase(kind, false, 1, 0, true, kind == ActivationKind.Relu)));
        }
    }

    private readonly struct Agreement(DenseConv.Args args, StoreCase store) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            DenseConv.Args geometry = args;
            float[] input = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
            float[] bias = Fill.Uniform(3, args.Y.C), scale = Fill.Uniform(4, args.Y.C, 0.5f, 2f);
            float[] scaled = [.. w.Select((v, i) => v * scale[i / geometry.Depth])];
            double[] sum = new double[args.Y.Length], magnitude = new double[args.Y.Length];
            DenseConv.ForwardReference<double>(args, BlockedChecks.Wide(input), BlockedChecks.Wide(scaled),
                BlockedChecks.Wide(bias), sum);
            DenseConv.ForwardReference<double>(args, BlockedChecks.Magnitude(input), BlockedChecks.Magnitude(scaled),
                BlockedChecks.Magnitude(bias), magnitude);
            using AlignedBuffer<float> x = new(input.Length);
            using AlignedBuffer<float> packed = new(BlockedStem<TSimd, TVector>.PackedLength(args));
            input.CopyTo(x.Span);
            BlockedStem<TSimd, TVector>.Pack(args, w, scale, packed.Pointer);
            BlockedChecks.Store<TSimd, TVector>(store, args.Y, sum, magnitude, args.Depth, bias, (to, first, count) =>
            {
                int length = BlockedStem<TSimd, TVector>.ScratchLength(geometry, Math.Max(count, 1));
                using AlignedBuffer<float> scratch = new(length + 16);
                scratch.Span.Fill(float.NaN);
                scratch.Span[length..].Fill(3f);
                BlockedStem<TSimd, TVector>.Run(geometry, x.Pointer, packed.Pointer, to, first, count,
                    scratch.Pointer);
                Assert.False(scratch.Span[length..].ContainsAnyExcept(3f));
            });
        }
    }
}
