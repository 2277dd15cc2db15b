using System.Runtime.InteropServices;

namespace MuxKernels.Inference;

/// <summary>A plan's weights and vectors in one piece of a device's memory.</summary>
internal sealed class DeviceConstants
{
    /// <summary>Every vector begins at a multiple of this many elements.</summary>
    private const int Alignment = 32;

    private readonly List<float> numbers = [];
    private View memory;

    /// <summary>Bytes.</summary>
    public long Bytes => sizeof(float) * (long)Length;

    /// <summary>Number of elements.</summary>
    public int Length => memory.IsEmpty ? numbers.Count : memory.Length;

    /// <summary>Adds numbers; the result gives their view once the memory is there. No numbers, no view.</summary>
    public Func<View> Add(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
        {
            return static () => View.None;
        }

        CollectionsMarshal.SetCount(numbers, (numbers.Count + Alignment - 1) / Alignment * Alignment);
        int offset = numbers.Count, length = values.Length;
        numbers.AddRange(values);
        return () => memory.Slice(offset, length);
    }

    /// <summary>Copies everything to the device and forgets it here.</summary>
    public void Write(DeviceBuffer buffer)
    {
        memory = buffer.View.Slice(0, numbers.Count);
        buffer.Device.Write(CollectionsMarshal.AsSpan(numbers), memory);
        numbers.Clear();
        numbers.TrimExcess();
    }
}
