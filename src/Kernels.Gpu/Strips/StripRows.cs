using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>Three taps of a row, in registers.</summary>
internal struct Row3
{
    public float W0;
    public float W1;
    public float W2;

    /// <summary>Taps from <paramref name="start"/> on, forwards or backwards, times a gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row3 Load(ArrayView<float> w, int start, int step, float gate)
    {
        Row3 row = default;
        row.W0 = w[start] * gate;
        row.W1 = w[start + step] * gate;
        row.W2 = w[start + 2 * step] * gate;
        return row;
    }

    /// <summary>Adds them to four outputs at stride 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step1(Float4 sum, Row3 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back1(l));
        sum = Float4.Fma(sum, w.W1, l.B);
        return Float4.Fma(sum, w.W2, StripLine.On1(l));
    }

    /// <summary>Adds them to four outputs at stride 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step2(Float4 sum, Row3 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, new Float4(l.A.W, l.B.Y, l.B.W, l.C.Y));
        sum = Float4.Fma(sum, w.W1, new Float4(l.B.X, l.B.Z, l.C.X, l.C.Z));
        return Float4.Fma(sum, w.W2, new Float4(l.B.Y, l.B.W, l.C.Y, l.C.W));
    }

    /// <summary>Adds them two columns apart, other ones for even than for odd columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Spread(Float4 sum, Row3 even, Row3 odd, StripLine l)
    {
        sum = Float4.Fma(sum, even.W0, odd.W0, StripLine.Back2(l));
        sum = Float4.Fma(sum, even.W1, odd.W1, l.B);
        return Float4.Fma(sum, even.W2, odd.W2, StripLine.On2(l));
    }

    /// <summary>Adds them over a row of the fine map, whose even and odd columns are two lines, to four of its
    /// even columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FineEven(Float4 sum, Row3 w, StripLine even, StripLine odd)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back1(odd));
        sum = Float4.Fma(sum, w.W1, even.B);
        return Float4.Fma(sum, w.W2, odd.B);
    }

    /// <summary>Adds them over a row of the fine map, whose even and odd columns are two lines, to four of its
    /// odd columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FineOdd(Float4 sum, Row3 w, StripLine even, StripLine odd)
    {
        sum = Float4.Fma(sum, w.W0, even.B);
        sum = Float4.Fma(sum, w.W1, odd.B);
        return Float4.Fma(sum, w.W2, StripLine.On1(even));
    }
}

/// <summary>Five taps of a row, in registers.</summary>
internal struct Row5
{
    public float W0;
    public float W1;
    public float W2;
    public float W3;
    public float W4;

    /// <summary>Taps from <paramref name="start"/> on, forwards or backwards, times a gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row5 Load(ArrayView<float> w, int start, int step, float gate)
    {
        Row5 row = default;
        row.W0 = w[start] * gate;
        row.W1 = w[start + step] * gate;
        row.W2 = w[start + 2 * step] * gate;
        row.W3 = w[start + 3 * step] * gate;
        row.W4 = w[start + 4 * step] * gate;
        return row;
    }

