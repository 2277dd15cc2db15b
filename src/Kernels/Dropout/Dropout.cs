namespace MuxKernels;

/// <summary>
/// Dropout and drop-connect: <c>y = x·keep/(1 − rate)</c> with one coin for each element (dropout) or for each image
/// (drop-connect). Coins are <c>splitmix64(seed + index)</c>: a function of seed and position alone, so that the
/// gradient throws the same ones and results do not depend on threads or devices.
/// </summary>
public static partial class Dropout
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
            Guard.That(rate is >= 0 and < 1, nameof(Dropout), $"rate is {rate}, expected 0 … 1 (1 excluded).");
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
}
