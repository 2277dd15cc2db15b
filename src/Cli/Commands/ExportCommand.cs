using System.CommandLine;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet export</c>: a network's weights under the reference implementation's names, or the whole network
/// as an ONNX model.</summary>
internal static class ExportCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("export",
            "Writes a network's weights (safetensors, the reference implementation's names) or the network (ONNX).");
        NetworkOptions network = new(command);
        Option<string?> weights = new("--weights")
        {
            Description = "Weights to write (safetensors or a PyTorch checkpoint); without it freshly initialised "
                + "ones.",
            HelpName = "FILE",
        };
        Option<string?> target = new("--safetensors")
        {
            Description = "The file to write: weights alone.",
            HelpName = "FILE",
        };
        Option<int> seed = new("--seed")
        {
            Description = "Seed of fresh weights.",
            DefaultValueFactory = static _ => 1,
            HelpName = "N",
        };
        foreach (Option option in (ReadOnlySpan<Option>)[weights, target, seed])
        {
            command.Add(option);
        }

        OnnxExport onnx = new(command);
        shell.Handle(command, parsed =>
        {
            string? path = parsed.GetValue(target);
            onnx.Check(parsed, path);
            using CpuDevice device = new(1);
            if (parsed.GetValue(weights) is { } file)
            {
                using Weights loaded = Weights.Open(file, network, parsed, device);
                return Write(loaded.Network, loaded.Preprocessing);
            }

            using MuxNet fresh = new(network.Read(parsed));
            fresh.Materialize(device, (ulong)parsed.GetValue(seed));
            return Write(fresh, null);

            int Write(MuxNet built, Preprocessing? preprocessing) => path is null
                ? onnx.Write(shell, parsed, built, preprocessing)
                : WriteWeights(shell, built, preprocessing, path);
        });
        return command;
    }

    private static int WriteWeights(Shell shell, MuxNet network, Preprocessing? preprocessing, string path)
    {
        Dictionary<string, string> metadata = [];
        if (preprocessing is not null)
        {
            metadata[Preprocessing.Key] = preprocessing.ToJson();
        }

        WeightFile.Save(path, network, metadata, cancellation: shell.Cancellation);
        int tensors = network.State().Count;
        long bytes = new FileInfo(path).Length;
        shell.Result(new
        {
            model = network.Spec.Name,
            derived = network.Spec.IsDerived,
            file = path,
            tensors,
            parameters = network.ParameterCount,
            bytes,
        });
        shell.Line($"{path}: {NetworkOptions.Mark(network.Spec)}, {tensors} tensors, "
            + $"{Table.Number(network.ParameterCount)} parameters, {Table.Number(bytes)} bytes");
        return ExitCode.Done;
    }
}
