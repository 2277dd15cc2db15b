using Xunit;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Inference.Tests;

/// <summary>Networks with numbers that look trained, and what eager execution makes of an input.</summary>
internal static class Networks
{
    /// <summary>A network on the device whose batch normalisation has statistics of its own.</summary>
    public static MuxNet Build(string name, Device device, int classes = 0)
    {
        MuxNet network = MuxNets.Build(name, classes);
        Materialize(network, device);
        return network;
    }

    /// <summary>Gives a module memory and numbers.</summary>
    public static void Materialize(Module network, Device device)
    {
        network.Materialize(device, 3);
        ulong seed = 11;
        foreach (StateEntry entry in network.State().Where(e => e.Counter is null))
        {
            (float low, float high) = entry.Name.Split('.')[^1] switch
            {
                "running_var" => (0.5f, 2f),
                "running_mean" => (-0.3f, 0.3f),
                "bias" => (-0.2f, 0.2f),
                "weight" when entry.Shape.Rank == 1 => (0.6f, 1.6f),
                _ => (0f, 0f),
            };
            if (high > low)
            {
                device.Write(Numbers(seed++, entry.Shape.Length, low, high), entry.Data);
            }
        }
    }

    /// <summary>Uniform numbers.</summary>
    public static float[] Numbers(ulong seed, long length, float low = -1f, float high = 1f)
    {
        float[] x = new float[length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = low + (high - low) * (SplitMix.Hash(seed * 0x9E3779B9UL + (ulong)i) >> 40) / (1 << 24);
        }

        return x;
    }

    /// <summary>The network's result, layer by layer.</summary>
    public static float[] Eager(Module network, Device device, Shape shape, float[] x)
    {
        using Session session = new(device);
        return network.Invoke(session.Input(shape, x)).ToArray();
    }

    /// <summary>Largest difference over the largest number of the expected result.</summary>
    public static double Error(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs), error = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"element {i} is {actual[i]}");
            error = Math.Max(error, Math.Abs((double)expected[i] - actual[i]));
        }

        return error / largest;
    }
}
