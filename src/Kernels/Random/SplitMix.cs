namespace MuxKernels;

/// <summary>SplitMix64 as a hash of a counter: random numbers that are a function of seed and position alone.</summary>
public static class SplitMix
{
    /// <summary>The step of the generator's counter.</summary>
    public const ulong Step = 0x9E3779B97F4A7C15ul;

    /// <summary>64 random bits of a position.</summary>
    public static ulong Hash(ulong x) => Mix(x + Step);

    /// <summary>The generator's mixing function, without its step.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ul;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBul;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [0, 1) with 24 random bits: exact in float32.</summary>
    public static double Uniform(ulong x) => (Hash(x) >> 40) * (1.0 / (1 << 24));

    /// <summary>A standard normal number (Box–Muller over two hashes).</summary>
    public static double Normal(ulong x)
    {
        ulong h = Hash(x);
        double u = ((h >> 11) + 0.5) * (1.0 / (1L << 53)), v = (Hash(~h) >> 11) * (1.0 / (1L << 53));
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v);
    }
}
