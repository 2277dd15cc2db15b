namespace MuxKernels.Compare;

/// <summary>One image as a channel-blocked map with a border of zeros.</summary>
internal sealed unsafe class BlockedImage : IDisposable
{
    private readonly AlignedBuffer<float> memory;
    private readonly int border;

    private BlockedImage(int lanes, IReadOnlyList<int> order, Shape shape, int border)
    {
        (Lanes, Order, this.border) = (lanes, order, border);
        RowStride = (shape.W + 2 * border) * lanes;
        BlockStride = (shape.H + 2 * border) * RowStride;
        memory = new AlignedBuffer<float>((long)order.Count / lanes * BlockStride);
        memory.Span.Clear();
    }

    public int Lanes { get; }

    /// <summary>For each lane of each block the channel there, or −1.</summary>
    public IReadOnlyList<int> Order { get; }

    public int RowStride { get; }

    public int BlockStride { get; }

    /// <summary>Row 0, column 0 of the first block.</summary>
    public float* Origin => memory.Pointer + border * RowStride + border * Lanes;

    /// <summary>A map with channels in a given order.</summary>
    public static BlockedImage Of(int lanes, IReadOnlyList<int> order, Shape shape, int border) =>
        new(lanes, order, shape, border);

    /// <summary>A map with channel c in lane c.</summary>
    public static BlockedImage InOrder(int lanes, Shape shape, int border) =>
        new(lanes, [.. Enumerable.Range(0, (shape.C + lanes - 1) / lanes * lanes).Select(c => c < shape.C ? c : -1)],
            shape, border);

    /// <summary>Floats from the origin to row 0, column 0 of a slot.</summary>
    public int OffsetOf(int slot) => slot / Lanes * BlockStride + slot % Lanes;

    /// <summary>Puts planes into the map.</summary>
    public void Write(ReadOnlySpan<float> planes, Shape shape)
    {
        for (int slot = 0; slot < Order.Count; slot++)
        {
            for (int p = 0; Order[slot] >= 0 && p < shape.Pixels; p++)
            {
                Origin[OffsetOf(slot) + p / shape.W * RowStride + p % shape.W * Lanes] =
                    planes[Order[slot] * shape.Pixels + p];
            }
        }
    }

    /// <summary>Takes planes out of the map.</summary>
    public void Read(Span<float> planes, Shape shape)
    {
        for (int slot = 0; slot < Order.Count; slot++)
        {
            for (int p = 0; Order[slot] >= 0 && p < shape.Pixels; p++)
            {
                planes[Order[slot] * shape.Pixels + p] =
                    Origin[OffsetOf(slot) + p / shape.W * RowStride + p % shape.W * Lanes];
            }
        }
    }

    public void Dispose() => memory.Dispose();
}
