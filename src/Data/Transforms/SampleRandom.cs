namespace MuxKernels.Data;

/// <summary>
/// Random numbers of one sample: splitmix64, started from <c>(seed, epoch, index)</c>. Each sample has a stream of its
/// own, so results do not depend on which thread makes it, or when.
/// </summary>
public struct SampleRandom
{
    private ulong state;

    /// <summary>Starts the stream of one sample.</summary>
    public SampleRandom(long seed, long epoch, long index) =>
        state = SplitMix.Mix(SplitMix.Mix(SplitMix.Mix((ulong)seed + SplitMix.Step) + (ulong)epoch) + (ulong)index);

    /// <summary>Next 64 random bits.</summary>
    public ulong NextUInt64() => SplitMix.Mix(state += SplitMix.Step);

    /// <summary>Next integer in <c>0 … bound − 1</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound below 1.</exception>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>Next number in <c>[0, 1)</c>, a multiple of 2⁻²⁴.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));
}
