using System.CommandLine;
using System.Diagnostics;
using MuxKernels.Autograd;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench --model</c>: latency and rate of a network, forward or whole training steps.</summary>
internal static class NetworkBench
{
    /// <summary>Runs before the measurement; the compiler works in the background meanwhile.</summary>
    private const int WarmUpRuns = 3;

    public static int Run(Shell shell, NetworkOptions networkOptions, Options options, ParseResult parsed,
        double seconds)
    {
        using Device device = shell.OpenDevice();
        bool trains = options.Trains(parsed);
        using Weights weights = options.Load(parsed, networkOptions, device);
        MuxNet network = weights.Network;
        (Shape shape, float[] x) = options.ReadInput(parsed, network.Spec);
        WorkPool? pool = (device as CpuDevice)?.Work;
        double? before = device is CpuDevice ? MachineProbe.PeakFma(pool) : null;
        NetworkTimes times = trains
            ? Train(network, device, shape, x, seconds, shell.Cancellation)
            : Infer(network, device, shape, x, seconds, shell.Cancellation);
        double? peak = before is { } b ? Math.Max(b, MachineProbe.PeakFma(pool)) : null;
        if (options.Output(parsed) is { } file)
        {
            SafeTensors.Write(file, [SafeTensor.Of<float>("y", Shape.Matrix(shape.N, network.Spec.Classes),
                times.Result)]);
        }

        Report(shell, network, shape, device, trains, times, peak, options.Output(parsed));
        return ExitCode.Done;
    }

