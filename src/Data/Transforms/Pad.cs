namespace MuxKernels.Data;

/// <summary>
/// Puts zeros around an image, <c>y[c, h + top, w + left] = x[c, h, w]</c>. Before <see cref="Normalize"/> the zeros
/// are black pixels. <c>new Pad(2)</c> makes 32×32 of 28×28.
/// </summary>
public sealed class Pad : Transform
{
    /// <summary>The same border on all sides.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative border.</exception>
    public Pad(int border)
        : this(border, border, border, border)
    {
    }

    /// <summary>A border of its own on each side.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative border.</exception>
    public Pad(int top, int bottom, int left, int right)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfNegative(bottom);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(right);
        (Top, Bottom, Left, Right) = (top, bottom, left, right);
    }

    /// <summary>Rows above.</summary>
    public int Top { get; }

    /// <summary>Rows below.</summary>
    public int Bottom { get; }

    /// <summary>Columns to the left.</summary>
    public int Left { get; }

    /// <summary>Columns to the right.</summary>
    public int Right { get; }

    /// <inheritdoc/>
    public override Shape Result(Shape x) =>
        x with { H = checked(x.H + Top + Bottom), W = checked(x.W + Left + Right) };

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
    {
        Check(x, shape, y);
        Crop.Copy(x, shape, y, Result(shape), -Top, -Left);
    }
}
