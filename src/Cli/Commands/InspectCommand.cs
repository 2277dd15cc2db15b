using System.CommandLine;
using MuxKernels.Interop;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet inspect</c>: what is in a weight file.</summary>
internal static class InspectCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("inspect", "Tensors and metadata of a safetensors file.");
        Argument<string> path = new("FILE") { Description = "A safetensors file." };
        command.Add(path);
        shell.Handle(command, parsed => Run(shell, parsed.GetRequiredValue(path)));
        return command;
    }

    private static int Run(Shell shell, string path)
    {
        using SafeTensorsFile file = SafeTensors.Read(path);
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
}
