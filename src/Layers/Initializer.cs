using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>First values of parameters (<see cref="Initialization"/>), a function of seed and position alone.</summary>
public static class Initializer
{
    /// <summary>Values of one parameter (or one part of it).</summary>
    public static float[] Values(Initialization kind, Shape shape, ulong stream)
    {
        float[] values = new float[shape.Length];
        ulong origin = SplitMix.Hash(stream);
        switch (kind)
        {
            case Initialization.Ones:
                Array.Fill(values, 1f);
                break;
            case Initialization.ConvolutionNormal:
                double deviation = Math.Sqrt(2.0 / ((double)shape.H * shape.W * shape.N));
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)(deviation * SplitMix.Normal(origin + (ulong)i));
                }

                break;
            case Initialization.LinearUniform:
                double limit = 1.0 / Math.Sqrt(shape.N);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)(limit * (SplitMix.Uniform(origin + (ulong)i) * 2 - 1));
                }

                break;
            default:
                break;
        }

        return values;
    }
}
