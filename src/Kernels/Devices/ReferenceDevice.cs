namespace MuxKernels;

/// <summary>The plain loops in float64: gradient checks, goldens at 1e-6, and what every faster device is compared
/// with. Slow by design.</summary>
public sealed partial class ReferenceDevice : Device
{
    /// <inheritdoc/>
    public override string Name => "reference";

    /// <inheritdoc/>
    public override DeviceBuffer Rent(int length) => new ReferenceBuffer(this, length);

    /// <inheritdoc/>
    public override void Return(DeviceBuffer buffer)
    {
    }

    /// <summary>The numbers of a view.</summary>
    public static Span<double> Span(View view)
    {
        if (view.Buffer is null)
        {
            return [];
        }

        ReferenceBuffer buffer = view.Buffer as ReferenceBuffer ?? throw new InvalidOperationException(
            $"This memory belongs to {view.Buffer.Device.Name}, expected reference.");
        return buffer.Memory.AsSpan(view.Offset, view.Length);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from, View to)
    {
        Span<double> span = Span(to);
        for (int i = 0; i < from.Length; i++)
        {
            span[i] = from[i];
        }
    }

    /// <inheritdoc/>
    public override void Read(View from, Span<float> to)
    {
        Span<double> span = Span(from);
        for (int i = 0; i < span.Length; i++)
        {
            to[i] = (float)span[i];
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<double> from, View to) => from.CopyTo(Span(to));

    /// <inheritdoc/>
    public override void Read(View from, Span<double> to) => Span(from).CopyTo(to);

    /// <inheritdoc/>
    public override void Fill(View to, float value) => Span(to).Fill(value);

    /// <inheritdoc/>
    public override void Copy(View from, View to) => Span(from).CopyTo(Span(to));

    /// <inheritdoc/>
    public override void Accumulate(View x, View sum)
    {
        Span<double> from = Span(x), to = Span(sum);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] += from[i];
        }
    }

    /// <inheritdoc/>
    public override double SumOfSquares(View x)
    {
        double sum = 0;
        foreach (double value in Span(x))
        {
            sum += value * value;
        }

        return sum;
    }

    private sealed class ReferenceBuffer(Device device, int length) : DeviceBuffer(device, length)
    {
        public double[] Memory { get; } = new double[length];
    }
}
