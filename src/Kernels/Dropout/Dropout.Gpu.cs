using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>What a GPU needs to throw the coins of <see cref="Dropout"/>.</summary>
/// <param name="Length">Elements.</param>
/// <param name="Share">Elements that share a coin: 1, or those of an image.</param>
/// <param name="Key">Hash of the seed.</param>
/// <param name="Threshold">A coin keeps where the upper 53 bits of its hash are at least this.</param>
/// <param name="Scale"><c>1/(1 − rate)</c>.</param>
public readonly record struct Coins(int Length, int Share, ulong Key, ulong Threshold, float Scale);

/// <summary>Dropout and drop-connect on a GPU, with the coins of the processor.</summary>
public static class DropoutGpu
{
    /// <summary>y ← masked x; the same call with dy gives dx. y may be x.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry, rate and seed.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Output.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void Forward(AcceleratorStream stream, in Dropout.Args args, ArrayView<float> x, ArrayView<float> y)
    {
        const string Name = "DropoutGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);

        // k·2⁻⁵³ ≥ rate as whole numbers: the product with a power of two is exact.
        double rate = Decimals.Of(args.Rate);
        Coins coins = new(y.IntLength, args.WholeImages ? (int)args.X.ImageLength : 1, Dropout.Key(args.Seed),
            (ulong)Math.Ceiling(rate * (1L << 53)), (float)(1 / (1 - rate)));
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, Coins>(Body)(
            stream, GpuKernels.Cover(stream, y.IntLength), x, y, coins);
    }

    /// <summary>One thread for each element.</summary>
    internal static void Body(ArrayView<float> x, ArrayView<float> y, Coins coins)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < coins.Length)
        {
            ulong coin = SplitMix.Hash(coins.Key + (ulong)(i / coins.Share)) >> 11;
            y[i] = coin >= coins.Threshold ? x[i] * coins.Scale : 0f;
        }
    }
}
