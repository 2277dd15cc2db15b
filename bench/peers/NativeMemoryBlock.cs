using System.Runtime.InteropServices;

namespace MuxKernels.Peers;

/// <summary>Floats outside the managed heap, on a cache line's boundary: operands of a peer's calls.</summary>
internal sealed unsafe class NativeMemoryBlock : IDisposable
{
    private float* start;

    public NativeMemoryBlock(long length)
    {
        Length = checked((int)length);
        start = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, length * sizeof(float)), 64);
        Span.Clear();
    }

    public int Length { get; }

    public float* Pointer => start;

    public Span<float> Span => new(start, Length);

    public void Dispose()
    {
        NativeMemory.AlignedFree(start);
        start = null;
    }
}
