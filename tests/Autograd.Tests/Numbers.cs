namespace MuxKernels.Autograd.Tests;

/// <summary>Numbers for tests, a function of seed and position.</summary>
internal static class Numbers
{
    public static double[] Doubles(ulong seed, Shape shape, double scale = 1, double offset = 0)
    {
        double[] values = new double[shape.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = offset + scale * (SplitMix.Uniform(seed * 1_000_003 + (ulong)i) * 2 - 1);
        }

        return values;
    }

    public static float[] Floats(ulong seed, Shape shape, double scale = 1, double offset = 0) =>
        Array.ConvertAll(Doubles(seed, shape, scale, offset), v => (float)v);
}
