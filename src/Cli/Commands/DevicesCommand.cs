using System.CommandLine;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet devices</c>: the processor and the accelerators.</summary>
internal static class DevicesCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("devices", "Instruction sets, caches, threads and accelerators.");
        shell.Handle(command, _ => Run(shell));
        return command;
    }

    private static int Run(Shell shell)
    {
        Processor processor = Processor.Read();
        List<Kind> kinds = [.. DeviceProvider.Kinds.Select(Look)];
        shell.Result(new { processor, kinds });
        shell.Line($"processor        {processor.Name}");
        shell.Line($"threads          {processor.Threads}");
        shell.Line($"instruction sets {string.Join(", ", processor.InstructionSets)}");
        shell.Line($"kernels use      {processor.KernelsUse}, {processor.VectorFloats} floats a vector");
        shell.Line($"caches           {(processor.Caches.Count == 0 ? "unknown"
            : string.Join(", ", processor.Caches.Select(c => $"L{c.Level} {c.Type} {c.Bytes / 1024} KiB")))}");
        shell.Line();
        Table table = new("device", "what it is");
        foreach (Kind kind in kinds)
        {
            foreach (DeviceEntry device in kind.Devices)
            {
                table.Add(device.Name, device.Description);
            }

            if (kind.Reason is { } reason)
            {
                table.Add(kind.Name, $"none: {reason}");
            }
        }

        table.Write(shell.Output);
        return ExitCode.Done;
    }

    private static Kind Look(DeviceFactory factory)
    {
        if (factory.Unavailable is { } reason)
        {
            return new Kind(factory.Kind, factory.Description, [], reason);
        }

        try
        {
            IReadOnlyList<DeviceEntry> found = factory.List();
            return new Kind(factory.Kind, factory.Description, found,
                found.Count == 0 ? "no such device or no driver was found." : null);
        }
#pragma warning disable CA1031 // A driver may fail in any way; the table says how.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Kind(factory.Kind, factory.Description, [], e.Message.ReplaceLineEndings(" "));
        }
    }

    private sealed record Kind(string Name, string Description, IReadOnlyList<DeviceEntry> Devices, string? Reason);
}
