using System.Runtime.InteropServices;

namespace MuxKernels;

/// <summary>Native memory of <typeparamref name="T"/>, 64-byte aligned, with 64 readable bytes after its end so that
/// a whole vector may be loaded at the last element.</summary>
/// <typeparam name="T">Unmanaged element.</typeparam>
public sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    private T* pointer;

    /// <summary>Allocates memory, zeroed.</summary>
    /// <exception cref="OutOfMemoryException">The machine has not that much memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, int.MaxValue);
        Length = (int)length;
        nuint bytes = ((nuint)length * (nuint)sizeof(T) + 127) / 64 * 64;
        pointer = (T*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(pointer, bytes);
        GC.AddMemoryPressure((long)bytes);
    }

    /// <summary>Frees memory that was never disposed of.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>Address of the first element.</summary>
    public T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(pointer is null, this);
            return pointer;
        }
    }

    /// <summary>The elements.</summary>
    public Span<T> Span => new(Pointer, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (pointer is not null)
        {
            NativeMemory.AlignedFree(pointer);
            pointer = null;
            GC.RemoveMemoryPressure((long)(((nuint)Length * (nuint)sizeof(T) + 127) / 64 * 64));
        }
    }
}
