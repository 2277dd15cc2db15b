namespace MuxKernels.Training;

/// <summary>Small memory of a plan (coefficients, sums, packed weights, offset tables): reserved while the plan is
/// made, allocated at its end.</summary>
internal sealed unsafe class NumberPool : IDisposable
{
    private long length;
    private AlignedBuffer<float>? memory;

    /// <summary>Bytes.</summary>
    public long Bytes => length * sizeof(float);

    /// <summary>Reserves whole cache lines.</summary>
    public Numbers Reserve(long floats)
    {
        Numbers numbers = new(this, length, checked((int)floats));
        length += (floats + 15) / 16 * 16;
        return numbers;
    }

    /// <summary>Allocates what was reserved, zeroed.</summary>
    public void Allocate() => memory = new AlignedBuffer<float>(length);

    /// <inheritdoc/>
    public void Dispose() => memory?.Dispose();

    internal float* At(long offset) => (memory
        ?? throw new InvalidOperationException("The plan's memory has not been allocated yet.")).Pointer + offset;
}

/// <summary>A run of a <see cref="NumberPool"/>.</summary>
internal sealed unsafe class Numbers(NumberPool pool, long offset, int length)
{
    /// <summary>Floats.</summary>
    public int Length { get; } = length;

    /// <summary>Its memory; only after the pool was allocated.</summary>
    public float* Pointer => pool.At(offset);

    /// <summary>The numbers.</summary>
    public Span<float> Span => new(Pointer, Length);
}
