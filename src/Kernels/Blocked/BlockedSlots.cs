namespace MuxKernels;

/// <summary>Lists of the channels that stand in the slots (lanes of blocks) of a map, −1 where there is none.</summary>
internal static class BlockedSlots
{
    /// <summary>Channels that can be told apart here.</summary>
    public const int MostDistinct = 4096;

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

    /// <summary>How many channels follow one another where these are all that there are and stand first; 0 where it is
    /// otherwise.</summary>
    public static int FollowAtFirst(ReadOnlySpan<int> channels)
    {
        int count = 0;
        while (count < channels.Length && channels[count] >= 0 && channels[count] == channels[0] + count)
        {
            count++;
        }

        return Last(channels[count..]) < 0 ? count : 0;
    }

    /// <summary>The highest channel, −1 where there is none.</summary>
    public static int Last(ReadOnlySpan<int> channels)
    {
        int last = -1;
        foreach (int channel in channels)
        {
            last = Math.Max(last, channel);
        }

        return last;
    }

    /// <summary>Whether no channel stands in two slots, and there are not too many to tell.</summary>
    /// <param name="channels">The list.</param>
    /// <param name="last">The highest channel.</param>
    public static bool AreDistinct(ReadOnlySpan<int> channels, int last)
    {
        if (last >= MostDistinct)
        {
            return false;
        }

        Span<ulong> seen = stackalloc ulong[MostDistinct / 64];
        foreach (int channel in channels)
        {
            if (channel >= 0)
            {
                ulong bit = 1UL << (channel & 63);
                if ((seen[channel / 64] & bit) != 0)
                {
                    return false;
                }

                seen[channel / 64] |= bit;
            }
        }

        return true;
    }

    /// <summary>Whether each channel up to the last stands in one slot, and there are not too many to tell.</summary>
    /// <param name="channels">The list.</param>
    /// <param name="last">The highest channel.</param>
    public static bool AreAll(ReadOnlySpan<int> channels, int last)
    {
        int count = 0;
        foreach (int channel in channels)
        {
            count += channel >= 0 ? 1 : 0;
        }

        return count == last + 1 && AreDistinct(channels, last);
    }

    /// <summary>The slot of each channel, −1 where it has none.</summary>
    public static void Places(ReadOnlySpan<int> channels, Span<int> places)
    {
        places.Fill(-1);
        for (int slot = 0; slot < channels.Length; slot++)
        {
            if (channels[slot] >= 0)
            {
                places[channels[slot]] = slot;
            }
        }
    }
}
