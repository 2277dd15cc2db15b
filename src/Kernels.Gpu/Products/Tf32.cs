using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>Numbers as tensor cores read them.</summary>
internal static class Tf32
{
    /// <summary>The nearest number with 10 explicit bits of significand, ties away from zero; beyond the largest it is
    /// infinity. Infinities and NaN stay as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float value)
    {
        uint bits = Interop.FloatAsInt(value), nearest = bits + 0x1000u & ~0x1FFFu;
        return Interop.IntAsFloat((bits & 0x7F80_0000u) == 0x7F80_0000u ? bits : nearest);
    }

    /// <summary>The same of four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Round(Float4 v) => new(Round(v.X), Round(v.Y), Round(v.Z), Round(v.W));
}
