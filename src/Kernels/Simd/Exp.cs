using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// <c>eˣ</c> for vectors: <c>x = n·ln 2 + r</c>, a polynomial of degree 6 for <c>eʳ</c>, then <c>·2ⁿ</c>. Relative
/// error below 1.1e-7 over the whole range; overflows to +∞ above 88.7, underflows to 0 below −104, NaN stays NaN.
/// </summary>
internal static class Exp
{
    /// <summary><c>eˣ</c> in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Of<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        // Comparisons instead of Min and Max, which spend instructions on NaN; NaN compares false and stays.
        TVector c = TSimd.WhereGreater(TSimd.Set(-104f), x, TSimd.Set(-104f), x);
        c = TSimd.WhereGreater(c, TSimd.Set(89f), TSimd.Set(89f), c);
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
        where TVector : struct
    {
        TVector one = TSimd.Set(1f);
        return TSimd.Div(one, TSimd.Add(one, Of<TSimd, TVector>(TSimd.Sub(TSimd.Zero, x))));
    }
}
