namespace MuxKernels.Inference;

/// <summary>
/// A map in channel blocks, NCHWcL of one image with a border of zeros: slot s (block s / L, lane s mod L) of the pixel
/// in row h and column w stands at <c>Start + (s/L)·BlockStride + h·RowStride + w·L + s mod L</c>.
/// </summary>
internal sealed class Map
{
    public Map(int blocks, int height, int width, int border, int lanes)
    {
        (Blocks, Height, Width, Border, Lanes) = (blocks, height, width, border, lanes);
        RowStride = checked((width + 2 * border) * lanes);
        BlockStride = checked((height + 2 * border) * RowStride);
        Region = new Region((long)blocks * BlockStride);
    }

    public Region Region { get; }

    public int Blocks { get; }

    public int Height { get; }

    public int Width { get; }

    public int Border { get; }

    public int Lanes { get; }

    public int RowStride { get; }

    public int BlockStride { get; }

    /// <summary>Floats from the arena's start to row 0, column 0 of block 0.</summary>
    public int Start => Region.Offset + Border * RowStride + Border * Lanes;

    /// <summary>Floats from the arena's start to a slot's row 0, column 0.</summary>
    public int OffsetOf(int slot) => Start + slot / Lanes * BlockStride + slot % Lanes;

    /// <summary>Writes the zeros around rows of some blocks; the first and last rows bring those above and
    /// below.</summary>
    public unsafe void ZeroBorder(float* arena, int firstBlock, int blocks, int firstRow, int rows)
    {
        if (Border == 0)
        {
            return;
        }

        int side = Border * Lanes, width = Width * Lanes;
        for (int b = firstBlock; b < firstBlock + blocks; b++)
        {
            float* start = arena + Start + (long)b * BlockStride - side;
            if (firstRow == 0)
            {
                new Span<float>(start - Border * RowStride, Border * RowStride).Clear();
            }

            for (int h = firstRow; h < firstRow + rows; h++)
            {
                new Span<float>(start + h * RowStride, side).Clear();
                new Span<float>(start + h * RowStride + side + width, side).Clear();
            }

            if (firstRow + rows == Height)
            {
                new Span<float>(start + Height * RowStride, Border * RowStride).Clear();
            }
        }
    }
}

/// <summary>Where a channel of a value lives.</summary>
internal readonly record struct Place(Map Map, int Slot);

/// <summary>A result of the network as the plan holds it.</summary>
internal abstract record Value(Shape Shape);

/// <summary>The network's input: NCHW memory of the caller.</summary>
internal sealed record InputValue(Shape Shape) : Value(Shape);

/// <summary>A map whose channels may lie in several blocked maps of equal geometry, in any order; optionally to be
/// multiplied by a gate for each channel.</summary>
internal sealed record BlockedValue(Shape Shape, Place[] Channels, Gate? Gate = null) : Value(Shape)
{
    /// <summary>A value that fills a map in an order (slot → channel or −1).</summary>
    public static BlockedValue Of(Shape shape, Map map, IReadOnlyList<int> order)
    {
        Place[] places = new Place[shape.C];
        for (int s = 0; s < order.Count; s++)
        {
            if (order[s] >= 0)
            {
                places[order[s]] = new Place(map, s);
            }
        }

        return new BlockedValue(shape, places);
    }

    /// <summary>The only map, or null where there are several.</summary>
    public Map? Single => Channels.All(c => ReferenceEquals(c.Map, Channels[0].Map)) ? Channels[0].Map : null;

    /// <summary>Whether a map in this order with this border is what the value is.</summary>
    public bool Is(IReadOnlyList<int> order, int border)
    {
        if (Single is not { } map || map.Border < border || Gate is not null)
        {
            return false;
        }

        for (int s = 0; s < order.Count; s++)
        {
            if (order[s] >= 0 && (order[s] >= Channels.Length || Channels[order[s]].Slot != s))
            {
                return false;
            }
        }

        return map.Blocks * map.Lanes == order.Count;
    }
}

/// <summary>A vector of C numbers of one image: channel c at <c>Region + c</c>.</summary>
internal sealed record VectorValue(Shape Shape, Region Region) : Value(Shape);

/// <summary>Squeeze-excite's factors, one for each channel in <see cref="Order"/>, then <see cref="Ones"/> ones (for
/// inputs of the next convolution that are not gated).</summary>
internal sealed class Gate(int[] order)
{
    /// <summary>Channels in the order of the factors.</summary>
    public int[] Order { get; } = order;

    /// <summary>Ones that follow.</summary>
    public int Ones { get; private set; }

    /// <summary>Where the factors stand.</summary>
    public Region Region { get; } = new(order.Length);

    /// <summary>Asks for ones behind the factors.</summary>
    public void Need(int ones)
    {
        Ones = Math.Max(Ones, ones);
        Region.Grow(Order.Length + Ones);
    }
}
