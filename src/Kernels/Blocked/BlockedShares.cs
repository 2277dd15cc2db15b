namespace MuxKernels;

/// <summary>Cuts a run of pixels into tiles of the sizes that exist, so that none computes a pixel that is not there
/// and small tiles, which leave the multipliers idle, are few.</summary>
internal static class BlockedShares
{
    /// <summary>Pixels of the next tile where so many are left.</summary>
    /// <param name="left">Pixels that are left.</param>
    /// <param name="lanes">Lanes of a vector: 16 have 32 registers, fewer 16.</param>
    /// <param name="vectors">Vectors of output channels, 1 or 2.</param>
    /// <param name="tiles">Tiles of this size that may follow one another.</param>
    public static int Next(int left, int lanes, int vectors, out int tiles)
    {
        tiles = 1;
        if (vectors == 1 && lanes >= 16 && left >= 28 && left % 28 is 0 or 7 or > 11)
        {
            tiles = left / 28;
            return 28;
        }

        ReadOnlySpan<byte> table = lanes >= 16 ? Wide : vectors == 1 ? Single : Narrow;
        int most = lanes >= 16 ? 14 : vectors == 1 ? 12 : 6;
        if (left % most == 0)
        {
            tiles = left / most;
            return most;
        }

        if (left <= table.Length)
        {
            return table[left - 1];
        }

        tiles = (left - table.Length + most - 1) / most;
        return most;
    }

    /// <summary>Where 1 … 27 pixels are left, 32 registers.</summary>
    private static ReadOnlySpan<byte> Wide =>
        [1, 2, 3, 4, 5, 6, 7, 8, 5, 5, 6, 12, 7, 14, 8, 8, 12, 12, 12, 14, 14, 14, 14, 12, 12, 14, 14];

    /// <summary>Where 1 … 25 pixels are left, 16 registers.</summary>
    private static ReadOnlySpan<byte> Narrow =>
        [1, 2, 3, 4, 5, 6, 4, 4, 5, 5, 6, 6, 5, 5, 5, 6, 6, 6, 5, 5, 6, 6, 6, 6, 5];

    /// <summary>The same for one vector of output channels.</summary>
    private static ReadOnlySpan<byte> Single =>
        [1, 2, 3, 4, 5, 6, 7, 8, 5, 5, 6, 12, 7, 7, 8, 8, 12, 12, 12, 12, 7, 8, 8, 12];
}
