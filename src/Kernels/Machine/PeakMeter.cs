using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>The peak loop: twelve independent chains of multiply-adds in registers, enough to hide their latency on two
/// ports, few enough for sixteen registers.</summary>
internal static unsafe class PeakMeter
{
    private const int Chains = 12;
    private const int Rounds = 20_000;

    /// <summary>10⁹ multiply-adds a second, the best of several runs.</summary>
    public static double Measure(WorkPool? pool, double milliseconds)
    {
        int pieces = 4 * WorkPool.Threads(pool);
        double work = (double)Chains * Rounds * MachineProbe.VectorLanes * pieces;
        double best = 0;
        Stopwatch watch = Stopwatch.StartNew();
        do
        {
            long start = Stopwatch.GetTimestamp();
            WorkPool.For(pool, pieces, default(Piece));
            best = Math.Max(best, work / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }
        while (watch.Elapsed.TotalMilliseconds < milliseconds);
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Loop<TSimd, TVector>(float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector a = TSimd.Set(0.999f), b = TSimd.Set(0.001f);
        TVector v0 = b, v1 = b, v2 = b, v3 = b, v4 = b, v5 = b, v6 = b, v7 = b, v8 = b, v9 = b, v10 = b, v11 = b;
        for (int i = 0; i < Rounds; i++)
        {
            v0 = TSimd.Fma(v0, a, b);
            v1 = TSimd.Fma(v1, a, b);
            v2 = TSimd.Fma(v2, a, b);
            v3 = TSimd.Fma(v3, a, b);
            v4 = TSimd.Fma(v4, a, b);
            v5 = TSimd.Fma(v5, a, b);
            v6 = TSimd.Fma(v6, a, b);
            v7 = TSimd.Fma(v7, a, b);
            v8 = TSimd.Fma(v8, a, b);
            v9 = TSimd.Fma(v9, a, b);
            v10 = TSimd.Fma(v10, a, b);
            v11 = TSimd.Fma(v11, a, b);
        }

        v0 = TSimd.Add(TSimd.Add(TSimd.Add(v0, v1), TSimd.Add(v2, v3)), TSimd.Add(TSimd.Add(v4, v5), v6));
        v7 = TSimd.Add(TSimd.Add(TSimd.Add(v7, v8), TSimd.Add(v9, v10)), v11);
        TSimd.Store(TSimd.Add(v0, v7), to);
    }

    private readonly struct Piece : IWork
    {
        public void Run(int index, int worker)
        {
            float* result = stackalloc float[16];
            if (Simd512.IsSupported)
            {
                Loop<Simd512, Vector512<float>>(result);
            }
            else if (Simd256.IsSupported)
            {
                Loop<Simd256, Vector256<float>>(result);
            }
            else
            {
                Loop<Simd128, Vector128<float>>(result);
            }
        }
    }
}
