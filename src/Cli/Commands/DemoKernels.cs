namespace MuxKernels.Cli.Commands;

/// <summary>What the machine can do.</summary>
/// <param name="Processor">The processor.</param>
/// <param name="Threads">Threads that the demonstration uses.</param>
/// <param name="PeakGmaddsPerS">10⁹ multiply-adds a second at most, all threads.</param>
/// <param name="PeakOneThread">The same of one thread.</param>
/// <param name="CopyGbPerS">10⁹ bytes a second that a copy reads and writes.</param>
internal sealed record DemoMachine(Processor Processor, int Threads, double PeakGmaddsPerS, double PeakOneThread,
    double CopyGbPerS);

/// <summary>One MuxConv in its forms.</summary>
/// <param name="Shape">Geometry.</param>
/// <param name="Direction">forward, backward-input or backward-weight.</param>
/// <param name="Forms">Fused, three-step and plain depthwise.</param>
internal sealed record DemoKernel(string Shape, string Direction, IReadOnlyList<KernelResult> Forms)
{
    /// <summary>How many times as long three steps take.</summary>
    public double Ratio => Forms[1].MedianMs / Forms[0].MedianMs;
}

/// <summary>First parts of the demonstration: the machine, and the kernel that MUXNets are named after.</summary>
internal static class DemoKernels
{
    private static readonly string[] Directions = ["forward", "backward-input", "backward-weight"];

    /// <summary>MuxConvs of <c>muxnet-m-spatial</c> at 56, 28 and 14 pixels.</summary>
    private static readonly MuxConv.Args[] Shapes =
    [
        new(new Shape(1, 48, 56, 56), IntList.Create([-1, 0, 1]), 3),
        new(new Shape(1, 120, 28, 28), IntList.Create([-1, 0, 1]), 3),
        new(new Shape(1, 240, 14, 14), IntList.Create([-1, 0, 1]), 5),
    ];

    /// <summary>Measures the machine.</summary>
    public static DemoMachine Machine(Shell shell, CpuDevice device)
    {
        shell.Progress("measuring the machine", new { measuring = "machine" });
        double one = MachineProbe.PeakFma(null, 500);
        double all = device.Work is null ? one : MachineProbe.PeakFma(device.Work, 500);
        DemoMachine machine = new(Processor.Read(), device.Threads, Math.Max(one, all), one,
            MachineProbe.CopyBandwidth(device.Threads, 500));
        Processor p = machine.Processor;
        shell.Line($"1. {p.Name}: {p.KernelsUse}, {machine.Threads} of {p.Threads} threads");
        shell.Line($"   peak {machine.PeakGmaddsPerS:F0} GMAdd/s ({machine.PeakOneThread:F0} on one thread), "
            + $"memory copy {machine.CopyGbPerS:F1} GB/s");
        return machine;
    }

    /// <summary>Measures MuxConv in its forms on one thread.</summary>
    public static DemoKernel[] Measure(Shell shell, DemoMachine machine, double seconds)
    {
        shell.Line();
        shell.Line("2. Spatial multiplexing (MuxConv): fused, in three steps, and the plain depthwise convolution "
            + "of the same map; one thread");
        List<DemoKernel> kernels = [];
        foreach (MuxConv.Args args in Shapes)
        {
            foreach (string direction in Directions)
            {
                string shape = $"{args.X.C}×{args.X.H}×{args.X.W} k{args.Kernels}";
                shell.Progress($"timing MuxConv {direction} {shape}", new { timing = direction, shape });
                KernelContest contest = new(null);
                contest.AddMuxConv(direction, args);
                kernels.Add(new DemoKernel(shape, direction,
                    contest.Run(seconds, new DeviceLimits(machine.PeakOneThread, 0),
                        shell.Cancellation)));
            }
        }

        Table table = new("map", "direction", ">fused ms", ">three-step ms", ">ratio", ">plain ms", ">GMAdd/s",
            ">% of peak");
        foreach (DemoKernel k in kernels)
        {
            table.Add(k.Shape, k.Direction, $"{k.Forms[0].MedianMs:F3}", $"{k.Forms[1].MedianMs:F3}",
                $"{k.Ratio:F2}", $"{k.Forms[2].MedianMs:F3}", $"{k.Forms[0].GmaddsPerS:F1}",
                $"{k.Forms[0].PercentOfPeak:F1}");
        }

        table.Write(shell.Output);
        return [.. kernels];
    }
}
