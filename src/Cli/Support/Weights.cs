using System.CommandLine;
using MuxKernels.Data;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>A network with the weights of a file.</summary>
/// <param name="Network">The network, with memory on the device.</param>
/// <param name="Preprocessing">What the file says is done to images; null where it says nothing.</param>
internal sealed record Weights(MuxNet Network, Preprocessing? Preprocessing) : IDisposable
{
    /// <summary>Reads a file into the network that was named, or into the one that the file describes.</summary>
    /// <exception cref="IOException">Weights that do not fit, or a file that can't be read.</exception>
    public static Weights Open(string path, NetworkOptions options, ParseResult parsed, Device device)
    {
        using TensorFile file = TensorFile.Open(path);
        MuxNet network = new(options.Read(parsed, file));
        try
        {
            network.Materialize(device);
            WeightFile.Load(file, network);
            return new Weights(network, ReadPreprocessing(file));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>What is done to images: what the file says, or the images' own statistics.</summary>
    public Preprocessing PreprocessingFor(ImageDataset data, Shell shell)
    {
        if (Preprocessing is { } known)
        {
            return known.Mean.Count == data.Channels
                ? known
                : throw new InvalidDataException($"{data.Source}: images have {data.Channels} channels, expected "
                    + $"{known.Mean.Count} as in the images that these weights were trained on.");
        }

        shell.Note("The weight file says nothing about preprocessing; images are normalised by their own statistics.");
        return Preprocessing.Of(data);
    }

    /// <summary>Demands images that the network can see.</summary>
    /// <exception cref="InvalidDataException">Other channels or more classes than the network has.</exception>
    public void CheckFits(ImageDataset data)
    {
        NetworkSpec spec = Network.Spec;
        if (data.Channels != spec.ImageChannels || data.Classes > spec.Classes)
        {
            throw new InvalidDataException($"{data.Source}: {data.Channels} channels and {data.Classes} classes, "
                + $"expected {spec.ImageChannels} channels and at most {spec.Classes} classes for {spec.Name}.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();

    private static Preprocessing? ReadPreprocessing(TensorFile file)
    {
        if (!file.Metadata.TryGetValue(Preprocessing.Key, out string? json))
        {
            return null;
        }

        try
        {
            return Preprocessing.FromJson(json);
        }
        catch (FormatException e)
        {
            throw file.Error($"'{Preprocessing.Key}' can't be read: {e.Message}", e);
        }
    }
}
