using System.CommandLine;
using MuxKernels.Autograd;
using MuxKernels.Inference;
using MuxKernels.Layers;
using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary><c>kernels</c>: each row of the kernel table, with AVX-512 and, in a child process, with AVX2.</summary>
internal static class KernelsCommand
{
    private const string Ours = "MuxKernels";
    private const string Copy = "copy of as many bytes";

    private const string Method =
        "Batch 1, one thread, warm, blocks of many runs take turns. Ours in the layout of planned networks, channel "
        + "blocks of one vector, without activation; ONNX Runtime as a model of one operator (its reorders included); "
        + "oneDNN 2 in layouts of its own choice with packed weights, reorders not included; whole blocks as a quarter "
        + "of a chain of four with the conversions at both ends. Percent of the fused multiply-adds in registers, the "
        + "median of those measured before each round. Means are weighted by multiply-adds and calls in the network. "
        + "Lane cap: lanes of vectors that work for a channel. Traffic cap: a copy of as many bytes, "
        + "half read and half written, as the operation "
        + "must read and write. AVX2: the same program with DOTNET_EnableAVX512=0 and oneDNN held to AVX2, percent of "
        + "AVX2's own peak. Results of all agree to 1e-5 of the largest number.";

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("kernels", "The kernel table beside ONNX Runtime and oneDNN.");
        Option<int> rounds = new("--rounds") { Description = "Rounds.", DefaultValueFactory = static _ => 9 };
        Option<string?> only = new("--only") { Description = "Only rows whose name contains this." };
        Option<bool> child = new("--child") { Description = "Prints the rows as JSON.", Hidden = true };
        Option<string> output = new("--output")
        {
            Description = "Folder of the JSON document and the chart.",
            DefaultValueFactory = static _ => Path.Combine("bench", "results"),
        };
        foreach (Option option in (ReadOnlySpan<Option>)[rounds, only, child, output])
        {
            command.Add(option);
        }

