using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Exponential moving average: <c>a ← d·a + (1 − d)·x</c>, computed as <c>a + (1 − d)(x − a)</c>.</summary>
public static unsafe partial class MovingAverage
{
    /// <summary>The average's numbers.</summary>
    /// <param name="Length">Number of elements.</param>
    /// <param name="Decay">d, what the average keeps; 0 … 1.</param>
    public readonly record struct Args(int Length, double Decay);

    /// <summary>Moves an average on.</summary>
    /// <param name="args">The average's numbers.</param>
    /// <param name="x">What is averaged.</param>
    /// <param name="average">The average, updated.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a number out of its range or overlapping memory.</exception>
    public static void Update(in Args args, ReadOnlySpan<float> x, Span<float> average, WorkPool? pool = null)
    {
        Check(args, x, average, "MovingAverage.Update");
        if (Simd512.IsSupported)
        {
            Update<Simd512, Vector512<float>>(args, x, average, pool);
        }
        else if (Simd256.IsSupported)
        {
            Update<Simd256, Vector256<float>>(args, x, average, pool);
        }
        else
        {
            Update<Simd128, Vector128<float>>(args, x, average, pool);
        }
    }

    /// <summary>The reference of the average: a plain loop in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a number out of its range.</exception>
    public static void UpdateReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> average)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, x, average, "MovingAverage.UpdateReference");
        for (int i = 0; i < args.Length; i++)
        {
            average[i] = T.CreateTruncating(args.Decay * double.CreateTruncating(average[i])
                + (1 - args.Decay) * double.CreateTruncating(x[i]));
        }
    }

    /// <summary>Checks an average that a pass moves on; it may be empty.</summary>
    internal static void CheckBeside<T>(double decay, int length, Span<T> average, string kernel)
    {
        Guard.That(decay is >= 0 and <= 1, kernel, $"the average's decay is {decay}, expected 0 … 1.");
        if (!average.IsEmpty)
        {
            Guard.Length(average, Shape.Vector(length), kernel);
        }
    }

    private static void Check<T>(in Args args, ReadOnlySpan<T> x, Span<T> average, string kernel)
    {
        Guard.Positive(args.Length, kernel, "Length");
        Guard.That(args.Decay is >= 0 and <= 1, kernel, $"decay is {args.Decay}, expected 0 … 1.");
        Guard.Length(x, Shape.Vector(args.Length), kernel);
        Guard.Length(average, Shape.Vector(args.Length), kernel);
        Guard.NoOverlap(x, average, kernel);
    }

    private static void Update<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, Span<float> average,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, pa = average)
        {
            WorkPool.For(pool, Elementwise.Blocks(args.Length),
                new UpdateWork<TSimd, TVector>((float)(1 - args.Decay), px, pa, args.Length));
        }
    }

    private readonly struct UpdateWork<TSimd, TVector>(float rest, float* x, float* average, int length) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* x = x, average = average;

        public void Run(int index, int worker)
        {
            float* px = x + (long)index * Elementwise.Block, pa = average + (long)index * Elementwise.Block;
            int count = Elementwise.BlockLength(length, index), i = 0;
            TVector weight = TSimd.Set(rest);
            for (; i <= count - TSimd.Lanes; i += TSimd.Lanes)
            {
                TSimd.Store(Next(weight, TSimd.Load(px + i), TSimd.Load(pa + i)), pa + i);
            }

            if (i < count)
            {
                TVector a = TSimd.LoadPartial(pa + i, count - i);
                TSimd.StorePartial(Next(weight, TSimd.LoadPartial(px + i, count - i), a), pa + i, count - i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVector Next(TVector weight, TVector x, TVector a) => TSimd.Fma(weight, TSimd.Sub(x, a), a);
    }
}
