using Google.Protobuf;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>How a record becomes an ONNX model.</summary>
public sealed record OnnxOptions
{
    /// <summary>Whether the batch is the record's own; else it is free and called <c>N</c>.</summary>
    public bool FixedBatch { get; init; }

    /// <summary>
    /// Whether the graph is rewritten the way an expert does it for a runtime without fast grouped and mixed kernels:
    /// every convolution with two channels a group becomes the sum of two depthwise ones, every mixed-kernel
    /// convolution one depthwise convolution with zero-padded kernels; the batch-norm after it is folded in. The
    /// results are the same but for rounding (and for NaN and ∞, which zeros of a padded kernel spread).
    /// </summary>
    public bool RewriteForPeer { get; init; }

    /// <summary>Name of the graph.</summary>
    public string Name { get; init; } = "network";

    /// <summary>Text by name that the file carries, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];
}

/// <summary>
/// ONNX models, opset 17: any record of a network in evaluation mode becomes one, and what is in a file can be read.
/// Constants have the state dictionary's names, nodes their module's; the same record gives the same bytes.
/// </summary>
public static class Onnx
{
    /// <summary>Version of the standard operators that is written.</summary>
    public const int Opset = 17;

    /// <summary>Describes a network for inputs of a shape; the network is recorded on a <see cref="MetaDevice"/>, so
    /// nothing is computed, and its numbers are read from wherever they are.</summary>
    /// <exception cref="OnnxException">An operator without an ONNX form.</exception>
    /// <exception cref="InvalidOperationException">A network without memory.</exception>
    public static OnnxModel Model(Module network, Shape input, OnnxOptions? options = null)
    {
        using MetaDevice device = new();
        using Session session = new(device, training: false, record: true);
        Tensor x = session.Placeholder(input), y = network.Invoke(x);
        options ??= new OnnxOptions();
        if (network is MuxNet net && options.Name == new OnnxOptions().Name)
        {
            options = options with { Name = net.Spec.Name };
        }

        return new OnnxWriter(session.Record, [y], options, network.State()).Write([x]);
    }

    /// <summary>Describes a record, or as much of it as the outputs depend on.</summary>
    /// <param name="record">The nodes, in order.</param>
    /// <param name="inputs">What is fed: <c>x</c>, or <c>x0</c>, <c>x1</c> … Operands that no node made and that are
    /// no inputs become constants.</param>
    /// <param name="outputs">What comes back: <c>y</c>, or <c>y0</c>, <c>y1</c> …</param>
    /// <param name="options">Batch, rewriting, name.</param>
    /// <exception cref="OnnxException">An operator without an ONNX form, or a constant without numbers.</exception>
    public static OnnxModel Model(IReadOnlyList<Node> record, IReadOnlyList<Tensor> inputs,
        IReadOnlyList<Tensor> outputs, OnnxOptions? options = null) =>
        new OnnxWriter(record, outputs, options ?? new OnnxOptions(), []).Write(inputs);

    /// <summary>Writes a model beside the target and renames it (<see cref="AtomicFile"/>).</summary>
    /// <exception cref="OnnxException">More bytes than the format's 2 GiB.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, OnnxModel model, CancellationToken cancellation = default)
    {
        OnnxMessage message = OnnxFormat.Pack(model);
        if (message.Length > int.MaxValue)
        {
            throw new OnnxException($"{path}: the model would have {message.Length} bytes, expected at most "
                + $"{int.MaxValue}, the format's limit.");
        }

        AtomicFile.Write(path, stream =>
        {
            cancellation.ThrowIfCancellationRequested();
            using CodedOutputStream output = new(stream, leaveOpen: true);
            message.WriteTo(output);
            cancellation.ThrowIfCancellationRequested();
        });
    }

    /// <summary>A model's bytes.</summary>
    /// <exception cref="OnnxException">More bytes than the format's 2 GiB.</exception>
    public static byte[] ToBytes(OnnxModel model)
    {
        OnnxMessage message = OnnxFormat.Pack(model);
        if (message.Length > Array.MaxLength)
        {
            throw new OnnxException($"The model would have {message.Length} bytes, expected at most "
                + $"{Array.MaxLength}.");
        }

        byte[] bytes = new byte[message.Length];
        using CodedOutputStream output = new(bytes);
        message.WriteTo(output);
        return bytes;
    }

    /// <summary>Reads a model: graph, nodes, constants. Nothing in the file is trusted.</summary>
    /// <exception cref="OnnxException">A file that is no ONNX model, is cut off or too long.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static OnnxModel Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        FileInfo file = new(path);
        if (file.Exists && file.Length > Array.MaxLength)
        {
            throw new OnnxException($"{path}: {file.Length} bytes, expected at most {Array.MaxLength}.");
        }

        return Read(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads a model from memory, which must not change while its constants are in use.</summary>
    /// <param name="bytes">The file's bytes.</param>
    /// <param name="source">Name of the file, for messages.</param>
    /// <exception cref="OnnxException">No ONNX model, or one that is cut off.</exception>
    public static OnnxModel Read(byte[] bytes, string source) => OnnxReader.Read(bytes, source);
}
