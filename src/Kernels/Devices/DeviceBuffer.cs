namespace MuxKernels;

/// <summary>Memory that a device owns: float32 on a CPU or GPU, float64 on the reference device, nothing on the meta
/// device.</summary>
public abstract class DeviceBuffer
{
    /// <summary>Memory of <paramref name="length"/> elements on <paramref name="device"/>.</summary>
    protected DeviceBuffer(Device device, int length) => (Device, Length) = (device, length);

    /// <summary>The owner.</summary>
    public Device Device { get; }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>All of it.</summary>
    public View View => new(this, 0, Length);
}

/// <summary>A run of elements of a device's memory. The default value is the empty operand ("no bias").</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="Offset">First element.</param>
/// <param name="Length">Number of elements.</param>
public readonly record struct View(DeviceBuffer? Buffer, int Offset, int Length)
{
    /// <summary>No memory.</summary>
    public static View None => default;

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>A part of this run.</summary>
    /// <exception cref="ShapeException">Elements outside the run.</exception>
    public View Slice(int offset, int length)
    {
        Guard.That(offset >= 0 && length >= 0 && offset <= Length - length, nameof(View),
            $"elements {offset} … {(long)offset + length - 1} of a view of {Length}.");
        return new View(Buffer, Offset + offset, length);
    }
}
