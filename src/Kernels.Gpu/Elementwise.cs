using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Elementwise kernels and sums that are no family's: fill, accumulate, sum of squares.</summary>
internal static class Elementwise
{
    /// <summary>Bands of a sum over a whole buffer.</summary>
    public const int SumBands = 4096;

    public static void Fill(AcceleratorStream stream, ArrayView<float> y, float value) =>
        GpuKernels.Of(stream).Get<ArrayView<float>, float, int>(FillBody)(
            stream, GpuKernels.Cover(stream, y.IntLength), y, value, y.IntLength);

    public static void Accumulate(AcceleratorStream stream, ArrayView<float> x, ArrayView<float> sum) =>
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int>(AccumulateBody)(
            stream, GpuKernels.Cover(stream, sum.IntLength), x, sum, sum.IntLength);

    /// <summary>Band b's <c>Σ x²</c> in double: the elements b, b + bands, b + 2·bands …</summary>
    public static void SumOfSquares(AcceleratorStream stream, ArrayView<float> x, ArrayView<double> bands) =>
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<double>, int, int>(SumOfSquaresBody)(
            stream, GpuKernels.Cover(stream, bands.IntLength), x, bands, x.IntLength, bands.IntLength);

    /// <summary><c>sum[0] ← Σ bands</c>, always in the same order.</summary>
    public static void SumBandsUp(AcceleratorStream stream, ArrayView<double> bands, ArrayView<double> sum) =>
        GpuKernels.Of(stream).Get<ArrayView<double>, ArrayView<double>, int>(SumBandsBody)(
            stream, new KernelConfig(1, GroupSum.Threads(stream, GroupSum.MaxThreads)), bands, sum, bands.IntLength);

    internal static void FillBody(ArrayView<float> y, float value, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            y[i] = value;
        }
    }

    internal static void AccumulateBody(ArrayView<float> x, ArrayView<float> sum, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            sum[i] += x[i];
        }
    }

    /// <summary>One thread for each band.</summary>
    internal static void SumOfSquaresBody(ArrayView<float> x, ArrayView<double> bands, int length, int count)
    {
        int band = Grid.IdxX * Group.DimX + Group.IdxX;
        if (band >= count)
        {
            return;
        }

        double sum = 0;
        for (int i = band; i < length; i += count)
        {
            double value = x[i];
            sum += value * value;
        }

        bands[band] = sum;
    }

    /// <summary>One group.</summary>
    internal static void SumBandsBody(ArrayView<double> bands, ArrayView<double> sum, int count)
    {
        ArrayView<double> shared = SharedMemory.Allocate<double>(GroupSum.MaxThreads);
        int t = Group.IdxX;
        double own = 0;
        for (int band = t; band < count; band += Group.DimX)
        {
            own += bands[band];
        }

        shared[t] = own;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                shared[t] += shared[t + half];
            }

            Group.Barrier();
        }

        if (t == 0)
        {
            sum[0] = shared[0];
        }
    }
}
