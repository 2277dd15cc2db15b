using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>What squeeze-excite does to one vector of a map and of its gradient.</summary>
internal interface IBlockedNormGate
{
    /// <summary><c>gate·a</c>.</summary>
    static abstract TVector Value<TSimd, TVector>(TVector a, TVector gate)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;

    /// <summary><c>gate·g + pooled</c>.</summary>
    static abstract TVector Gradient<TSimd, TVector>(TVector g, TVector gate, TVector pooled)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>No squeeze-excite.</summary>
internal readonly struct BlockedNormOpen : IBlockedNormGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector a, TVector gate)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => a;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TSimd, TVector>(TVector g, TVector gate, TVector pooled)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => g;
}

/// <summary>Squeeze-excite.</summary>
internal readonly struct BlockedNormGated : IBlockedNormGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value<TSimd, TVector>(TVector a, TVector gate)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Mul(a, gate);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gradient<TSimd, TVector>(TVector g, TVector gate, TVector pooled)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Fma(g, gate, pooled);
}
