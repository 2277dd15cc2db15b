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
        string kind = device.Name.Split(':')[0];
        (KernelResult[] results, double? peak, int threads) = device is CpuDevice cpu
            ? OnProcessor(shell, operation, args, cpu, seconds)
            : (OnDevice(shell, operation, args, device, kind, seconds), null, 1);
        shell.Result(new
        {
            kernel = name,
            shape = args.ToString(),
            device = device.Name,
            threads,
            peakGmaddsPerS = peak,
            variants = results,
        });
        shell.Line($"{name} {args} on {device.Name}, {threads} threads"
            + (peak is { } p ? $", peak {p:F0} GMAdd/s" : ""));
        Print(shell, results);
        return ExitCode.Done;
    }

    /// <summary>Results as a table.</summary>
    public static void Print(Shell shell, IReadOnlyList<KernelResult> results)
    {
        Table table = new("form", ">median ms", ">p5", ">p95", ">GMAdd/s", ">% of peak", ">GB/s");
        foreach (KernelResult r in results)
        {
            table.Add(r.Target, $"{r.MedianMs:F4}", $"{r.P5Ms:F4}", $"{r.P95Ms:F4}",
                r.Madds == 0 ? "–" : $"{r.GmaddsPerS:F1}",
                r.PercentOfPeak is { } share && r.Madds > 0 ? $"{share:F1}" : "–",
                r.GbPerS == 0 ? "–" : $"{r.GbPerS:F1}");
        }

        table.Write(shell.Output);
    }

    private static (KernelResult[] Results, double? Peak, int Threads) OnProcessor(Shell shell,
        KernelOperation operation, object args, CpuDevice cpu, double seconds)
    {
        double before = MachineProbe.PeakFma(cpu.Work);
        KernelContest contest = new(cpu.Work);
        if (args is MuxConv.Args mux)
        {
            contest.AddMuxConv(operation.Name.Split('.')[1], mux);
        }
        else
        {
            AddRegistry(contest, operation, args, "cpu");
        }

        KernelResult[] results = contest.Run(seconds, before, shell.Cancellation);
        double peak = Math.Max(before, MachineProbe.PeakFma(cpu.Work));
        return ([.. results.Select(r => r with { PercentOfPeak = r.PercentOfPeak * before / peak })], peak,
            cpu.Threads);
    }

    private static KernelResult[] OnDevice(Shell shell, KernelOperation operation, object args, Device device,
        string kind, double seconds)
    {
        if (args is MuxConv.Args mux)
        {
            MuxConvForms forms = MuxConvForms.Measure(device, mux);
            MuxConvTimes times = operation.Name switch
            {
                "muxconv.forward" => forms.Forward,
                "muxconv.backward-input" => forms.BackwardInput,
                _ => forms.BackwardWeight,
            };
            return [Form("fused", times.Fused, mux), Form("three-step", times.Steps, mux)];
        }

        KernelContest contest = new(null);
        AddRegistry(contest, operation, args, kind);
        if (contest.Targets.Count == 0)
        {
            throw new OperationMissingException($"{operation.Name} has no body on {device.Name} yet; run this on cpu.");
        }

        shell.Note("Times include the way of the operands to the device and back.");
        return contest.Run(seconds, null, shell.Cancellation);
    }

    private static KernelResult Form(string name, double ms, MuxConv.Args a) => new(name, ms, ms, ms, a.MultiplyAdds,
        a.MultiplyAdds / ms / 1e6, null, a.BytesMoved / ms / 1e6);

    private static void AddRegistry(KernelContest contest, KernelOperation operation, object args, string kind)
    {
        switch (operation)
        {
            case KernelOperation<MixedConv.Args> o:
                contest.AddRegistry(o, (MixedConv.Args)args, kind);
                break;
            case KernelOperation<DepthwiseConv.Args> o:
                contest.AddRegistry(o, (DepthwiseConv.Args)args, kind);
                break;
            case KernelOperation<GroupConv.Args> o:
                contest.AddRegistry(o, (GroupConv.Args)args, kind);
                break;
            case KernelOperation<DenseConv.Args> o:
                contest.AddRegistry(o, (DenseConv.Args)args, kind);
                break;
            case KernelOperation<PointwiseConv.Args> o:
                contest.AddRegistry(o, (PointwiseConv.Args)args, kind);
                break;
            case KernelOperation<Linear.Args> o:
                contest.AddRegistry(o, (Linear.Args)args, kind);
                break;
            case KernelOperation<SpaceToChannel.Args> o:
                contest.AddRegistry(o, (SpaceToChannel.Args)args, kind);
                break;
            case KernelOperation<ChannelToSpace.Args> o:
                contest.AddRegistry(o, (ChannelToSpace.Args)args, kind);
                break;
            case KernelOperation<ChannelShuffle.Args> o:
                contest.AddRegistry(o, (ChannelShuffle.Args)args, kind);
                break;
            case KernelOperation<Activation.Args> o:
                contest.AddRegistry(o, (Activation.Args)args, kind);
                break;
            case KernelOperation<BatchNorm.Args> o:
                contest.AddRegistry(o, (BatchNorm.Args)args, kind);
                break;
            case KernelOperation<GlobalAveragePool.Args> o:
                contest.AddRegistry(o, (GlobalAveragePool.Args)args, kind);
                break;
            default:
                throw new UsageException($"--kernel {operation.Name} can't be measured alone.");
        }
    }
}
