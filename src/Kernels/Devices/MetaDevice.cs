namespace MuxKernels;

/// <summary>Shapes without memory: recording a network on it costs nothing and computes nothing.</summary>
public sealed class MetaDevice : Device
{
    /// <inheritdoc/>
    public override string Name => "meta";

    /// <summary>False: every operation is its shape.</summary>
    public override bool Computes => false;

    /// <inheritdoc/>
    public override DeviceBuffer Rent(int length) => new MetaBuffer(this, length);

    /// <inheritdoc/>
    public override void Return(DeviceBuffer buffer)
    {
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from, View to)
    {
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<double> from, View to)
    {
    }

    /// <summary>Not possible: there are no numbers here.</summary>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public override void Read(View from, Span<float> to) =>
        throw new InvalidOperationException("The meta device has shapes only; there are no numbers to read.");

    /// <inheritdoc cref="Read(View, Span{float})"/>
    public override void Read(View from, Span<double> to) => Read(from, Span<float>.Empty);

    /// <summary>Does nothing: here every operation is its shape.</summary>
    protected override void Missing(string operation)
    {
    }

    private sealed class MetaBuffer(Device device, int length) : DeviceBuffer(device, length);
}
