namespace MuxKernels.Data;

/// <summary>
/// Steps one after the other, for images of one shape: bytes are scaled to <c>0 … 1</c> (<c>x / 255</c>) and go through
/// every step. Geometry is checked once, here. Safe for several threads, each with scratch memory of its own.
/// </summary>
public sealed class TransformChain
{
    private readonly Transform[] steps;
    private readonly Shape[] shapes;
    private readonly int half;

    /// <summary>Prepares the steps for images of a shape.</summary>
    /// <param name="image">Shape of an image, <c>[1, C, H, W]</c>.</param>
    /// <param name="steps">The steps, in order; none are needed.</param>
    /// <exception cref="ShapeException">A step that can't work with what it gets.</exception>
    public TransformChain(Shape image, IEnumerable<Transform> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        Guard.Positive(image, nameof(TransformChain));
        this.steps = [.. steps];
        shapes = new Shape[this.steps.Length + 1];
        shapes[0] = image;
        for (int i = 0; i < this.steps.Length; i++)
        {
            shapes[i + 1] = this.steps[i].Result(shapes[i]);
            Guard.Positive(shapes[i + 1], this.steps[i].GetType().Name, "result");
        }

        half = (int)shapes.Max(shape => shape.Length);
    }

    /// <summary>Shape of a result, <c>[1, C, H, W]</c>.</summary>
    public Shape Result => shapes[^1];

    /// <summary>Elements of the scratch memory of one call.</summary>
    public int ScratchLength => checked(2 * half);

    /// <summary>Makes one image.</summary>
    /// <param name="image">Pixels.</param>
    /// <param name="y">Image of shape <see cref="Result"/>.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements.</param>
    /// <param name="random">Random numbers of this sample.</param>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public void Apply(ReadOnlySpan<byte> image, Span<float> y, Span<float> scratch, ref SampleRandom random)
    {
        Guard.Length(image, shapes[0], nameof(TransformChain));
        Guard.Length(y, Result, nameof(TransformChain));
        Guard.Scratch(scratch, ScratchLength, nameof(TransformChain));
        Span<float> x = steps.Length == 0 ? y : scratch[..image.Length];
        for (int i = 0; i < image.Length; i++)
        {
            x[i] = image[i] / 255f;
        }

        for (int i = 0; i < steps.Length; i++)
        {
            Span<float> result = i == steps.Length - 1
                ? y
                : scratch.Slice((i + 1) % 2 * half, (int)shapes[i + 1].Length);
            steps[i].Apply(x, shapes[i], result, ref random);
            x = result;
        }
    }
}
