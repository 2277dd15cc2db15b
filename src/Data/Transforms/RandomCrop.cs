namespace MuxKernels.Data;

/// <summary>
/// Puts <c>padding</c> zeros around an image and cuts out a window at a random place, each place equally likely:
/// <c>y[c, h, w] = x[c, h + t − padding, w + l − padding]</c> with <c>t</c> in
/// <c>0 … H + 2·padding − height</c>, <c>l</c> likewise; zero outside of the image.
/// </summary>
public sealed class RandomCrop : Transform
{
    /// <summary>A window of the image's own size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative padding.</exception>
    public RandomCrop(int padding)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        Padding = padding;
    }

    /// <summary>A window of a given size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative padding or a size below 1.</exception>
    public RandomCrop(int height, int width, int padding)
        : this(padding)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        (Height, Width) = (height, width);
    }

    /// <summary>Zeros on each side before the cut.</summary>
    public int Padding { get; }

    /// <summary>Rows of the window; null for the image's own.</summary>
    public int? Height { get; }

    /// <summary>Columns of the window; null for the image's own.</summary>
    public int? Width { get; }

    /// <inheritdoc/>
    public override Shape Result(Shape x)
    {
        Shape y = x with { H = Height ?? x.H, W = Width ?? x.W };
        Guard.That(y.H <= x.H + 2L * Padding && y.W <= x.W + 2L * Padding, nameof(RandomCrop),
            $"a window of {y.H}×{y.W} does not fit an image of {x.H}×{x.W} with padding {Padding}.");
        return y;
    }

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
    {
        Check(x, shape, y);
        Shape result = Result(shape);
        int top = random.NextInt32(checked(shape.H + 2 * Padding - result.H + 1)) - Padding;
        int left = random.NextInt32(checked(shape.W + 2 * Padding - result.W + 1)) - Padding;
        Crop.Copy(x, shape, y, result, top, left);
    }
}
