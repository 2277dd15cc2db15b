namespace MuxKernels.Data;

/// <summary>
/// Sets a square of an image to zero in all channels, wherever it lies: its centre is any pixel with equal probability,
/// what lies outside the image is left out. Behind <see cref="Normalize"/> zero is the mean of the images.
/// </summary>
public sealed class Cutout : Transform
{
    /// <summary>A square of <paramref name="side"/> × <paramref name="side"/> pixels.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1.</exception>
    public Cutout(int side)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        Side = side;
    }

    /// <summary>Pixels of a side.</summary>
    public int Side { get; }

    /// <inheritdoc/>
    public override Shape Result(Shape x) => x;

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
    {
        Check(x, shape, y);
        x.CopyTo(y);
        (int top, int height) = Run(random.NextInt32(shape.H), shape.H);
        (int left, int width) = Run(random.NextInt32(shape.W), shape.W);
        for (int c = 0; c < shape.C; c++)
        {
            for (int h = top; h < top + height; h++)
            {
                y.Slice((c * shape.H + h) * shape.W + left, width).Clear();
            }
        }
    }

    /// <summary>Pixels of one direction around a centre.</summary>
    private (int Start, int Length) Run(int centre, int size)
    {
        long start = (long)centre - Side / 2;
        int from = (int)Math.Max(0, start);
        return (from, (int)Math.Min(size, start + Side) - from);
    }
}
