using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// What a register tile of a weight gradient works on: <c>to[s][v·L] += factor·Σ_p w[s + p·L]·x[v·block + p·L]</c> for
/// some vectors v of one map and some slots s of another, over runs of pixels.
/// </summary>
internal unsafe struct BlockedPointwiseGradientTile
{
    /// <summary>First pixel of the first vector.</summary>
    public float* X;

    /// <summary>Floats from one vector to the next.</summary>
    public nint XBlock;

    /// <summary>Floats from one run to the next.</summary>
    public nint XRun;

    /// <summary>First pixel of the first slot.</summary>
    public float* W;

    /// <summary>Floats from one run to the next.</summary>
    public nint WRun;

    /// <summary>Runs.</summary>
    public int Runs;

    /// <summary>Pixels of a run.</summary>
    public int Pixels;

    /// <summary>What the sums are added to, <c>[slots][vectors·L]</c>.</summary>
    public float* To;

    /// <summary>Factors, of the vectors or of the slots; null where there are none.</summary>
    public float* Factors;
}

/// <summary>By what a tile's sums are multiplied.</summary>
internal unsafe interface IGradientFactor
{
    /// <summary>The factor of a vector at a slot.</summary>
    static abstract TVector At<TSimd, TVector>(float* factors, int vector, int slot)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>By nothing.</summary>
internal readonly unsafe struct UnitFactor : IGradientFactor
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector At<TSimd, TVector>(float* factors, int vector, int slot)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Set(1f);
}

/// <summary>By a factor of each lane.</summary>
internal readonly unsafe struct LaneFactor : IGradientFactor
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector At<TSimd, TVector>(float* factors, int vector, int slot)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Load(factors + vector * TSimd.Lanes);
}

/// <summary>By a factor of each slot.</summary>
internal readonly unsafe struct SlotFactor : IGradientFactor
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector At<TSimd, TVector>(float* factors, int vector, int slot)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Splat(factors + slot);
}
