namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench --kernel</c>: one operation of the registry, its forms in turns.</summary>
internal static class KernelBench
{
    public static int Run(Shell shell, string name, string text, double seconds)
    {
        KernelOperation operation = KernelRegistry.Operations.FirstOrDefault(o => o.Name == name)
            ?? throw new UsageException($"--kernel is '{name}', expected one of "
                + $"{string.Join(", ", KernelRegistry.Operations.Select(o => o.Name))}.");
        object args = KernelShape.Parse(text).ArgsFor(operation);
        using Device device = shell.OpenDevice();
        (KernelResult[] results, DeviceLimits? limits, int threads) = device is CpuDevice cpu
            ? OnProcessor(shell, operation, args, cpu, seconds)
            : OnDevice(shell, operation, args, device, seconds);
        shell.Result(new
        {
            kernel = name,
            shape = args.ToString(),
            device = device.Name,
            tf32 = shell.IsTensorFloat32,
            threads,
            peakGmaddsPerS = limits?.GmaddsPerS,
            copyGbPerS = limits is { CopyGbPerS: > 0 } known ? known.CopyGbPerS : (double?)null,
            variants = results,
        });
        shell.Line($"{name} {args} on {device.Name}, {threads} threads"
            + (limits is { } l ? $", peak {l.GmaddsPerS:F0} GMAdd/s" : "")
            + (limits is { CopyGbPerS: > 0 } c ? $", copies at {c.CopyGbPerS:F0} GB/s" : ""));
        Print(shell, results);
        return ExitCode.Done;
    }

    /// <summary>Results as a table.</summary>
    public static void Print(Shell shell, IReadOnlyList<KernelResult> results)
    {
        Table table = new("form", ">median ms", ">p5", ">p95", ">GMAdd/s", ">% of peak", ">GB/s",
            ">% of copy");
        foreach (KernelResult r in results)
        {
            table.Add(r.Target, $"{r.MedianMs:F4}", $"{r.P5Ms:F4}", $"{r.P95Ms:F4}",
                r.Madds == 0 ? "–" : $"{r.GmaddsPerS:F1}",
                r.PercentOfPeak is { } share && r.Madds > 0 ? $"{share:F1}" : "–",
                r.GbPerS == 0 ? "–" : $"{r.GbPerS:F1}", r.PercentOfCopy is { } copy ? $"{copy:F1}" : "–");
        }

        table.Write(shell.Output);
    }

    private static (KernelResult[] Results, DeviceLimits? Limits, int Threads) OnProcessor(Shell shell,
        KernelOperation operation, object args, CpuDevice cpu, double seconds)
    {
        DeviceLimits before = new(MachineProbe.PeakFma(cpu.Work), 0);
        KernelContest contest = new(cpu.Work);
        if (args is MuxConv.Args mux)
        {
            contest.AddMuxConv(operation.Name.Split('.')[1], mux);
        }
        else
        {
            AddRegistry(contest, operation, args, cpu);
        }

        KernelResult[] results = contest.Run(seconds, before, shell.Cancellation);
        double peak = Math.Max(before.GmaddsPerS, MachineProbe.PeakFma(cpu.Work));
        return ([.. results.Select(r => r with { PercentOfPeak = r.PercentOfPeak * before.GmaddsPerS / peak })],
            new DeviceLimits(peak, 0), cpu.Threads);
    }

    /// <summary>Operands stay on the device, whose own clock is asked; MuxConv also as space-to-channel, grouped
    /// convolution and channel-to-space.</summary>
    private static (KernelResult[] Results, DeviceLimits? Limits, int Threads) OnDevice(Shell shell,
        KernelOperation operation, object args, Device device, double seconds)
    {
        KernelContest contest = new(null);
        using MuxConvSteps? steps = Steps(shell, args, device);
        AddRegistry(contest, operation, args, device);
        if (steps is not null)
        {
            contest.AddSteps(operation.Name.Split('.')[1], (MuxConv.Args)args, steps, device);
        }

        return contest.Targets.Count == 0
            ? throw new OperationMissingException(
                $"{operation.Name} has no body on {device.Name} yet; run this on cpu.")
            : Measure(device.MeasureLimits());

        (KernelResult[] Results, DeviceLimits? Limits, int Threads) Measure(DeviceLimits? limits) =>
            (contest.Run(seconds, limits, shell.Cancellation, device), limits, 1);
    }

    private static MuxConvSteps? Steps(Shell shell, object args, Device device)
    {
        try
        {
            return args is MuxConv.Args mux ? new MuxConvSteps(device, mux) : null;
        }
        catch (ShapeException e)
        {
            shell.Note($"No three-step form: {e.Message}");
            return null;
        }
    }

    private static void AddRegistry(KernelContest contest, KernelOperation operation, object args, Device device)
    {
        switch (operation)
        {
            case KernelOperation<MixedConv.Args> o:
                contest.AddRegistry(o, (MixedConv.Args)args, device);
                break;
            case KernelOperation<MuxConv.Args> o:
                contest.AddRegistry(o, (MuxConv.Args)args, device);
                break;
            case KernelOperation<DepthwiseConv.Args> o:
                contest.AddRegistry(o, (DepthwiseConv.Args)args, device);
                break;
            case KernelOperation<GroupConv.Args> o:
                contest.AddRegistry(o, (GroupConv.Args)args, device);
                break;
            case KernelOperation<DenseConv.Args> o:
                contest.AddRegistry(o, (DenseConv.Args)args, device);
                break;
            case KernelOperation<PointwiseConv.Args> o:
                contest.AddRegistry(o, (PointwiseConv.Args)args, device);
                break;
            case KernelOperation<Linear.Args> o:
                contest.AddRegistry(o, (Linear.Args)args, device);
                break;
            case KernelOperation<SpaceToChannel.Args> o:
                contest.AddRegistry(o, (SpaceToChannel.Args)args, device);
                break;
            case KernelOperation<ChannelToSpace.Args> o:
                contest.AddRegistry(o, (ChannelToSpace.Args)args, device);
                break;
            case KernelOperation<ChannelShuffle.Args> o:
                contest.AddRegistry(o, (ChannelShuffle.Args)args, device);
                break;
            case KernelOperation<Activation.Args> o:
                contest.AddRegistry(o, (Activation.Args)args, device);
                break;
            case KernelOperation<BatchNorm.Args> o:
                contest.AddRegistry(o, (BatchNorm.Args)args, device);
                break;
            case KernelOperation<GlobalAveragePool.Args> o:
                contest.AddRegistry(o, (GlobalAveragePool.Args)args, device);
                break;
            default:
                throw new UsageException($"--kernel {operation.Name} can't be measured alone.");
        }
    }
}
