namespace MuxKernels.Tests;

/// <summary>Memory that a group shares, with what its threads did to each word since the last barrier: a number must
/// have been written before it is read, and where one thread writes, no other may read or write without a barrier of
/// the group, or of the warp that both are in, between.</summary>
internal sealed class PtxShared(int bytes, int threads)
{
    private readonly byte[] memory = new byte[bytes];
    private readonly Access[] writes = new Access[(bytes + 3) / 4];
    private readonly Access[] reads = new Access[(bytes + 3) / 4];
    private readonly int[] warps = new int[(threads + PtxGroup.WarpSize - 1) / PtxGroup.WarpSize];
    private int epoch;

    /// <summary>A group begins: nothing is written.</summary>
    public void Clear()
    {
        Array.Clear(writes);
        Array.Clear(reads);
        epoch = 1;
    }

    /// <summary>The group's barrier opens.</summary>
    public void Open() => epoch++;

    /// <summary>Whole warps have met.</summary>
    public void Open(ReadOnlySpan<int> lanes)
    {
        for (int i = 0; i < lanes.Length; i += PtxGroup.WarpSize)
        {
            warps[lanes[i] / PtxGroup.WarpSize]++;
        }
    }

    /// <summary>The bytes of a checked access.</summary>
    public Span<byte> At(ulong address, int size, int thread, bool load, string text)
    {
        PtxLaunch.Check(address % (ulong)size == 0 && address + (ulong)size <= (ulong)memory.Length, text,
            $"{size} bytes at {address} of {memory.Length} shared ones");
        int warp = thread / PtxGroup.WarpSize;
        Access now = new(thread, epoch, warps[warp]);
        for (int word = (int)address / 4; word < ((int)address + size + 3) / 4; word++)
        {
            PtxLaunch.Check(!load || writes[word].Epoch > 0, text, $"shared byte {4 * word}, which nobody has written");
            PtxLaunch.Check(!Clash(writes[word], now) && (load || !Clash(reads[word], now)), text,
                $"shared byte {4 * word}, which another thread uses without a barrier between");
            if (!load)
            {
                writes[word] = now;
            }
            else
            {
                reads[word] = now with { IsMany = Clash(reads[word], now) };
            }
        }

        return memory.AsSpan((int)address, size);
    }

    /// <summary>Whether there was no barrier between two accesses of different threads.</summary>
    private static bool Clash(Access before, Access now) => before.Epoch == now.Epoch
        && (before.IsMany || (before.Thread != now.Thread && (before.WarpEpoch == now.WarpEpoch
        || before.Thread / PtxGroup.WarpSize != now.Thread / PtxGroup.WarpSize)));

    /// <summary>Who used a word last, and when; several that did not meet between are many.</summary>
    private readonly record struct Access(int Thread, int Epoch, int WarpEpoch, bool IsMany = false);
}
