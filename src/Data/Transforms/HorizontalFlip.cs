namespace MuxKernels.Data;

/// <summary>
/// Mirrors an image left to right with a given probability: <c>y[c, h, w] = x[c, h, W − 1 − w]</c>, otherwise
/// <c>y = x</c>.
/// </summary>
public sealed class HorizontalFlip : Transform
{
    /// <summary>Creates the step.</summary>
    /// <param name="probability">Share of the images that are mirrored, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A probability outside of 0 to 1.</exception>
    public HorizontalFlip(double probability = 0.5)
    {
        if (!(probability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "Expected 0 to 1.");
        }

        Probability = probability;
    }

    /// <summary>Share of the images that are mirrored.</summary>
    public double Probability { get; }

    /// <inheritdoc/>
    public override Shape Result(Shape x) => x;

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
    {
        Check(x, shape, y);
        x.CopyTo(y);
        if (random.NextSingle() >= Probability)
        {
            return;
        }

        for (int start = 0; start < y.Length; start += shape.W)
        {
            y.Slice(start, shape.W).Reverse();
        }
    }
}
