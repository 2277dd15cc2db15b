using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MuxKernels;

/// <summary>Sums over runs of floats, in bands that the lengths alone decide, added in a fixed order.</summary>
internal static unsafe class Reductions
{
    /// <summary>Elements that one float accumulator set sums before it is added to a double.</summary>
    public const int Band = 4096;

    private const int MaxParts = 256;

    /// <summary>Floats that the sum of squares asks for ahead of what it reads.</summary>
    private const int Ahead = 512;

    /// <summary>Planes of a band where a channel has <paramref name="pixels"/> elements an image.</summary>
    public static int BandPlanes(int pixels) => Math.Max(1, Band / pixels);

    /// <summary><c>Σ x</c> over <paramref name="planes"/> runs of <paramref name="length"/> elements that lie
    /// <paramref name="stride"/> apart: one band.</summary>
    public static float Sum<TSimd, TVector>(float* x, int planes, long stride, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        for (int n = 0; n < planes; n++, x += stride)
        {
            int p = 0;
            for (; p <= length - 4 * TSimd.Lanes; p += 4 * TSimd.Lanes)
            {
                s0 = TSimd.Add(s0, TSimd.Load(x + p));
                s1 = TSimd.Add(s1, TSimd.Load(x + p + TSimd.Lanes));
                s2 = TSimd.Add(s2, TSimd.Load(x + p + 2 * TSimd.Lanes));
                s3 = TSimd.Add(s3, TSimd.Load(x + p + 3 * TSimd.Lanes));
            }

            for (; p <= length - TSimd.Lanes; p += TSimd.Lanes)
            {
                s0 = TSimd.Add(s0, TSimd.Load(x + p));
            }

            if (p < length)
            {
                s1 = TSimd.Add(s1, TSimd.LoadPartial(x + p, length - p));
            }
        }

        return TSimd.Sum(TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3)));
    }

    /// <summary><c>Σ a·b</c> over one run of at most <see cref="Band"/> elements, or a short dot product.</summary>
    public static float Dot<TSimd, TVector>(float* a, float* b, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        int i = 0;
        for (; i <= length - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
        {
            s0 = TSimd.Fma(TSimd.Load(a + i), TSimd.Load(b + i), s0);
            s1 = TSimd.Fma(TSimd.Load(a + i + TSimd.Lanes), TSimd.Load(b + i + TSimd.Lanes), s1);
            s2 = TSimd.Fma(TSimd.Load(a + i + 2 * TSimd.Lanes), TSimd.Load(b + i + 2 * TSimd.Lanes), s2);
            s3 = TSimd.Fma(TSimd.Load(a + i + 3 * TSimd.Lanes), TSimd.Load(b + i + 3 * TSimd.Lanes), s3);
        }

        for (; i <= length - TSimd.Lanes; i += TSimd.Lanes)
        {
            s0 = TSimd.Fma(TSimd.Load(a + i), TSimd.Load(b + i), s0);
        }

        if (i < length)
        {
            s1 = TSimd.Fma(TSimd.LoadPartial(a + i, length - i), TSimd.LoadPartial(b + i, length - i), s1);
        }

        return TSimd.Sum(TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3)));
    }

    /// <summary><c>Σ x</c> of one plane of any length, its bands added in double.</summary>
    public static double PlaneSum<TSimd, TVector>(float* x, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        double sum = 0;
        for (int p = 0; p < length; p += Band)
        {
            sum += Sum<TSimd, TVector>(x + p, 1, 0, Math.Min(Band, length - p));
        }

        return sum;
    }

    /// <summary><c>Σ a·b</c> of two planes of any length, their bands added in double.</summary>
    public static double PlaneDot<TSimd, TVector>(float* a, float* b, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        double sum = 0;
        for (int p = 0; p < length; p += Band)
        {
            sum += Dot<TSimd, TVector>(a + p, b + p, Math.Min(Band, length - p));
        }

        return sum;
    }

    /// <summary><c>Σ x²</c> in double throughout, in at most 256 parts by length.</summary>
    public static double SumOfSquares(ReadOnlySpan<float> x, WorkPool? pool)
    {
        if (x.IsEmpty)
        {
            return 0;
        }

        int part = Math.Max(Elementwise.Block, (x.Length + MaxParts - 1) / MaxParts);
        int parts = (int)(((long)x.Length + part - 1) / part);
        double* sums = stackalloc double[MaxParts];
        fixed (float* px = x)
        {
            WorkPool.For(pool, parts, new SquaresWork(px, x.Length, part, sums));
        }

        double sum = 0;
        for (int i = 0; i < parts; i++)
        {
            sum += sums[i];
        }

        return sum;
    }

    private readonly struct SquaresWork(float* x, int length, int part, double* sums) : IWork
    {
        private readonly float* x = x;
        private readonly double* sums = sums;

        public void Run(int index, int worker)
        {
            float* from = x + (long)index * part, end = x + Math.Min(length, (long)(index + 1) * part);
            double rest = 0;
            if (Simd512.IsSupported)
            {
                rest = Wide(ref from, end);
            }

            Vector256<double> s0 = Vector256<double>.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (; from <= end - 16; from += 16)
            {
                (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(from));
                (Vector256<double> c, Vector256<double> d) = Vector256.Widen(Vector256.Load(from + 8));
                s0 += a * a;
                s1 += b * b;
                s2 += c * c;
                s3 += d * d;
            }

            for (; from < end; from++)
            {
                rest += (double)*from * *from;
            }

            sums[index] = Vector256.Sum(s0 + s1 + (s2 + s3)) + rest;
        }

        /// <summary>The sum of whole runs of 64, eight numbers at a time: a wide register converts as it
        /// loads.</summary>
        private static double Wide(ref float* from, float* end)
        {
            Vector512<double> s0 = Vector512<double>.Zero, s1 = s0, s2 = s0, s3 = s0;
            Vector512<double> s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            float* p = from;
            for (; p <= end - 64; p += 64)
            {
                Simd512.Prefetch(p + Ahead);
                Simd512.Prefetch(p + Ahead + 16);
                Simd512.Prefetch(p + Ahead + 32);
                Simd512.Prefetch(p + Ahead + 48);
                s0 = Add(p, s0);
                s1 = Add(p + 8, s1);
                s2 = Add(p + 16, s2);
                s3 = Add(p + 24, s3);
                s4 = Add(p + 32, s4);
                s5 = Add(p + 40, s5);
                s6 = Add(p + 48, s6);
                s7 = Add(p + 56, s7);
            }

            from = p;
            return Vector512.Sum(s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<double> Add(float* p, Vector512<double> sum)
        {
            Vector512<double> x = Avx512F.ConvertToVector512Double(Vector256.Load(p));
            return Avx512F.FusedMultiplyAdd(x, x, sum);
        }
    }
}
