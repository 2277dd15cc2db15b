using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>Rows that are images, each with factors of its own, and memory that is fetched on the way.</summary>
public unsafe class BlockedNormImagesTests
{
    [Theory]
    [InlineData(ActivationKind.Swish, 2, 1, 4, true)]
    [InlineData(ActivationKind.Swish, 3, 5, 4, true)]
    [InlineData(ActivationKind.Relu, 2, 3, 7, true)]
    [InlineData(ActivationKind.None, 1, 4, 1, false)]
    public void Gradients_of_images_are_those_of_each_alone(ActivationKind kind, int blocks, int images, int pixels,
        bool pooled)
    {
        for (int gap = 0; gap < 8; gap++)
        {
            BlockedChecks.EveryWidth(new Same(new BandCase(kind, blocks, images, pixels, gap, true, pooled, 0, 3)));
        }
    }

    /// <summary>What is fetched changes nothing, wherever it is.</summary>
    [Theory]
    [InlineData(ActivationKind.Swish)]
    [InlineData(ActivationKind.Relu)]
    public void Fetching_changes_nothing(ActivationKind kind) =>
        BlockedChecks.EveryWidth(new Fetch(new BandCase(kind, 2, 3, 5, 3, false, false, 0, 4)));

    private readonly struct Same(BandCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            using BlockedNormBand t = new(c, TSimd.Lanes);
            int slots = t.Slots;
            using AlignedBuffer<float> factors = new(2L * c.Rows * slots);
            Fill.Uniform(9, factors.Length).CopyTo(factors.Span);
            fixed (BlockedBand* band = &t.Band)
            {
                BlockedBand all = *band, one = *band;
                all.Gate = factors.Pointer;
                all.Pooled = c.Pooled ? factors.Pointer + (long)c.Rows * slots : null;
                all.GateRow = slots;
                BlockedNorm<TSimd, TVector>.Gradient(c.Kind, &all, t.AAt, t.BAt, t.CAt);
                float[] together = t.Read(band->To);
                for (int row = 0; row < c.Rows; row++)
                {
                    (one.Rows, one.GateRow) = (1, 0);
                    one.Gate = all.Gate + row * slots;
                    one.Pooled = c.Pooled ? all.Pooled + row * slots : null;
                    one.Z = band->Z + row * band->ZRow;
                    one.G = band->G + row * band->GRow;
                    one.To = band->To + row * band->ToRow;
                    BlockedNorm<TSimd, TVector>.Gradient(c.Kind, &one, t.AAt, t.BAt, t.CAt);
                }

                Check.SameBits(t.Read(band->To), together, c.ToString());
                Assert.True(c.Rows == 1 || together.Distinct().Count() > 1);
            }
        }
    }

    private readonly struct Fetch(BandCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            using BlockedNormBand t = new(c, TSimd.Lanes);
            fixed (BlockedBand* band = &t.Band)
            {
                BlockedNorm<TSimd, TVector>.Forward(c.Kind, band);
                float[] plain = t.Read(band->To);
                band->Next = band->Z + (1 << 20);
                BlockedNorm<TSimd, TVector>.Forward(c.Kind, band);
                Check.SameBits(plain, t.Read(band->To), c.ToString());
            }
        }
    }
}
