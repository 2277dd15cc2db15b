namespace MuxKernels;

/// <summary>One vector width. Each member is one instruction or a short fixed sequence; kernels are written once over
/// it, and the JIT keeps exactly one instantiation on a machine.</summary>
/// <typeparam name="TVector">The register.</typeparam>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats in a register.</summary>
    static abstract int Lanes { get; }

    /// <summary>Asks for the cache line at an address in the second cache; reads nothing and never fails.</summary>
    static abstract void Prefetch(float* p);

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Loads <see cref="Lanes"/> floats.</summary>
    static abstract TVector Load(float* p);

    /// <summary>Loads the first <paramref name="count"/> floats (1…Lanes), the other lanes are zero and not
    /// read.</summary>
    static abstract TVector LoadPartial(float* p, int count);

    /// <summary>The float at <paramref name="p"/> in every lane.</summary>
    static abstract TVector Splat(float* p);

    /// <summary>A value in every lane.</summary>
    static abstract TVector Set(float value);

    /// <summary>Stores every lane.</summary>
    static abstract void Store(TVector v, float* p);

    /// <summary>Stores the first <paramref name="count"/> lanes (1…Lanes), writes nothing else.</summary>
    static abstract void StorePartial(TVector v, float* p, int count);

    /// <summary><c>a·b + c</c>, rounded once where the machine has FMA.</summary>
    static abstract TVector Fma(TVector a, TVector b, TVector c);

    /// <summary><c>a + b</c>.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary><c>a − b</c>.</summary>
    static abstract TVector Sub(TVector a, TVector b);

    /// <summary><c>a·b</c>.</summary>
    static abstract TVector Mul(TVector a, TVector b);

    /// <summary><c>a / b</c>.</summary>
    static abstract TVector Div(TVector a, TVector b);

    /// <summary><c>√a</c>.</summary>
    static abstract TVector Sqrt(TVector a);

    /// <summary>Smaller lane; NaN where either is NaN.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>Larger lane; NaN where either is NaN.</summary>
    static abstract TVector Max(TVector a, TVector b);

    /// <summary><c>a</c>, or <paramref name="low"/> where a is smaller; NaN in a stays.</summary>
    static abstract TVector AtLeast(TVector a, TVector low);

    /// <summary><c>a</c>, or <paramref name="high"/> where a is larger; NaN in a stays.</summary>
    static abstract TVector AtMost(TVector a, TVector high);

    /// <summary>Lanes of <paramref name="yes"/> where <c>a &gt; b</c>, else of <paramref name="no"/>.</summary>
    static abstract TVector WhereGreater(TVector a, TVector b, TVector yes, TVector no);

    /// <summary>Nearest integer.</summary>
    static abstract TVector Round(TVector a);

    /// <summary><c>a · 2ⁿ</c> for integral n in −127…128, with the product's own overflow and underflow.</summary>
    static abstract TVector Scale(TVector a, TVector n);

    /// <summary>Steps of an octave that <see cref="TwicePower"/> tells apart.</summary>
    static abstract int OctaveSteps { get; }

    /// <summary>What <see cref="TwicePower"/> counts from: a number whose last place is 1.</summary>
    static abstract float PowerOrigin { get; }

    /// <summary><c>2·2^(n/OctaveSteps)</c> for <c>t = PowerOrigin + n</c> with integral n from −127 to 127 octaves; +∞
    /// at 127 octaves.</summary>
    static abstract TVector TwicePower(TVector t);

    /// <summary>Sum of the lanes, in a fixed order.</summary>
    static abstract float Sum(TVector v);

    /// <summary>Lanes 0, 2, 4 … of the pair <c>(a, b)</c>.</summary>
    static abstract TVector Even(TVector a, TVector b);

    /// <summary>Lanes 1, 3, 5 … of the pair <c>(a, b)</c>.</summary>
    static abstract TVector Odd(TVector a, TVector b);

    /// <summary>Neighbouring lanes change places: 1, 0, 3, 2, 5, 4 …</summary>
    static abstract TVector SwapPairs(TVector a);

    /// <summary>First half of <c>a₀ b₀ a₁ b₁ …</c>.</summary>
    static abstract TVector InterleaveLow(TVector a, TVector b);

    /// <summary>Second half of <c>a₀ b₀ a₁ b₁ …</c>.</summary>
    static abstract TVector InterleaveHigh(TVector a, TVector b);

    /// <summary>Quarters 1 of <c>a</c>, 0 of <c>b</c>, 3 of <c>a</c>, 2 of <c>b</c>.</summary>
    static abstract TVector Straddle(TVector a, TVector b);

    /// <summary>The second half of <c>a</c>, then the first half of <c>b</c>.</summary>
    static abstract TVector Adjoin(TVector a, TVector b);
}