    /// <summary>Adds them to four outputs at stride 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step1(Float4 sum, Row5 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back2(l));
        sum = Float4.Fma(sum, w.W1, StripLine.Back1(l));
        sum = Float4.Fma(sum, w.W2, l.B);
        sum = Float4.Fma(sum, w.W3, StripLine.On1(l));
        return Float4.Fma(sum, w.W4, StripLine.On2(l));
    }

    /// <summary>Adds them to four outputs at stride 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step2(Float4 sum, Row5 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, new Float4(l.A.Z, l.B.X, l.B.Z, l.C.X));
        sum = Float4.Fma(sum, w.W1, new Float4(l.A.W, l.B.Y, l.B.W, l.C.Y));
        sum = Float4.Fma(sum, w.W2, new Float4(l.B.X, l.B.Z, l.C.X, l.C.Z));
        sum = Float4.Fma(sum, w.W3, new Float4(l.B.Y, l.B.W, l.C.Y, l.C.W));
        return Float4.Fma(sum, w.W4, new Float4(l.B.Z, l.C.X, l.C.Z, l.D.X));
    }

    /// <summary>Adds them two columns apart, other ones for even than for odd columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Spread(Float4 sum, Row5 even, Row5 odd, StripLine l)
    {
        sum = Float4.Fma(sum, even.W0, odd.W0, l.A);
        sum = Float4.Fma(sum, even.W1, odd.W1, StripLine.Back2(l));
        sum = Float4.Fma(sum, even.W2, odd.W2, l.B);
        sum = Float4.Fma(sum, even.W3, odd.W3, StripLine.On2(l));
        return Float4.Fma(sum, even.W4, odd.W4, l.C);
    }

    /// <summary>Adds them over a row of the fine map, whose even and odd columns are two lines, to four of its
    /// even columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FineEven(Float4 sum, Row5 w, StripLine even, StripLine odd)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back1(even));
        sum = Float4.Fma(sum, w.W1, StripLine.Back1(odd));
        sum = Float4.Fma(sum, w.W2, even.B);
        sum = Float4.Fma(sum, w.W3, odd.B);
        return Float4.Fma(sum, w.W4, StripLine.On1(even));
    }

    /// <summary>Adds them over a row of the fine map, whose even and odd columns are two lines, to four of its
    /// odd columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 FineOdd(Float4 sum, Row5 w, StripLine even, StripLine odd)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back1(odd));
        sum = Float4.Fma(sum, w.W1, even.B);
        sum = Float4.Fma(sum, w.W2, odd.B);
        sum = Float4.Fma(sum, w.W3, StripLine.On1(even));
        return Float4.Fma(sum, w.W4, StripLine.On1(odd));
    }
}

/// <summary>Seven taps of a row, in registers.</summary>
internal struct Row7
{
    public float W0;
    public float W1;
    public float W2;
    public float W3;
    public float W4;
    public float W5;
    public float W6;

    /// <summary>Taps from <paramref name="start"/> on, forwards or backwards, times a gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Row7 Load(ArrayView<float> w, int start, int step, float gate)
    {
        Row7 row = default;
        row.W0 = w[start] * gate;
        row.W1 = w[start + step] * gate;
        row.W2 = w[start + 2 * step] * gate;
        row.W3 = w[start + 3 * step] * gate;
        row.W4 = w[start + 4 * step] * gate;
        row.W5 = w[start + 5 * step] * gate;
        row.W6 = w[start + 6 * step] * gate;
        return row;
    }

    /// <summary>Adds them to four outputs at stride 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step1(Float4 sum, Row7 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, StripLine.Back3(l));
        sum = Float4.Fma(sum, w.W1, StripLine.Back2(l));
        sum = Float4.Fma(sum, w.W2, StripLine.Back1(l));
        sum = Float4.Fma(sum, w.W3, l.B);
        sum = Float4.Fma(sum, w.W4, StripLine.On1(l));
        sum = Float4.Fma(sum, w.W5, StripLine.On2(l));
        return Float4.Fma(sum, w.W6, StripLine.On3(l));
    }

    /// <summary>Adds them to four outputs at stride 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Step2(Float4 sum, Row7 w, StripLine l)
    {
        sum = Float4.Fma(sum, w.W0, new Float4(l.A.Y, l.A.W, l.B.Y, l.B.W));
        sum = Float4.Fma(sum, w.W1, new Float4(l.A.Z, l.B.X, l.B.Z, l.C.X));
        sum = Float4.Fma(sum, w.W2, new Float4(l.A.W, l.B.Y, l.B.W, l.C.Y));
        sum = Float4.Fma(sum, w.W3, new Float4(l.B.X, l.B.Z, l.C.X, l.C.Z));
        sum = Float4.Fma(sum, w.W4, new Float4(l.B.Y, l.B.W, l.C.Y, l.C.W));
        sum = Float4.Fma(sum, w.W5, new Float4(l.B.Z, l.C.X, l.C.Z, l.D.X));
        return Float4.Fma(sum, w.W6, new Float4(l.B.W, l.C.Y, l.C.W, l.D.Y));
    }
}

/// <summary>Outputs of a thread: four rows of four.</summary>
internal struct StripRows
{
    public Float4 A;
    public Float4 B;
    public Float4 C;
    public Float4 D;
}
