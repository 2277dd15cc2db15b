using System.Diagnostics;

namespace MuxKernels.Cli;

/// <summary>How fast one thread copies memory, by the bytes it touches: what fits in a cache moves faster.</summary>
internal sealed class CopyRates
{
    private const int Smallest = 1 << 15, Largest = 1 << 26;

    private readonly List<(long Bytes, double GbPerS)> rates = [];

    private CopyRates()
    {
    }

    /// <summary>10⁹ bytes a second, read and written, of memory far larger than the caches.</summary>
    public double Memory => rates[^1].GbPerS;

    /// <summary>Every size that was measured, with its 10⁹ bytes a second.</summary>
    public IReadOnlyList<(long Bytes, double GbPerS)> All => rates;

    /// <summary>Measures.</summary>
    /// <param name="milliseconds">Time for each size.</param>
    public static CopyRates Measure(double milliseconds = 12)
    {
        CopyRates result = new();
        using AlignedBuffer<float> from = new(Largest / 2 / sizeof(float)), to = new(Largest / 2 / sizeof(float));
        for (int bytes = Smallest; bytes <= Largest; bytes *= 2)
        {
            Span<float> a = from.Span[..(bytes / 2 / sizeof(float))], b = to.Span[..a.Length];
            int calls = Math.Max(1, (1 << 22) / bytes);
            double best = 0;
            Stopwatch watch = Stopwatch.StartNew();
            do
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < calls; i++)
                {
                    a.CopyTo(b);
                }

                best = Math.Max(best, (double)bytes * calls / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
            }
            while (watch.Elapsed.TotalMilliseconds < milliseconds);
            result.rates.Add((bytes, best));
        }

        return result;
    }

    /// <summary>Microseconds in which a copy that touches some bytes moves them.</summary>
    public double Microseconds(long bytes)
    {
        double rate = rates.FirstOrDefault(r => r.Bytes >= bytes, rates[^1]).GbPerS;
        return bytes / rate / 1e3;
    }
}
