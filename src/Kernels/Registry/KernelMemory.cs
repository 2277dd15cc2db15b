namespace MuxKernels;

/// <summary>Memory of one operand in the registry's uniform call. Converts to a span wherever a kernel wants one, and
/// from an array; tests hand in native memory between forbidden pages.</summary>
/// <param name="Memory">The numbers.</param>
public readonly record struct KernelMemory(Memory<float> Memory)
{
    /// <summary>The numbers.</summary>
    public Span<float> Span => Memory.Span;

    /// <summary>Number of elements.</summary>
    public int Length => Memory.Length;

    /// <summary>One element.</summary>
    public ref float this[int index] => ref Memory.Span[index];

    /// <summary>The numbers of an array.</summary>
    public static implicit operator KernelMemory(float[] array) => new(array);

    /// <summary>The numbers, writable.</summary>
    public static implicit operator Span<float>(KernelMemory memory) => memory.Memory.Span;

    /// <summary>The numbers, read only.</summary>
    public static implicit operator ReadOnlySpan<float>(KernelMemory memory) => memory.Memory.Span;

    /// <summary>The memory of an array.</summary>
    public static KernelMemory FromArray(float[] array) => array;

    /// <summary>Each array as an operand.</summary>
    public static KernelMemory[] Of(float[][] arrays) => Array.ConvertAll(arrays, FromArray);

    /// <summary>The numbers, writable.</summary>
    public Span<float> AsSpan() => Span;

    /// <summary>The numbers, read only.</summary>
    public ReadOnlySpan<float> ToReadOnlySpan() => Span;

    /// <summary>The numbers, writable.</summary>
    public Span<float> ToSpan() => Span;

    /// <summary>A copy.</summary>
    public float[] ToArray() => Span.ToArray();
}
