using System.CommandLine;
using MuxKernels.Interop;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet inspect</c>: what is in a weight file or an ONNX model.</summary>
internal static class InspectCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("inspect",
            "What is in a file: tensors of safetensors and PyTorch checkpoints; inputs, nodes and initializers of "
            + "ONNX.");
        Argument<string> path = new("FILE")
        {
            Description = "A safetensors file, a PyTorch checkpoint (.pt, .pth) or an ONNX model (.onnx).",
        };
        command.Add(path);
        shell.Handle(command, parsed =>
        {
            string file = parsed.GetRequiredValue(path);
            return Path.GetExtension(file).Equals(".onnx", StringComparison.OrdinalIgnoreCase)
                ? RunOnnx(shell, file)
                : Run(shell, file);
        });
        return command;
    }

    private static int Run(Shell shell, string path)
    {
        using TensorFile file = TensorFile.Open(path);
        long elements = file.Tensors.Sum(t => t.Count), bytes = file.Tensors.Sum(t => t.Length);
        shell.Result(new
        {
            file = path,
            metadata = file.Metadata,
            tensors = file.Tensors.Select(t => new
            {
                t.Name,
                type = t.Type.ToString(),
                t.Shape,
                elements = t.Count,
                bytes = t.Length,
            }),
            elements,
            bytes,
        });
        foreach ((string key, string value) in file.Metadata)
        {
            shell.Line($"{key}: {value}");
        }

        Table table = new("tensor", "type", "shape", ">elements");
        foreach (SafeTensorInfo t in file.Tensors)
        {
            table.Add(t.Name, t.Type.ToString(), $"[{string.Join(", ", t.Shape)}]", Table.Number(t.Count));
        }

        table.Write(shell.Output);
        shell.Line($"{file.Tensors.Count} tensors, {Table.Number(elements)} elements, {Table.Number(bytes)} bytes");
        return ExitCode.Done;
    }

    private static int RunOnnx(Shell shell, string path)
    {
        OnnxModel model = Onnx.Read(path);
        (string Type, int Count)[] types = [.. model.Nodes.GroupBy(n => n.Type).Select(g => (g.Key, g.Count()))
            .OrderByDescending(t => t.Item2).ThenBy(t => t.Key, StringComparer.Ordinal)];
        long elements = model.Initializers.Sum(t => t.Count), bytes = new FileInfo(path).Length;
        shell.Result(new
        {
            file = path,
            model.Name,
            model.Producer,
            model.ProducerVersion,
            model.IrVersion,
            model.Opset,
            metadata = model.Metadata.Select(m => new { m.Key, m.Value }),
            inputs = model.Inputs.Select(v => new { v.Name, type = v.Type.ToString(), v.Shape }),
            outputs = model.Outputs.Select(v => new { v.Name, type = v.Type.ToString(), v.Shape }),
            nodes = model.Nodes.Count,
            nodeTypes = types.ToDictionary(t => t.Type, t => t.Count),
            initializers = model.Initializers.Select(t => new
            {
                t.Name,
                type = t.Type.ToString(),
                t.Shape,
                elements = t.Count,
            }),
            elements,
            bytes,
        });
        shell.Line($"{path}: {model.Name}, ONNX opset {model.Opset}, format {model.IrVersion}, by {model.Producer} "
            + model.ProducerVersion);
        foreach ((string key, string value) in model.Metadata)
        {
            shell.Line($"{key}: {value}");
        }

        foreach (OnnxValue value in model.Inputs)
        {
            shell.Line($"input   {value}");
        }

        foreach (OnnxValue value in model.Outputs)
        {
            shell.Line($"output  {value}");
        }

        Table nodes = new("node", ">count");
        foreach ((string type, int count) in types)
        {
            nodes.Add(type, Table.Number(count));
        }

        nodes.Write(shell.Output);
        Table table = new("initializer", "type", "shape", ">elements");
        foreach (OnnxTensor t in model.Initializers)
        {
            table.Add(t.Name, t.Type.ToString(), $"[{string.Join(", ", t.Shape)}]", Table.Number(t.Count));
        }

        table.Write(shell.Output);
        shell.Line($"{model.Nodes.Count} nodes, {model.Initializers.Count} initializers, {Table.Number(elements)} "
            + $"elements, {Table.Number(bytes)} bytes");
        return ExitCode.Done;
    }
}
