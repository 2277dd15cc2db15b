namespace MuxKernels.Inference;

/// <summary>A run of floats in a plan's arena, alive from the step that writes it to the last that reads it.</summary>
internal sealed class Region(long length)
{
    /// <summary>Floats, a multiple of a cache line.</summary>
    public long Length { get; private set; } = (length + 15) / 16 * 16;

    /// <summary>Whether it is the images' vectors for the batched last layers, outside the arena.</summary>
    public bool IsTail { get; set; }

    /// <summary>First step that touches it.</summary>
    public int Born { get; private set; } = int.MaxValue;

    /// <summary>Last step that touches it.</summary>
    public int Dies { get; private set; } = -1;

    /// <summary>Floats from the arena's start; assigned when all steps are known.</summary>
    public int Offset { get; set; } = -1;

    /// <summary>Makes it at least this long.</summary>
    public void Grow(long floats) => Length = Math.Max(Length, (floats + 15) / 16 * 16);

    /// <summary>Marks a use.</summary>
    public void Use(int step) => (Born, Dies) = (Math.Min(Born, step), Math.Max(Dies, step));
}

/// <summary>Places regions whose lives do not meet over one another.</summary>
internal static class ArenaPlanner
{
    /// <summary>Assigns offsets, the largest regions first, each at the lowest place that is free while it
    /// lives.</summary>
    /// <returns>Floats of the arena.</returns>
    public static long Place(IReadOnlyList<Region> regions)
    {
        List<Region> placed = [];
        long total = 0;
        foreach (Region region in regions.Where(r => r.Dies >= 0 && !r.IsTail)
            .OrderByDescending(r => r.Length).ThenBy(r => r.Born))
        {
            long offset = 0;
            foreach (Region other in placed.OrderBy(p => p.Offset))
            {
                bool meet = other.Born <= region.Dies && region.Born <= other.Dies;
                if (meet && other.Offset < offset + region.Length && offset < other.Offset + other.Length)
                {
                    offset = other.Offset + other.Length;
                }
            }

            region.Offset = checked((int)offset);
            placed.Add(region);
            total = Math.Max(total, offset + region.Length);
        }

        return total;
    }
}
