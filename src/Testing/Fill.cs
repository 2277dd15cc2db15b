namespace MuxKernels.Testing;

/// <summary>Numbers for tests: a function of seed and position alone (splitmix64), the same on every machine.</summary>
public static class Fill
{
    /// <summary>Uniform numbers between <paramref name="low"/> and <paramref name="high"/>, all exact multiples of
    /// <c>2⁻²⁴</c> of the range.</summary>
    public static float[] Uniform(ulong seed, long length, float low = -1f, float high = 1f)
    {
        float[] x = new float[length];
        Uniform(seed, x, low, high);
        return x;
    }

    /// <inheritdoc cref="Uniform(ulong, long, float, float)"/>
    public static void Uniform(ulong seed, Span<float> x, float low = -1f, float high = 1f)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)(low + (high - low) * Unit(seed, i));
        }
    }

    /// <summary>Class indices 0 … <paramref name="classes"/> − 1, stored as floats.</summary>
    public static void Classes(ulong seed, Span<float> x, int classes)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (int)(Unit(seed, i) * classes);
        }
    }

    /// <summary>Numbers that an operand can take: [−1, 1], [0.1, 2] or class indices.</summary>
    public static float[] Operand(ulong seed, in KernelOperand operand)
    {
        float[] x = new float[operand.Shape.Length];
        switch (operand.Domain)
        {
            case ValueDomain.Positive:
                Uniform(seed, x, 0.1f, 2f);
                break;
            case ValueDomain.ClassIndex:
                Classes(seed, x, operand.Limit);
                break;
            default:
                Uniform(seed, x);
                break;
        }

        return x;
    }

    /// <summary>Numbers for each of the operands: other ones for each place and for each shape.</summary>
    public static float[][] Operands(ulong seed, KernelOperand[] operands) =>
        [.. operands.Select((operand, i) => Operand(Mix(Mix(seed + (ulong)i) + Mix(operand.Shape)), operand))];

    /// <summary>One step of splitmix64: a well mixed number for each seed.</summary>
    public static ulong Mix(ulong seed) => SplitMix.Hash(seed);

    private static ulong Mix(Shape x) =>
        Mix(Mix(Mix(Mix((ulong)x.N) + (ulong)x.C) + (ulong)x.H) + (ulong)x.W);

    private static double Unit(ulong seed, int index) =>
        (Mix(seed * 0xD1342543DE82EF95UL + (ulong)index) >> 40) * (1.0 / (1 << 24));
}
