using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// <c>eˣ</c> for vectors: <c>x = n·ln 2 + r</c>, a polynomial of degree 6 for <c>eʳ</c>, then <c>·2ⁿ</c>. Relative
/// error below 1.1e-7 over the whole range; overflows to +∞ above 88.7, underflows to 0 below −104, NaN stays NaN.
/// </summary>
internal static class Exp
{
    /// <summary>127 octaves: beyond it <c>1 + e⁻ˣ</c> is 1 or, by the power's overflow, +∞.</summary>
    private const float Limit = 88.0296919f;

    /// <summary><c>eˣ</c> in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector c = TSimd.AtMost(TSimd.AtLeast(x, TSimd.Set(-104f)), TSimd.Set(89f));
        TVector n = TSimd.Round(TSimd.Mul(c, TSimd.Set(1.44269504f)));
        TVector r = TSimd.Fma(n, TSimd.Set(-0.693359375f), c);
        r = TSimd.Fma(n, TSimd.Set(2.12194440e-4f), r);
        TVector p = TSimd.Set(1.9875691500e-4f);
        p = TSimd.Fma(p, r, TSimd.Set(1.3981999507e-3f));
        p = TSimd.Fma(p, r, TSimd.Set(8.3334519073e-3f));
        p = TSimd.Fma(p, r, TSimd.Set(4.1665795894e-2f));
        p = TSimd.Fma(p, r, TSimd.Set(1.6666665459e-1f));
        p = TSimd.Fma(p, r, TSimd.Set(5.0000001201e-1f));
        p = TSimd.Add(TSimd.Fma(p, TSimd.Mul(r, r), r), TSimd.Set(1f));
        return TSimd.Scale(p, n);
    }

    /// <summary><c>1/(1 + e⁻ˣ)</c> in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Div(TSimd.Set(1f), OnePlus<TSimd, TVector>(x));

    /// <summary><c>x/(1 + e⁻ˣ)</c> in each lane; NaN at −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Swish<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.Div(x, OnePlus<TSimd, TVector>(x));

    /// <summary>
    /// <c>1 + e⁻ˣ</c>, +∞ below about −87.7. The power of two is never multiplied by
    /// itself: it goes into the last multiply-add, doubled, which is why the polynomial is that of half the
    /// exponential. Sigmoid and swish come within 2.7e-7 of their value.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector OnePlus<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        // Two instructions. vrangeps would be one, but Golden Cove makes it wait for the old value of its target, which
        // ties a loop's rounds together: three times as slow.
        x = TSimd.AtMost(TSimd.AtLeast(x, TSimd.Set(-Limit)), TSimd.Set(Limit));
        TVector origin = TSimd.Set(TSimd.PowerOrigin);
        TVector t = TSimd.Fma(x, TSimd.Set(-1.44269504f * TSimd.OctaveSteps), origin);
        TVector n = TSimd.Sub(t, origin);

        // −r, at most half a step: ln 2 in two parts.
        TVector r = TSimd.Fma(n, TSimd.Set(0.693359375f / TSimd.OctaveSteps), x);
        r = TSimd.Fma(n, TSimd.Set(-2.12194440e-4f / TSimd.OctaveSteps), r);
        TVector p;
        if (TSimd.OctaveSteps == 32)
        {
            // c₁ = (1 + h²/8)/2 for steps of 2h spreads the error of the cubic term.
            p = TSimd.Fma(TSimd.Set(0.25f), r, TSimd.Set(-0.50000733f));
            p = TSimd.Fma(p, r, TSimd.Set(0.5f));
        }
        else
        {
            p = TSimd.Set(7.0307110e-4f);
            p = TSimd.Fma(p, r, TSimd.Set(-4.1895295e-3f));
            p = TSimd.Fma(p, r, TSimd.Set(2.0832387e-2f));
            p = TSimd.Fma(p, r, TSimd.Set(-8.3331824e-2f));
            p = TSimd.Fma(p, r, TSimd.Set(0.25f));
            p = TSimd.Fma(p, r, TSimd.Set(-0.5f));
            p = TSimd.Fma(p, r, TSimd.Set(0.5f));
        }

        return TSimd.Fma(p, TSimd.TwicePower(t), TSimd.Set(1f));
    }
}
