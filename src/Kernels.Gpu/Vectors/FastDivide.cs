using System.Numerics;
using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Division of numbers 0 … 2³¹ − 1 by one divisor d, as a multiplication: with <c>2^l ≥ d</c> and
/// <c>m = ⌈2^(31+l)/d⌉</c> is <c>⌊n/d⌋ = ⌊n·m/2^(31+l)⌋</c>, because <c>n·(m·d − 2^(31+l)) &lt; 2^(31+l)</c>.</summary>
/// <param name="Divisor">d.</param>
/// <param name="Factor">m.</param>
/// <param name="Shift">31 + l.</param>
public readonly record struct FastDivide(int Divisor, uint Factor, int Shift)
{
    /// <summary>Divides by <paramref name="divisor"/>, at least 1.</summary>
    internal static FastDivide By(int divisor)
    {
        int l = BitOperations.Log2((uint)divisor) + (BitOperations.IsPow2(divisor) ? 0 : 1);
        ulong power = 1ul << (31 + l);
        return new FastDivide(divisor, (uint)((power + (ulong)divisor - 1) / (ulong)divisor), 31 + l);
    }

    /// <summary><c>⌊n/d⌋</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Quotient(int n, FastDivide d) => (int)((ulong)(uint)n * d.Factor >> d.Shift);
}
