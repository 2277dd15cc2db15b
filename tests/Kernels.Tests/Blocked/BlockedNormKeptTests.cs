using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>Swish with σ kept beside, against the kernels that compute it each time.</summary>
public unsafe class BlockedNormKeptTests
{
    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(2, 1, 37, true)]
    [InlineData(3, 1, 8, false)]
    [InlineData(2, 3, 5, true)]
    [InlineData(3, 4, 8, false)]
    [InlineData(1, 7, 19, true)]
    public void Values_slopes_and_sums_are_those_without_it(int blocks, int rows, int columns, bool gate)
    {
        for (int gap = 0; gap < 8; gap++)
        {
            BlockedChecks.EveryWidth(new Same(new BandCase(ActivationKind.Swish, blocks, rows, columns, gap, gate, gate,
                0, (ulong)gap + 1)));
        }
    }

    private readonly struct Same(BandCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            using BlockedNormBand t = new(c, TSimd.Lanes);
            int row = c.Columns * TSimd.Lanes, block = c.Rows * row;
            using AlignedBuffer<float> kept = new(c.Blocks * block);
            fixed (BlockedBand* band = &t.Band)
            {
                BlockedNorm<TSimd, TVector>.Forward(c.Kind, band);
                float[] forward = t.Read(band->To);
                band->Kept = kept.Pointer;
                band->KeptBlock = block;
                band->KeptRow = row;
                BlockedNorm<TSimd, TVector>.ForwardKeeping(band);
                Close(forward, t.Read(band->To), "forward");
                BlockedNorm<TSimd, TVector>.KeptForward(band);
                Close(forward, t.Read(band->To), "forward from what is kept");
                BlockedNorm<TSimd, TVector>.Gradient(c.Kind, band, t.AAt, t.BAt, t.CAt);
                float[] gradient = t.Read(band->To);
                BlockedNorm<TSimd, TVector>.KeptGradient(band, t.AAt, t.BAt, t.CAt);
                Close(gradient, t.Read(band->To), "gradient");
                if (c.Rows > 1)
                {
                    return;
                }

                band->Gate = null;
                band->Pooled = null;
                float* means = t.Sums(1, out Func<float[]> mean), other = t.Sums(1, out Func<float[]> same);
                kept.Span.Clear();
                BlockedNorm<TSimd, TVector>.Sums(c.Kind, band, means);
                BlockedNorm<TSimd, TVector>.SumsKeeping(band, other);
                Close(mean(), same(), "sums of values");
                float* sums = t.Sums(2, out Func<float[]> read), some = t.Sums(2, out Func<float[]> again);
                BlockedNorm<TSimd, TVector>.GradientSums(c.Kind, band, t.AboutAt, sums);
                float[] delta = t.Read(band->To);
                BlockedNorm<TSimd, TVector>.KeptGradientSums(band, t.AboutAt, some, some + t.Slots);
                Close(delta, t.Read(band->To), "d");
                Close(read(), again(), "sums");
                sums = t.Sums(5, out read);
                some = t.Sums(5, out again);
                BlockedNorm<TSimd, TVector>.GateGradientSums(c.Kind, band, t.AboutAt, sums);
                BlockedNorm<TSimd, TVector>.KeptGateGradientSums(band, t.AboutAt, some, t.Slots);
                Close(read(), again(), "gate sums");
            }
        }

        private void Close(float[] expected, float[] actual, string what)
        {
            double size = 1 + expected.Max(Math.Abs);
            Check.Close([.. expected.Select(v => (double)v)], actual, [.. expected.Select(_ => 2e-6 * size)],
                $"{what}, {c}");
        }
    }
}
