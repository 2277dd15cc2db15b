using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>Weights of a network in a safetensors file, under the reference implementation's state names. The network's
/// definition travels in the metadata, so that a file of this library is enough to rebuild its network. PyTorch
/// checkpoints are read as well (<see cref="PyTorchCheckpoint"/>).</summary>
public static class WeightFile
{
    /// <summary>Metadata key of the network's definition (<see cref="NetworkJson"/>).</summary>
    public const string NetworkKey = "muxkernels.network";

    /// <summary>Writes a network's state dictionary: beside the target, then renamed.</summary>
    /// <param name="path">Target.</param>
    /// <param name="network">A network with memory.</param>
    /// <param name="metadata">More text by name.</param>
    /// <param name="more">More tensors (an optimizer's state).</param>
    /// <param name="cancellation">Ends the writing; the old file stays.</param>
    public static void Save(string path, Module network, IReadOnlyDictionary<string, string>? metadata = null,
        IEnumerable<SafeTensor>? more = null, CancellationToken cancellation = default)
    {
        Dictionary<string, string> all = metadata is null ? [] : new(metadata);
        if (network is MuxNet net)
        {
            all[NetworkKey] = NetworkJson.Format(net.Spec);
        }

        SafeTensors.Write(path, [.. network.State().Select(Pack), .. more ?? []], all, cancellation);
    }

    /// <summary>Reads a file into a network. Every entry of its state dictionary must be there with its shape; counters
    /// may be missing.</summary>
    /// <exception cref="IOException">A missing tensor, another shape, a number that is not finite (a
    /// <see cref="SafeTensorsException"/> or a <see cref="PyTorchException"/>); the message names the file, the tensor,
    /// what was expected and what was found. The network is then unchanged.</exception>
    public static void Load(string path, Module network)
    {
        using TensorFile file = TensorFile.Open(path);
        Load(file, network);
    }

    /// <inheritdoc cref="Load(string, Module)"/>
    public static void Load(TensorFile file, Module network)
    {
        List<(StateEntry Entry, double[] Values)> loaded = [];
        foreach (StateEntry entry in network.State())
        {
            SafeTensorInfo? tensor = file.Find(entry.Name);
            if (tensor is null && entry.Counter is not null)
            {
                continue;
            }

            if (tensor is null)
            {
                throw file.Error($"'{entry.Name}' is missing, expected with shape "
                    + $"{entry.Shape}; the file has {file.Tensors.Count} tensors, the network "
                    + $"{network.State().Count}.");
            }

            long[] expected = entry.Counter is null ? [.. entry.Shape.Axes.Select(a => (long)a)] : [];
            if (!tensor.Shape.SequenceEqual(expected) && !(entry.Counter is not null && tensor.Count == 1))
            {
                throw file.Error($"'{entry.Name}' has shape "
                    + $"[{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", expected)}].");
            }

            double[] values = file.Read<double>(entry.Name);
            int bad = Array.FindIndex(values, v => !double.IsFinite(v));
            if (bad >= 0)
            {
                throw file.Error(
                    $"'{entry.Name}' has {values[bad]} at element {bad}, expected finite numbers.");
            }

            loaded.Add((entry, values));
        }

        foreach ((StateEntry entry, double[] values) in loaded)
        {
            if (entry.Counter is { } counter)
            {
                counter.Value = (long)values[0];
            }
            else
            {
                entry.Data.Buffer!.Device.Write(values, entry.Data);
            }
        }
    }

    /// <summary>Builds the network that a file of this library describes and reads its weights.</summary>
    /// <exception cref="IOException">A file without a network's definition, or weights that do not fit it.
    /// </exception>
    public static MuxNet Open(string path, Device device)
    {
        using TensorFile file = TensorFile.Open(path);
        MuxNet network = new(Spec(file));
        network.Materialize(device);
        Load(file, network);
        return network;
    }

    /// <summary>The network's definition in a file of this library.</summary>
    /// <exception cref="IOException">None there, or none that can be read.</exception>
    public static NetworkSpec Spec(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(NetworkKey, out string? json))
        {
            throw file.Error(
                $"the metadata has no '{NetworkKey}'; name the model that these weights belong to.");
        }

        try
        {
            return NetworkJson.Parse(json);
        }
        catch (FormatException e)
        {
            throw file.Error($"'{NetworkKey}' can't be read: {e.Message}", e);
        }
    }

    private static SafeTensor Pack(StateEntry entry)
    {
        if (entry.Counter is { } counter)
        {
            return SafeTensor.Of<long>(entry.Name, Array.Empty<long>(), new long[] { counter.Value });
        }

        float[] values = new float[entry.Shape.Length];
        entry.Data.Buffer!.Device.Read(entry.Data, values);
        return SafeTensor.Of<float>(entry.Name, entry.Shape, values);
    }
}
