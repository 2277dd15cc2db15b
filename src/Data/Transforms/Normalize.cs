namespace MuxKernels.Data;

/// <summary>Gives each channel mean 0 and deviation 1: <c>y[c, p] = (x[c, p] − mean[c]) / std[c]</c>.</summary>
public sealed class Normalize : Transform
{
    private readonly float[] mean, std;

    /// <summary>Takes the statistics of a data set.</summary>
    /// <exception cref="ArgumentException">See <see cref="Normalize(ReadOnlySpan{float}, ReadOnlySpan{float})"/>.
    /// </exception>
    public Normalize(ChannelStatistics statistics)
        : this([.. (statistics ?? throw new ArgumentNullException(nameof(statistics))).Mean], [.. statistics.Std])
    {
    }

    /// <summary>Takes one mean and one deviation for each channel.</summary>
    /// <exception cref="ArgumentException">No channels, different lengths, a number that is not finite, or a deviation
    /// that is not positive.</exception>
    public Normalize(ReadOnlySpan<float> mean, ReadOnlySpan<float> std)
    {
        if (mean.IsEmpty || mean.Length != std.Length)
        {
            throw new ArgumentException(
                $"Normalize: {mean.Length} means and {std.Length} deviations, expected one of each for every channel.",
                nameof(std));
        }

        for (int c = 0; c < mean.Length; c++)
        {
            if (!float.IsFinite(mean[c]) || !(std[c] > 0 && float.IsFinite(std[c])))
            {
                throw new ArgumentException(
                    $"Normalize: channel {c} has mean {mean[c]} and deviation {std[c]}, expected a positive deviation.",
                    nameof(std));
            }
        }

        (this.mean, this.std) = (mean.ToArray(), std.ToArray());
    }

    /// <summary>One mean for each channel.</summary>
    public ReadOnlySpan<float> Mean => mean;

    /// <summary>One standard deviation for each channel.</summary>
    public ReadOnlySpan<float> Std => std;

    /// <inheritdoc/>
    public override Shape Result(Shape x)
    {
        Guard.That(x.C == mean.Length, nameof(Normalize),
            $"an image has {x.C} channels, expected {mean.Length}, one for each mean.");
        return x;
    }

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
    {
        Check(x, shape, y);
        for (int c = 0; c < shape.C; c++)
        {
            ReadOnlySpan<float> plane = x.Slice(c * shape.Pixels, shape.Pixels);
            Span<float> result = y.Slice(c * shape.Pixels, shape.Pixels);
            for (int p = 0; p < plane.Length; p++)
            {
                result[p] = (plane[p] - mean[c]) / std[c];
            }
        }
    }
}
