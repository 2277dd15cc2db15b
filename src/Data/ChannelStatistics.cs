namespace MuxKernels.Data;

/// <summary>
/// Mean and standard deviation of each channel, of pixels scaled to 0 … 1:
/// <c>mean = Σx / n</c>, <c>std = √(Σ(x − mean)² / n)</c>. Sums are exact integers, so the result does not depend on
/// any order.
/// </summary>
/// <param name="Mean">One mean for each channel.</param>
/// <param name="Std">One standard deviation for each channel.</param>
public sealed record ChannelStatistics(IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>Statistics of all pixels of a data set.</summary>
    /// <exception cref="ArgumentException">A data set without images.</exception>
    public static ChannelStatistics Of(ImageDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (dataset.Count == 0)
        {
            throw new ArgumentException($"{dataset.Source}: no images, expected at least one.", nameof(dataset));
        }

        int pixels = dataset.ImageShape.Pixels;
        float[] mean = new float[dataset.Channels], std = new float[dataset.Channels];
        for (int c = 0; c < dataset.Channels; c++)
        {
            long[] histogram = new long[256];
            for (int n = 0; n < dataset.Count; n++)
            {
                foreach (byte x in dataset.Image(n).Slice(c * pixels, pixels))
                {
                    histogram[x]++;
                }
            }

            (mean[c], std[c]) = Moments(histogram, (long)dataset.Count * pixels);
        }

        return new ChannelStatistics(mean, std);
    }

    private static (float Mean, float Std) Moments(long[] histogram, long count)
    {
        long sum = 0;
        for (int x = 0; x < histogram.Length; x++)
        {
            sum += histogram[x] * x;
        }

        double mean = (double)sum / count, squares = 0;
        for (int x = 0; x < histogram.Length; x++)
        {
            squares += histogram[x] * (x - mean) * (x - mean);
        }

        return ((float)(mean / 255), (float)(Math.Sqrt(squares / count) / 255));
    }
}