    /// <summary>Times of forward passes on one input; each run reads it and gives its logits back.</summary>
    public static NetworkTimes Infer(MuxNet network, Device device, Shape shape, float[] x, double seconds,
        CancellationToken cancellation)
    {
        float[] y = new float[(long)shape.N * network.Spec.Classes];
        Timing total = Repeat(seconds, cancellation, () =>
        {
            long start = Stopwatch.GetTimestamp();
            using Session session = new(device);
            device.Read(network.Invoke(session.Input(shape, x)).Data, y);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        return new NetworkTimes(total, [], y);
    }

    /// <summary>Times of training steps on one batch: forward, backward, SGD with momentum.</summary>
    private static NetworkTimes Train(MuxNet network, Device device, Shape shape, float[] x, double seconds,
        CancellationToken cancellation)
    {
        ParameterStore store = network.Store!;
        using Sgd optimizer = new(store, 0.001, 0.9, 4e-5);
        float[] labels = [.. Enumerable.Range(0, shape.N).Select(n => (float)(n % network.Spec.Classes))];
        float[] y = new float[(long)shape.N * network.Spec.Classes];
        List<double> forward = [], backward = [], step = [];
        Timing total = Repeat(seconds, cancellation, () =>
        {
            long start = Stopwatch.GetTimestamp();
            store.ZeroGradients();
            using Session session = new(device, training: true, record: true, seed: 1);
            Tensor logits = network.Invoke(session.Input(shape, x));
            Tensor loss = logits.CrossEntropy(labels);
            device.Read(logits.Data, y);
            long middle = Stopwatch.GetTimestamp();
            session.Backward(loss);
            device.Synchronize();
            long late = Stopwatch.GetTimestamp();
            optimizer.Step();
            session.Clear();
            device.Synchronize();
            long end = Stopwatch.GetTimestamp();
            forward.Add(Stopwatch.GetElapsedTime(start, middle).TotalMilliseconds);
            backward.Add(Stopwatch.GetElapsedTime(middle, late).TotalMilliseconds);
            step.Add(Stopwatch.GetElapsedTime(late, end).TotalMilliseconds);
            return Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
        });
        int skip = forward.Count - total.Times.Count;
        return new NetworkTimes(total,
        [
            ("forward", Timing.Of(forward.Skip(skip)).Median), ("backward", Timing.Of(backward.Skip(skip)).Median),
            ("step", Timing.Of(step.Skip(skip)).Median),
        ], y);
    }

    private static Timing Repeat(double seconds, CancellationToken cancellation, Func<double> run)
    {
        Stopwatch watch = Stopwatch.StartNew();
        double warm = Math.Min(1, seconds / 2);
        for (int i = 0; i < WarmUpRuns || watch.Elapsed.TotalSeconds < warm; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            run();
        }

        List<double> times = [];
        watch.Restart();
        while (times.Count < 5 || watch.Elapsed.TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            times.Add(run());
        }

        return Timing.Of(times);
    }

    private static void Report(Shell shell, MuxNet network, Shape shape, Device device, bool trains,
        NetworkTimes times, double? peak, string? output)
    {
        NetworkSpec spec = network.Spec;
        long madds = Summary.Of(network, shape).MultiplyAdds * (trains ? 3 : 1);
        double median = times.Total.Median, rate = madds / median / 1e6;
        int threads = (device as CpuDevice)?.Threads ?? 1;
        shell.Result(new
        {
            model = spec.Name,
            derived = spec.IsDerived,
            mode = trains ? "train" : "infer",
            device = device.Name,
            threads,
            batch = shape.N,
            input = shape.Axes,
            runs = times.Total.Times.Count,
            medianMs = median,
            p5Ms = times.Total.P5,
            p95Ms = times.Total.P95,
            imagesPerS = shape.N / median * 1e3,
            madds,
            gmaddsPerS = rate,
            peakGmaddsPerS = peak,
            percentOfPeak = 100 * rate / peak,
            phases = times.Phases.Count == 0 ? null : times.Phases.ToDictionary(p => $"{p.Name}_ms", p => p.Ms),
            output,
        });
        shell.Line($"{NetworkOptions.Mark(spec)}, {(trains ? "training step" : "inference")}, input {shape}, "
            + $"{device.Name}, {threads} threads, {times.Total.Times.Count} runs");
        shell.Line($"median {median:F2} ms (5 % {times.Total.P5:F2}, 95 % {times.Total.P95:F2}), "
            + $"{shape.N / median * 1e3:F1} images/s, {rate:F2} GMAdd/s"
            + (peak is { } p ? $", {100 * rate / p:F1} % of the peak of {p:F0} GMAdd/s" : ""));
        if (trains)
        {
            shell.Line(string.Join(", ", times.Phases.Select(p => $"{p.Name} {p.Ms:F2} ms"))
                + "; multiply-adds of backward counted as twice forward's");
        }
    }

    /// <summary>Options of the command that belong to networks.</summary>
    internal sealed class Options
    {
        private readonly Option<string?> weights = new("--weights")
        {
            Description = "Weights (safetensors); without it freshly initialised ones.",
            HelpName = "FILE",
        };

        private readonly Option<string?> input = new("--input")
        {
            Description = "Safetensors with the input x [N, C, H, W]; without it numbers between −1 and 1.",
            HelpName = "FILE",
        };

        private readonly Option<string?> output = new("--output")
        {
            Description = "Writes the logits that were timed as tensor y.",
            HelpName = "FILE",
        };

        private readonly Option<int> batch = new("--batch") { Description = "Images of a batch.", HelpName = "N" };

        private readonly Option<int> size = new("--size")
        {
            Description = "Side length of the image; without it the network's own.",
            HelpName = "PIXELS",
        };

        private readonly Option<string> mode = new("--mode")
        {
            Description = "infer or train (forward, backward, SGD).",
            DefaultValueFactory = static _ => "infer",
            HelpName = "infer|train",
        };

        public Options(Command command)
        {
            foreach (Option option in (ReadOnlySpan<Option>)[weights, input, output, batch, size, mode])
            {
                command.Add(option);
            }
        }

        public string? Output(ParseResult parsed) => parsed.GetValue(output);

        public bool Trains(ParseResult parsed) => parsed.GetValue(mode) switch
        {
            "infer" => false,
            "train" => true,
            string other => throw new UsageException($"--mode is '{other}', expected infer or train."),
            null => false,
        };

        public Weights Load(ParseResult parsed, NetworkOptions network, Device device)
        {
            if (parsed.GetValue(weights) is { } file)
            {
                return Weights.Open(file, network, parsed, device);
            }

            MuxNet fresh = new(network.Read(parsed));
            fresh.Materialize(device, 1);
            return new Weights(fresh, null);
        }

        public (Shape Shape, float[] X) ReadInput(ParseResult parsed, NetworkSpec spec)
        {
            int n = Check.Range(parsed.GetValue(batch), 0, 65_536, "--batch");
            int side = Check.Range(parsed.GetValue(size), 0, 8192, "--size");
            if (parsed.GetValue(input) is { } file)
            {
                (Shape read, float[] x) = PredictCommand.ReadTensor(file, spec);
                return (n == 0 || read.N == n) && (side == 0 || (read.H == side && read.W == side))
                    ? (read, x)
                    : throw new UsageException($"--input {file} has shape {read}, expected --batch "
                        + $"{(n == 0 ? read.N : n)} and --size {(side == 0 ? read.H : side)}.");
            }

            Shape shape = new(Math.Max(1, n), spec.ImageChannels, side == 0 ? spec.ImageSize : side,
                side == 0 ? spec.ImageSize : side);
            return (shape, Values.Uniform(7, shape.Length));
        }
    }

    /// <summary>What was measured.</summary>
    /// <param name="Total">Whole runs.</param>
    /// <param name="Phases">Median of each phase of a training step.</param>
    /// <param name="Result">Logits of the last run.</param>
    internal sealed record NetworkTimes(Timing Total, IReadOnlyList<(string Name, double Ms)> Phases, float[] Result);
}
