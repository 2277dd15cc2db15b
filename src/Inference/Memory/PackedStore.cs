namespace MuxKernels.Inference;

/// <summary>Fills a piece of packed memory.</summary>
internal unsafe delegate void PackAction(float* packed);

/// <summary>A piece of a plan's packed weights.</summary>
internal sealed unsafe class Packed(PackedStore store, long offset, int length)
{
    /// <summary>Floats.</summary>
    public int Length { get; } = length;

    /// <summary>Its memory; only after the store was filled.</summary>
    public float* Pointer => store.Memory.Pointer + offset;
}

/// <summary>All weights, biases and tables of a plan in one piece of memory, in the order of the steps.</summary>
internal sealed unsafe class PackedStore : IDisposable
{
    private List<(long Offset, PackAction Fill)> fills = [];
    private long length;
    private AlignedBuffer<float>? memory;

    public AlignedBuffer<float> Memory => memory
        ?? throw new InvalidOperationException("The plan's weights have not been packed yet.");

    /// <summary>Floats reserved so far.</summary>
    public long Position => length;

    public long Bytes => (memory?.Length ?? length) * sizeof(float);

    /// <summary>Reserves memory that is filled when the plan is complete.</summary>
    public Packed Reserve(int floats, PackAction fill)
    {
        Packed packed = new(this, length, floats);
        fills.Add((length, fill));
        length += (floats + 15) / 16 * 16;
        return packed;
    }

    /// <summary>Allocates and fills; forgets where the numbers came from.</summary>
    public void Fill()
    {
        memory = new AlignedBuffer<float>(length);
        foreach ((long offset, PackAction fill) in fills)
        {
            fill(memory.Pointer + offset);
        }

        fills = [];
    }

    public void Dispose() => memory?.Dispose();
}
