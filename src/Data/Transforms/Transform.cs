namespace MuxKernels.Data;

/// <summary>
/// One step from an image to the image a network sees. Images are float32 <c>[channels, height, width]</c>; the first
/// step gets pixels scaled to <c>0 … 1</c>. A step has no state: everything random comes from the sample's stream, and
/// a step takes the same number of random numbers for every image.
/// </summary>
public abstract class Transform
{
    /// <summary>Shape of the result, <c>[1, C, H, W]</c>.</summary>
    /// <exception cref="ShapeException">An image that the step can't work with.</exception>
    public abstract Shape Result(Shape x);

    /// <summary>Writes all of <paramref name="y"/>, which does not overlap <paramref name="x"/>.</summary>
    /// <param name="x">Image of shape <paramref name="shape"/>.</param>
    /// <param name="shape">Shape of <paramref name="x"/>, <c>[1, C, H, W]</c>.</param>
    /// <param name="y">Image of shape <c>Result(shape)</c>.</param>
    /// <param name="random">Random numbers of this sample.</param>
    public abstract void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random);

    /// <summary>Checks the lengths of the two images; for the first line of <see cref="Apply"/>.</summary>
    /// <exception cref="ShapeException">A length that differs from its shape's.</exception>
    protected void Check(ReadOnlySpan<float> x, Shape shape, ReadOnlySpan<float> y)
    {
        Guard.Length(x, shape, GetType().Name);
        Guard.Length(y, Result(shape), GetType().Name);
    }
}