        command.SetAction(parsed => Run(parsed.GetValue(rounds), parsed.GetValue(only) ?? "", parsed.GetValue(child),
            parsed.GetRequiredValue(output)));
        return command;
    }

    private static int Run(int rounds, string only, bool child, string folder)
    {
        List<ResultRow> rows = Measure(rounds, only, runtime: !child);
        ResultFile file = new("kernels", Machine.Read(), Method, PeerSet.Describe(), rows);
        if (child)
        {
            Console.WriteLine(file.ToJson());
            return 0;
        }

        PeerSet.TellMissing(oneDnn: true);
        if (MachineProbe.VectorLanes == 16)
        {
            Console.Error.WriteLine("The same with AVX2:");
            Dictionary<string, string> settings = new()
            {
                ["DOTNET_EnableAVX512"] = "0",
                ["ONEDNN_MAX_CPU_ISA"] = "AVX2",
                ["DNNL_MAX_CPU_ISA"] = "AVX2",
            };
            ResultFile narrow = ResultFile.Parse(ChildProcess.Run(settings, "kernels", "--child", "--rounds",
                $"{rounds}", "--only", only));
            if (narrow.Machine.InstructionSet == file.Machine.InstructionSet)
            {
                throw new ComparisonException("The child process uses AVX-512 as well.");
            }

            rows.AddRange(narrow.Rows);
        }

        file.Write(Path.Combine(folder, "kernels.json"));
        ResultRow[] shown = [.. rows.Where(r => r.Name.StartsWith(MachineProbe.InstructionSet, StringComparison.Ordinal)
            && !r.IsPart)];
        Chart.Write(Path.Combine(folder, "kernels.svg"), "Percent of one core's peak, batch 1 (more is better)",
            [.. shown.Select(r => (r.Name[(MachineProbe.InstructionSet.Length + 2)..], r))],
            [Ours, PeerKernels.OneDnnPlain, PeerKernels.OneDnnDepthwise, PeerKernels.Rewritten, PeerKernels.Exported],
            static e => e.PercentOfPeak ?? double.NaN);
        return 0;
    }

    private static List<ResultRow> Measure(int rounds, string only, bool runtime)
    {
        KernelRow[] kernels = [.. KernelRow.All().Where(r => r.Name.Contains(only, StringComparison.Ordinal))];
        BlockRow[] wholes = [.. BlockRow.All.Where(r => r.Name.Contains(only, StringComparison.Ordinal))];
        Progress progress = new(Console.Error, kernels.Sum(k => k.Kernels.Count) + wholes.Length);
        using CpuDevice device = new(1);
        Blocks blocks = new() { Rounds = rounds, BlockMs = 20, PauseMs = 5, WarmUpMs = 200 };
        List<ResultRow> rows = [];
        foreach (KernelRow row in kernels)
        {
            string name = $"{MachineProbe.InstructionSet}: {row.Name}";
            List<(ResultRow Row, int Count)> parts = [];
            foreach ((Operator @operator, int count) in row.Kernels)
            {
                string label = row.Kernels.Count == 1 ? name : name + ResultRow.PartMark + Describe(@operator);
                progress.Next(label);
                parts.Add((MeasureKernel(label, new KernelSubject(@operator), blocks, device, runtime), count));
                Tell(progress, parts[^1].Row);
            }

            rows.AddRange(parts.Select(static p => p.Row));
            if (parts.Count > 1)
            {
                rows.Add(Mean(name, parts));
                Tell(progress, rows[^1]);
            }
        }

        foreach (BlockRow row in wholes)
        {
            string name = $"{MachineProbe.InstructionSet}: {row.Name}";
            progress.Next(name);
            rows.Add(MeasureBlock(name, row, blocks, device, runtime));
            Tell(progress, rows[^1]);
        }

        return rows;
    }

    private static void Tell(Progress progress, ResultRow row)
    {
        string entries = string.Join("; ", row.Entries.Select(
            static e => $"{e.Name} {1000 * e.MedianMs:F1} µs, {e.PercentOfPeak:F1} %"));
        string traffic = row.TrafficCapPercent is { } cap ? $", traffic cap {cap:F0} %" : "";
        progress.Note($"{entries}; lane cap {row.LaneCapPercent:F0} %{traffic}");
    }

    private static string Describe(Operator @operator) => @operator is PointwiseConvOperator o
        ? $"{o.Args.X.C}→{o.Args.Y.C} at {o.Args.X.H}²"
        : $"{@operator}";

    private static ResultRow MeasureKernel(string name, KernelSubject subject, Blocks blocks, CpuDevice device,
        bool runtime)
    {
        using BlockedKernel ours = BlockedKernel.Of(subject);
        PeerKernel[] peers = [.. PeerKernels.Of(subject, device).Where(p => runtime || p.Note is not null)];
        try
        {
            ours.Run();
            float[] y = ours.Read(subject.Y);
            Outputs.Difference($"{name}, eager", y, subject.Eager(device));
            return Contest(name, ours.Run, y, peers, blocks, subject.MultiplyAdds, subject.BytesMoved, 1) with
            {
                LaneCapPercent = 100 * ours.LaneCap,
            };
        }
        finally
        {
            Array.ForEach(peers, static p => p.End.Dispose());
        }
    }

    private static ResultRow MeasureBlock(string name, BlockRow row, Blocks blocks, CpuDevice device, bool runtime)
    {
        Shape shape = new(1, row.Channels, row.Size, row.Size);
        using Module chain = Subjects.Chain(row.Block, row.Channels, row.Size, BlockRow.Length, device);
        using InferencePlan plan = InferencePlan.Of(chain, shape);
        float[] x = Fill.Uniform(1, shape.Length), y = new float[shape.Length];
        PeerKernel[] peers = !runtime || !Peers.OnnxRuntime.IsAvailable
            ? []
            : [PeerKernels.OnnxRuntimeOf(chain, shape, x, true), PeerKernels.OnnxRuntimeOf(chain, shape, x, false)];
        try
        {
            plan.Run(x, y);
            long products = plan.Steps.Sum(static s => s.MultiplyAdds);
            return Contest(name, () => plan.Run(x, y), y, peers, blocks, Summary.Of(chain, shape).MultiplyAdds, 0,
                BlockRow.Length) with
            {
                LaneCapPercent = 100 * products / plan.Steps.Where(static s => s.MultiplyAdds > 0)
                    .Sum(static s => s.MultiplyAdds / s.LaneCap),
            };
        }
        finally
        {
            Array.ForEach(peers, static p => p.End.Dispose());
        }
    }

    /// <summary>Times ours, the peers and a copy in turns.</summary>
    /// <param name="share">How many of what is asked for a run computes.</param>
    private static ResultRow Contest(string name, Action ours, float[] y, PeerKernel[] peers, Blocks blocks, long madds,
        long bytes, int share)
    {
        List<Contestant> contestants = [new(Ours, ours)];
        List<double?> differences = [null];
        foreach (PeerKernel peer in peers)
        {
            peer.Run();
            differences.Add(Outputs.Difference($"{name}, {peer.Name}", y, peer.Read()));
            contestants.Add(new Contestant(peer.Name, peer.Run));
        }

        using AlignedBuffer<byte> from = new(Math.Max(64, bytes / 2)), to = new(Math.Max(64, bytes / 2));
        if (bytes > 0)
        {
            contestants.Add(new Contestant(Copy, () => from.Span.CopyTo(to.Span)));
        }

        List<double> peaks = [];
        IReadOnlyList<Measured> times = blocks.Run(contestants, () => peaks.Add(MachineProbe.PeakFma(1, 5)));
        double peak = Spread.Median(peaks);
        Measured? copy = times.FirstOrDefault(static t => t.Name == Copy);
        return new ResultRow(name, [.. times.Where(static t => t.Name != Copy).Select((t, i) =>
        {
            ResultEntry entry = ResultEntry.Of(t, times[0], madds, peak);
            return entry with
            {
                MedianMs = entry.MedianMs / share,
                LeastMs = entry.LeastMs / share,
                P5Ms = entry.P5Ms / share,
                P95Ms = entry.P95Ms / share,
                LargestDifference = differences[i],
                Note = i == 0 ? null : peers[i - 1].Note,
            };
        })])
        {
            Madds = madds / share,
            PeakGmaddsPerS = peak,
            TrafficCapPercent = copy is null ? null : Math.Min(100, madds / copy.Spread.MedianMs / 1e4 / peak),
        };
    }

    /// <summary>The mean over several convolutions, weighted by multiply-adds.</summary>
    private static ResultRow Mean(string name, IReadOnlyList<(ResultRow Row, int Count)> parts)
    {
        double all = parts.Sum(static p => (double)p.Count * p.Row.Madds!.Value);
        string[] names = [.. parts[0].Row.Entries.Select(static e => e.Name)];
        double Weighted(Func<ResultRow, double?> value) =>
            parts.Sum(p => p.Count * p.Row.Madds!.Value * value(p.Row)!.Value) / all;

        return new ResultRow(name, [.. names.Select((who, i) =>
        {
            ResultEntry Of(ResultRow row) => row.Entries.Single(e => e.Name == who);
            return new ResultEntry(who, parts.Sum(p => p.Count * Of(p.Row).MedianMs),
                parts.Sum(p => p.Count * Of(p.Row).P5Ms), parts.Sum(p => p.Count * Of(p.Row).P95Ms),
                parts.Min(p => Of(p.Row).Runs))
            {
                Peer = i > 0,
                GmaddsPerS = Weighted(r => Of(r).GmaddsPerS),
                PercentOfPeak = Weighted(r => Of(r).PercentOfPeak),
                RatioToOurs = i == 0 ? null : Weighted(r => Of(r).RatioToOurs),
            };
        })])
        {
            Madds = (long)all,
            PeakGmaddsPerS = parts.Max(static p => p.Row.PeakGmaddsPerS),
            LaneCapPercent = Weighted(static r => r.LaneCapPercent),
            TrafficCapPercent = Weighted(static r => r.TrafficCapPercent),
        };
    }
}
