namespace MuxKernels;

/// <summary>Lists of the channels that stand in the slots (lanes of blocks) of a map, −1 where a slot has none.</summary>
internal static class BlockedSlots
{
    /// <summary>Whether channels follow one another without a gap.</summary>
    public static bool Follow(ReadOnlySpan<int> channels)
    {
        for (int i = 0; i < channels.Length; i++)
        {
            if (channels[0] < 0 || channels[i] != channels[0] + i)
            {
                return false;
            }
        }

        return true;
    }
}
