using System.CommandLine;
using MuxKernels.Layers;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet summary</c>: layers, parameters, multiply-adds and bytes of a network.</summary>
internal static class SummaryCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("summary", "Layers, shapes, parameters, multiply-adds and bytes of a network.");
        NetworkOptions network = new(command);
        Option<int> size = new("--size")
        {
            Description = "Side length of the image; without it the network's own.",
            HelpName = "PIXELS",
        };
        Option<int> batch = new("--batch")
        {
            Description = "Images of a batch.",
            DefaultValueFactory = static _ => 1,
            HelpName = "N",
        };
        command.Add(size);
        command.Add(batch);
        shell.Handle(command, parsed => Run(shell, network.Read(parsed, "muxnet-tiny"),
            Check.Range(parsed.GetValue(size), 0, 8192, "--size"),
            Check.Range(parsed.GetValue(batch), 1, 65536, "--batch")));
        return command;
    }

    private static int Run(Shell shell, NetworkSpec spec, int size, int batch)
    {
        int side = size == 0 ? spec.ImageSize : size;
        Shape input = new(batch, spec.ImageChannels, side, side);
        using MuxNet network = new(spec);
        Summary summary = Summary.Of(network, input);
        shell.Result(new
        {
            model = spec.Name,
            derived = spec.IsDerived,
            input = input.Axes,
            summary.Parameters,
            madds = summary.MultiplyAdds,
            maddsConvLinear = summary.MultiplyAddsLinear,
            summary.ActivationBytes,
            layers = summary.Layers.Select(l => new
            {
                l.Name,
                l.Type,
                outputShape = l.Output.Axes,
                l.Parameters,
                madds = l.MultiplyAdds,
                maddsConvLinear = l.MultiplyAddsLinear,
                l.Bytes,
            }),
        });
        Print(shell, spec, input, summary);
        return ExitCode.Done;
    }

    private static void Print(Shell shell, NetworkSpec spec, Shape input, Summary summary)
    {
        Table table = new("layer", "type", "output", ">parameters", ">multiply-adds", ">bytes");
        foreach (LayerSummary layer in summary.Layers)
        {
            table.Add(layer.Name, layer.Type, layer.Output.ToString(), Table.Number(layer.Parameters),
                Table.Number(layer.MultiplyAdds), Table.Number(layer.Bytes));
        }

        shell.Line($"{NetworkOptions.Mark(spec)}, input {input}");
        shell.Line();
        table.Write(shell.Output);
        shell.Line();
        shell.Line($"parameters      {Table.Number(summary.Parameters)}");
        shell.Line($"multiply-adds   {Table.Number(summary.MultiplyAdds)} by the paper's rule, "
            + $"{Table.Number(summary.MultiplyAddsLinear)} of convolutions and linear layers");
        shell.Line($"activations     {Table.Number(summary.ActivationBytes)} bytes");
    }
}
