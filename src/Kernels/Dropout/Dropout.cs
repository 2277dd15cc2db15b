using System.Numerics;

namespace MuxKernels;

/// <summary>
/// Dropout and drop-connect: <c>y = x·keep/(1 − rate)</c> with one coin for each element (dropout) or for each image
/// (drop-connect). Coins are <c>splitmix64(splitmix64(seed) + index)</c>, a function of seed and position alone, so
/// that the gradient throws the same ones and results do not depend on threads or devices; the inner hash keeps the
/// coins of neighbouring seeds apart. Dropped elements are 0 whatever x is.
/// </summary>
public static unsafe partial class Dropout
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A random mask over x.</summary>
        /// <param name="x">Input.</param>
        /// <param name="rate">Probability to drop, 0 ≤ rate &lt; 1.</param>
        /// <param name="seed">Which coins are thrown.</param>
        /// <param name="wholeImages">One coin for each image (drop-connect).</param>
        public Args(Shape x, float rate, ulong seed, bool wholeImages = false)
        {
            Guard.Positive(x, nameof(Dropout));
            if (rate is not (>= 0 and < 1))
            {
                // Arguments are built anew at every training step: no message unless it is wanted.
                Guard.Fail($"{nameof(Dropout)}: rate is {rate}, expected 0 … 1 (1 excluded).");
            }

            (X, Rate, Seed, WholeImages) = (x, rate, seed, wholeImages);
        }

        /// <summary>Input.</summary>
        public Shape X { get; }

        /// <summary>Output.</summary>
        public Shape Y => X;

        /// <summary>Probability to drop.</summary>
        public float Rate { get; }

        /// <summary>Which coins are thrown.</summary>
        public ulong Seed { get; }

        /// <summary>One coin for each image.</summary>
        public bool WholeImages { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{X} rate {Rate}{(WholeImages ? " images" : "")}";
    }

    /// <summary>y ← masked x; the same call with dy gives dx. y may be x.</summary>
    /// <param name="args">Geometry, rate and seed.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Output.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool = null)
    {
        Guard.Length(x, args.X, "Dropout.Forward");
        Guard.Length(y, args.Y, "Dropout.Forward");
        Guard.SameOrSeparate(x, y, "Dropout.Forward");
        fixed (float* px = x, py = y)
        {
            WorkPool.For(pool, Elementwise.Blocks(x.Length), new MaskWork(args, px, py, x.Length));
        }
    }

    /// <summary>The reference of <see cref="Forward"/>: the same coins, in double.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(x, args.X, "Dropout.ForwardReference");
        Guard.Length(y, args.Y, "Dropout.ForwardReference");
        double rate = Decimals.Of(args.Rate);
        ulong key = Key(args.Seed);
        for (int i = 0; i < x.Length; i++)
        {
            bool kept = Keeps(key, args.WholeImages ? i / args.X.ImageLength : i, rate);
            y[i] = kept ? T.CreateTruncating(double.CreateTruncating(x[i]) / (1 - rate)) : T.Zero;
        }
    }

    /// <summary>The hash of the seed, which positions are added to.</summary>
    public static ulong Key(ulong seed) => SplitMix.Hash(seed);

    /// <summary>Whether the coin at a position keeps: <c>splitmix64(key + index)·2⁻⁶⁴ ≥ rate</c>, by its upper 53 bits.
    /// </summary>
    public static bool Keeps(ulong key, long index, double rate) =>
        (SplitMix.Hash(key + (ulong)index) >> 11) * (1.0 / (1L << 53)) >= rate;

    private readonly struct MaskWork(Args args, float* x, float* y, int length) : IWork
    {
        private readonly float* x = x, y = y;
        private readonly double rate = Decimals.Of(args.Rate);
        private readonly ulong key = Key(args.Seed);

        public void Run(int index, int worker)
        {
            long at = (long)index * Elementwise.Block, end = at + Elementwise.BlockLength(length, index);
            float scale = (float)(1 / (1 - rate));
            if (args.WholeImages)
            {
                for (long image = args.X.ImageLength, next; at < end; at = next)
                {
                    next = Math.Min(end, (at / image + 1) * image);
                    bool kept = Keeps(key, at / image, rate);
                    for (long i = at; i < next; i++)
                    {
                        y[i] = kept ? x[i] * scale : 0f;
                    }
                }

                return;
            }

            for (long i = at; i < end; i++)
            {
                y[i] = Keeps(key, i, rate) ? x[i] * scale : 0f;
            }
        }
    }
}
