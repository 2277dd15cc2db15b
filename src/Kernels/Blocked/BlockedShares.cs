namespace MuxKernels;

/// <summary>Cuts a run of pixels into tiles of the sizes that exist, so that none computes a pixel that is not there and
/// small tiles, which leave the multipliers idle, are few.</summary>
internal static class BlockedShares
{
    /// <summary>Most pixels of a tile.</summary>
    public static int Most(int lanes) => lanes >= 16 ? 14 : 6;

    /// <summary>Pixels of the next tile where so many are left.</summary>
    public static int Next(int left, int lanes) =>
        lanes >= 16 ? left > Wide.Length ? 14 : Wide[left - 1] : left > Narrow.Length ? 6 : Narrow[left - 1];

    /// <summary>Where 1 … 27 pixels are left, 32 registers.</summary>
    private static ReadOnlySpan<byte> Wide =>
        [1, 2, 3, 4, 5, 6, 7, 8, 5, 5, 6, 12, 7, 14, 8, 8, 12, 12, 12, 14, 14, 14, 14, 12, 12, 14, 14];

    /// <summary>Where 1 … 25 pixels are left, 16 registers.</summary>
    private static ReadOnlySpan<byte> Narrow =>
        [1, 2, 3, 4, 5, 6, 4, 4, 5, 5, 6, 6, 5, 5, 5, 6, 6, 6, 5, 5, 6, 6, 6, 6, 5];
}
