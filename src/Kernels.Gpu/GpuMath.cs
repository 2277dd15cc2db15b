using ILGPU;

namespace MuxKernels;

/// <summary>Functions that are as accurate on every accelerator: the instructions of a GPU have 22 bits.</summary>
internal static class GpuMath
{
    /// <summary><c>eˣ</c> within 2 units in the last place: <c>x = n·ln 2 + r</c>, a polynomial of r, n into the
    /// exponent. Below −87.3 it is 0, above 88.7 infinite; NaN stays.</summary>
    public static float Exp(float x)
    {
        float scaled = x * 1.44269504f;
        scaled = scaled > 128f ? 128f : scaled < -128f ? -128f : scaled;
        int n = (int)(scaled + (scaled < 0f ? -0.5f : 0.5f));
        float r = x - n * 0.693359375f;
        r -= n * -2.12194440e-4f;
        float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * (r * r) + r + 1f;

        // 2ⁿ in two factors: neither leaves the exponent's range, whatever n.
        int half = n / 2;
        float y = p * Interop.IntAsFloat((uint)(half + 127) << 23) * Interop.IntAsFloat((uint)(n - half + 127) << 23);
        return x < -87.3f ? 0f : x > 88.7228f ? float.PositiveInfinity : y;
    }

    /// <summary><c>1/(1 + e⁻ˣ)</c>.</summary>
    public static float Sigmoid(float x) => 1f / (1f + Exp(-x));
}
