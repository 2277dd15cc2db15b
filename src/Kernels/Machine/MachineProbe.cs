using System.Diagnostics;

namespace MuxKernels;

/// <summary>What the processor can do at best, measured: the yardsticks of every benchmark.</summary>
public static class MachineProbe
{
    /// <summary>The widest instruction set that the kernels use here.</summary>
    public static string InstructionSet => Simd512.IsSupported ? "AVX-512" : Simd256.IsSupported ? "AVX2 + FMA"
        : "128-bit vectors";

    /// <summary>Floats in a vector of <see cref="InstructionSet"/>.</summary>
    public static int VectorLanes => Simd512.IsSupported ? 16 : Simd256.IsSupported ? 8 : 4;

    /// <summary>Most multiply-adds a second: independent chains of fused multiply-adds in registers on every
    /// thread, the best of several short runs.</summary>
    /// <param name="threads">Threads that work together.</param>
    /// <param name="milliseconds">Time to measure for.</param>
    /// <returns>10⁹ multiply-adds a second.</returns>
    public static double PeakFma(int threads, double milliseconds = 200)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        using WorkPool? pool = threads == 1 ? null : new WorkPool(threads);
        return PeakMeter.Measure(pool, milliseconds);
    }

    /// <inheritdoc cref="PeakFma(int, double)"/>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <param name="milliseconds">Time to measure for.</param>
    public static double PeakFma(WorkPool? pool, double milliseconds = 200) => PeakMeter.Measure(pool, milliseconds);

    /// <summary>Bytes a second that a copy of memory far larger than the caches reads and writes.</summary>
    /// <param name="threads">Threads that work together.</param>
    /// <param name="milliseconds">Time to measure for.</param>
    /// <returns>10⁹ bytes a second, read and written.</returns>
    public static double CopyBandwidth(int threads, double milliseconds = 200)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        const int Pieces = 64, Piece = 1 << 19;
        using WorkPool? pool = threads == 1 ? null : new WorkPool(threads);
        using AlignedBuffer<float> from = new((long)Pieces * Piece), to = new((long)Pieces * Piece);
        Copy work = new(from, to, Piece);
        WorkPool.For(pool, Pieces, work);
        double best = 0;
        Stopwatch watch = Stopwatch.StartNew();
        do
        {
            long start = Stopwatch.GetTimestamp();
            WorkPool.For(pool, Pieces, work);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 2.0 * Pieces * Piece * sizeof(float) / seconds / 1e9);
        }
        while (watch.Elapsed.TotalMilliseconds < milliseconds);
        return best;
    }

    private readonly struct Copy(AlignedBuffer<float> from, AlignedBuffer<float> to, int length) : IWork
    {
        public void Run(int index, int worker) =>
            from.Span.Slice(index * length, length).CopyTo(to.Span[(index * length)..]);
    }
}
