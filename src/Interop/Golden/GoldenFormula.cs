using System.Runtime.InteropServices;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>
/// Numbers of golden data that need no file: parameter i of tensor t is
/// <c>u = (splitmix64(seed + t·2³² + i) ≫ 40)/2²⁴·2 − 1</c>, scaled by kind, in double, rounded once.
/// </summary>
public static class GoldenFormula
{
    /// <summary>Tensor number of a network's input.</summary>
    public const int InputNumber = 1_000_000;

    /// <summary>Tensor number of the labels of a training trace.</summary>
    public const int LabelNumber = 1_000_001;

    /// <summary>u of element <paramref name="index"/> of tensor <paramref name="number"/>, −1 … 1.</summary>
    public static double Uniform(ulong seed, int number, long index) =>
        SplitMix.Uniform(unchecked(seed + ((ulong)number << 32) + (ulong)index)) * 2 - 1;

    /// <summary><c>scale·u</c> for every element of a tensor.</summary>
    public static float[] Values(ulong seed, int number, Shape shape, double scale, double offset = 0)
    {
        float[] values = new float[shape.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(offset + scale * Uniform(seed, number, i));
        }

        return values;
    }

    /// <summary>
    /// Values of an entry of a state dictionary by its name and shape: weights of convolutions and linear layers
    /// <c>√(3/fan_in)·u</c>, biases, shifts and running means <c>0.1·u</c>, scales <c>1 + 0.1·u</c>, running variances
    /// <c>1 + 0.5·u</c>.
    /// </summary>
    public static float[] Parameter(ulong seed, int number, string name, Shape shape)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        return (last, shape.Rank) switch
        {
            ("running_var", _) => Values(seed, number, shape, 0.5, 1),
            ("running_mean", _) or ("bias", _) => Values(seed, number, shape, 0.1),
            (_, 1) => Values(seed, number, shape, 0.1, 1),
            _ => Values(seed, number, shape, Math.Sqrt(3.0 / shape.ImageLength)),
        };
    }

    /// <summary>Labels of a training trace, <c>splitmix64(seed + 1000001·2³² + i) mod classes</c>.</summary>
    public static int[] Labels(ulong seed, int count, int classes)
    {
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            ulong hash = SplitMix.Hash(unchecked(seed + ((ulong)LabelNumber << 32) + (ulong)i));
            labels[i] = (int)(hash % (ulong)classes);
        }

        return labels;
    }

    /// <summary>
    /// Fills every parameter and buffer of a network. Tensor numbers are places in the state dictionary; counters take
    /// a number and become 0.
    /// </summary>
    /// <exception cref="InvalidOperationException">The network has no memory yet.</exception>
    public static void Fill(Module network, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(network);
        ParameterStore store = network.Store
            ?? throw new InvalidOperationException("The network has no memory yet; call Materialize first.");
        IReadOnlyList<StateEntry> state = network.State();
        for (int number = 0; number < state.Count; number++)
        {
            StateEntry entry = state[number];
            if (entry.Counter is { } counter)
            {
                counter.Value = 0;
            }
            else
            {
                store.Device.Write(Parameter(seed, number, entry.Name, entry.Shape), entry.Data);
            }
        }
    }

    /// <summary>CRC-32 of the little-endian bytes of the values.</summary>
    public static uint Checksum(ReadOnlySpan<float> values)
    {
        byte[] bytes = MemoryMarshal.AsBytes(values).ToArray();
        SafeTensors.SwapIfBigEndian(bytes, sizeof(float));
        return Crc32.Of(bytes);
    }
}
