namespace MuxKernels.Inference;

/// <summary>The network's input, NCHW, into a blocked map: block by block.</summary>
internal sealed unsafe class InputStep : Step
{
    private readonly Map y;
    private readonly int[] order;

    public InputStep(Shape x, Map y, IReadOnlyList<int> order)
        : base("input", "to blocks")
    {
        (this.y, this.order) = (y, [.. order]);
        Items = y.Blocks;
        Bytes = sizeof(float) * (x.ImageLength + (long)order.Count * x.Pixels);
        Layout = $"NCHW to NCHWc{y.Lanes}";
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        BlockCopy.FromPlanes(c.Input, y, order, item, c.Arena);
        y.ZeroBorder(c.Arena, item, 1, 0, y.Height);
    }
}

/// <summary>A blocked value into NCHW memory: the plan's output.</summary>
internal sealed unsafe class OutputStep : Step
{
    private readonly BlockedValue x;

    public OutputStep(BlockedValue x)
        : base("output", "to NCHW")
    {
        this.x = x;
        Items = x.Channels.Length;
        Bytes = 2 * sizeof(float) * x.Shape.ImageLength;
        Layout = "to NCHW";
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c) =>
        BlockCopy.ToPlane(x, item, c, c.Output + (long)item * x.Shape.Pixels);
}

/// <summary>A vector as the plan's output.</summary>
internal sealed unsafe class VectorOutputStep(Region x, int length) : Step("output", "to output")
{
    /// <inheritdoc/>
    public override void Run(int item, in StepContext c) =>
        new Span<float>(c.At(x), length).CopyTo(new Span<float>(c.Output, length));
}

/// <summary>A value into another order or another border: needed only by networks that give one map to convolutions
/// with different wishes. The one step that moves values.</summary>
internal sealed unsafe class RepackStep : Step
{
    private readonly BlockedValue x;
    private readonly Map y;
    private readonly int[] order;

    public RepackStep(string name, BlockedValue x, Map y, IReadOnlyList<int> order)
        : base(name, x.Gate is null ? "repack" : "gate")
    {
        (this.x, this.y, this.order) = (x, y, [.. order]);
        Items = y.Blocks;
        Bytes = 2 * sizeof(float) * (long)y.Blocks * y.Lanes * x.Shape.Pixels;
        Layout = $"NCHWc{y.Lanes}";
    }

    /// <inheritdoc/>
    public override bool IsMovement => x.Gate is null;

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        for (int lane = 0; lane < y.Lanes; lane++)
        {
            int slot = item * y.Lanes + lane, channel = order[slot];
            float* to = c.Arena + y.OffsetOf(slot);
            if (channel < 0)
            {
                BlockCopy.Fill(to, y, 0f);
                continue;
            }

            Place place = x.Channels[channel];
            float factor = BlockCopy.Factor(x, channel, c);
            float* from = c.Arena + place.Map.OffsetOf(place.Slot);
            for (int h = 0; h < y.Height; h++)
            {
                for (int w = 0; w < y.Width; w++)
                {
                    to[h * y.RowStride + w * y.Lanes] = from[h * place.Map.RowStride + w * place.Map.Lanes] * factor;
                }
            }
        }

        y.ZeroBorder(c.Arena, item, 1, 0, y.Height);
    }
}

/// <summary>Copies between planes and blocked maps.</summary>
internal static unsafe class BlockCopy
{
    /// <summary>One block of a map from planes.</summary>
    public static void FromPlanes(float* x, Map y, int[] order, int block, float* arena)
    {
        int pixels = y.Height * y.Width;
        for (int lane = 0; lane < y.Lanes; lane++)
        {
            int channel = order[block * y.Lanes + lane];
            float* to = arena + y.OffsetOf(block * y.Lanes + lane);
            if (channel < 0)
            {
                Fill(to, y, 0f);
                continue;
            }

            float* from = x + (long)channel * pixels;
            for (int h = 0; h < y.Height; h++)
            {
                for (int w = 0; w < y.Width; w++)
                {
                    to[h * y.RowStride + w * y.Lanes] = from[h * y.Width + w];
                }
            }
        }
    }

    /// <summary>One channel of a value as a plane.</summary>
    public static void ToPlane(BlockedValue x, int channel, in StepContext c, float* y)
    {
        Place place = x.Channels[channel];
        Map map = place.Map;
        float* from = c.Arena + map.OffsetOf(place.Slot);
        float factor = Factor(x, channel, c);
        for (int h = 0; h < map.Height; h++)
        {
            for (int w = 0; w < map.Width; w++)
            {
                y[h * map.Width + w] = from[h * map.RowStride + w * map.Lanes] * factor;
            }
        }
    }

    /// <summary>A number for one slot in all pixels.</summary>
    public static void Fill(float* slot, Map map, float value)
    {
        for (int h = 0; h < map.Height; h++)
        {
            for (int w = 0; w < map.Width; w++)
            {
                slot[h * map.RowStride + w * map.Lanes] = value;
            }
        }
    }

    /// <summary>The gate's factor of a channel, 1 where there is no gate.</summary>
    public static float Factor(BlockedValue x, int channel, in StepContext c) =>
        x.Gate is { } gate ? c.At(gate.Region)[Array.IndexOf(gate.Order, channel)] : 1f;
}
