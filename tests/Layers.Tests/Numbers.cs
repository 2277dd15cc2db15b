using MuxKernels.Autograd;

namespace MuxKernels.Layers.Tests;

/// <summary>Numbers for tests.</summary>
internal static class Numbers
{
    public static float[] Uniform(ulong seed, Shape shape)
    {
        float[] values = new float[shape.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(SplitMix.Uniform(seed * 1_000_003 + (ulong)i) * 2 - 1);
        }

        return values;
    }

    public static float[] Read(Device device, View view)
    {
        float[] values = new float[view.Length];
        device.Read(view, values);
        return values;
    }

    /// <summary>Everything a network remembers, entry after entry.</summary>
    public static float[][] Read(Module network) =>
        [.. network.Parameters().Select(p => Read(network.Store!.Device, p.Data))];
}
