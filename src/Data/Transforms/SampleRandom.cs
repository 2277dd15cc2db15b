namespace MuxKernels.Data;

/// <summary>
/// Random numbers of one sample: splitmix64, started from <c>(seed, epoch, index)</c>. Each sample has a stream of its
/// own, so results do not depend on which thread makes it, or when.
/// </summary>
public struct SampleRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong state;

    /// <summary>Starts the stream of one sample.</summary>
    public SampleRandom(long seed, long epoch, long index) =>
        state = Mix(Mix(Mix((ulong)seed + Golden) + (ulong)epoch) + (ulong)index);

    /// <summary>Next 64 random bits.</summary>
    public ulong NextUInt64() => Mix(state += Golden);

    /// <summary>Next integer in <c>0 … bound − 1</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound below 1.</exception>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>Next number in <c>[0, 1)</c>, a multiple of 2⁻²⁴.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
