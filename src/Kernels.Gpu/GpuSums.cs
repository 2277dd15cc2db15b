using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Sums in a fixed order: bands are cut by shape, a device gives the same bits in every run.</summary>
internal static class GpuSums
{
    /// <summary>Threads that a weight gradient aims for: <c>weights × bands</c>.</summary>
    private const int Threads = 1 << 16;

    /// <summary>Most bands of one weight gradient.</summary>
    private const int MaxBands = 512;

    /// <summary>Bands of a weight gradient that sums over <paramref name="rows"/> rows.</summary>
    public static int Bands(long weights, long rows) =>
        (int)Math.Clamp(Threads / Math.Max(weights, 1), 1, Math.Min(rows, MaxBands));

    /// <summary><c>sum[i] += Σ_b partial[b·length + i]</c>, in the order of b.</summary>
    public static void AddBands(AcceleratorStream stream, ArrayView<float> partial, ArrayView<float> sum, int bands) =>
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int, int>(AddBandsBody)(
            stream, GpuKernels.Cover(stream, sum.IntLength), partial, sum, sum.IntLength, bands);

    /// <summary>One thread for each element.</summary>
    internal static void AddBandsBody(ArrayView<float> partial, ArrayView<float> sum, int length, int bands)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        float total = 0f;
        for (int b = 0; b < bands; b++)
        {
            total += partial[b * length + i];
        }

        sum[i] += total;
    }
}
