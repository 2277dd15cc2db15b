using System.CommandLine;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench</c>: speed of a network or a kernel; <c>bench compare</c>: what became slower.</summary>
internal static class BenchCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("bench", "Speed of a network, or of one kernel beside its other forms "
            + "(--kernel muxconv.forward --shape \"1x48x56x56 k3 m-1.0.1\").");
        NetworkOptions network = new(command);
        NetworkBench.Options options = new(command);
        Option<string?> kernel = new("--kernel")
        {
            Description = "An operation of the registry: muxconv.forward, pointwise.backward-weight …",
            HelpName = "ID",
        };
        Option<string?> shape = new("--shape") { Description = KernelShape.Help, HelpName = "TEXT" };
        Option<double> seconds = new("--seconds")
        {
            Description = "Time to measure for.",
            DefaultValueFactory = static _ => 3,
            HelpName = "S",
        };
        command.Add(kernel);
        command.Add(shape);
        command.Add(seconds);
        command.Add(BenchCompare.Create(shell));
        shell.Handle(command, parsed =>
        {
            double time = Check.Range(parsed.GetValue(seconds), 0, 3600, "--seconds");
            if (parsed.GetValue(kernel) is { } name)
            {
                if (options.Explains(parsed))
                {
                    throw new UsageException("--explain lists the steps of a network, and a --kernel has none.");
                }

                return KernelBench.Run(shell, name, parsed.GetValue(shape)
                    ?? throw new UsageException($"--shape is missing for --kernel {name}. {KernelShape.Help}"), time);
            }

            if (parsed.GetValue(shape) is not null)
            {
                throw new UsageException("--shape belongs to --kernel, which is missing.");
            }

            return NetworkBench.Run(shell, network, options, parsed, time);
        });
        return command;
    }
}
