using MuxKernels.Inference;

namespace MuxKernels.Training;

/// <summary>
/// A map of a whole batch in channel blocks: block, image, row, column, lane. All pixels of a block follow one another,
/// so a 1×1 convolution sees one long row, whatever the size of an image's map.
/// </summary>
/// <param name="order">For each slot (block · L + lane) the channel there, or −1 for none.</param>
/// <param name="shape">Batch, channels, rows, columns.</param>
/// <param name="lanes">L.</param>
internal sealed class BatchMap(int[] order, Shape shape, int lanes)
{
    /// <summary>For each slot the channel there, or −1.</summary>
    public int[] Order { get; } = order;

    /// <summary>Shape of the batch.</summary>
    public Shape Shape { get; } = shape;

    /// <summary>Lanes of a block.</summary>
    public int Lanes { get; } = lanes;

    /// <summary>Slots.</summary>
    public int Slots => Order.Length;

    /// <summary>Blocks.</summary>
    public int Blocks => Order.Length / Lanes;

    /// <summary>Pixels of an image.</summary>
    public int ImagePixels => Shape.H * Shape.W;

    /// <summary>Pixels of the batch.</summary>
    public int Pixels => Shape.N * ImagePixels;

    /// <summary>Floats from one block to the next: an odd number of cache lines apart, so that neighbouring blocks do
    /// not fall into the same sets of the caches.</summary>
    public int BlockStride { get; } = checked((shape.N * shape.H * shape.W * lanes + 15) / 16 * 16 + 16);

    /// <summary>Where it lies.</summary>
    public Region Region { get; } = new((long)(order.Length / lanes)
        * ((shape.N * (long)shape.H * shape.W * lanes + 15) / 16 * 16 + 16));

    /// <summary>Floats from the arena's start to a slot's first pixel.</summary>
    public int OffsetOf(int slot) => Region.Offset + slot / Lanes * BlockStride + slot % Lanes;

    /// <summary>A pixel of block 0.</summary>
    public unsafe float* At(float* arena, int pixel) => arena + Region.Offset + (long)pixel * Lanes;

    /// <summary>A map of the same geometry.</summary>
    public BatchMap Twin() => new(Order, Shape, Lanes);
}

/// <summary>Where a channel of a stored value lives.</summary>
internal readonly record struct BatchPlace(StoredMap Map, int Slot);

/// <summary>The gradient of a value: several readers add to it, the first one writes.</summary>
internal sealed class GradientMap(BatchMap like)
{
    /// <summary>Its memory.</summary>
    public BatchMap Map { get; } = like.Twin();

    /// <summary>Whether somebody has written it.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Takes note of a writer; whether there was one before.</summary>
    public bool Write()
    {
        bool before = IsWritten;
        IsWritten = true;
        return before;
    }
}

/// <summary>A map whose numbers stand in the arena as their readers want them.</summary>
internal sealed class StoredMap(BatchMap map)
{
    /// <summary>The numbers.</summary>
    public BatchMap Map { get; } = map;

    /// <summary>Their gradient.</summary>
    public GradientMap Gradient { get; } = new(map);
}
