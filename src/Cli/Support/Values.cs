namespace MuxKernels.Cli;

/// <summary>Numbers for measurements: a function of seed and position alone.</summary>
internal static class Values
{
    /// <summary>Numbers between −1 and 1.</summary>
    public static float[] Uniform(ulong seed, long length)
    {
        float[] x = new float[length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)(2 * SplitMix.Uniform((seed << 40) + (ulong)i) - 1);
        }

        return x;
    }

    /// <summary>Numbers that an operand can take.</summary>
    public static float[] Of(KernelOperand operand, ulong seed)
    {
        float[] x = Uniform(seed, operand.Shape.Length);
        return operand.Domain switch
        {
            ValueDomain.Positive => Array.ConvertAll(x, v => 1.1f + v),
            ValueDomain.ClassIndex => Array.ConvertAll(x, v => MathF.Floor((v + 1) / 2 * (operand.Limit - 0.01f))),
            _ => x,
        };
    }
}
