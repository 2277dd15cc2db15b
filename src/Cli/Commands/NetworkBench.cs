using System.CommandLine;
using System.Diagnostics;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet bench --model</c>: latency and rate of a network, forward or whole training steps.</summary>
internal static class NetworkBench
{
    /// <summary>Runs before the measurement; the compiler works in the background meanwhile.</summary>
    private const int WarmUpRuns = 3;

    private const int LeastRuns = 5, MostRuns = 1 << 22;

    public static int Run(Shell shell, NetworkOptions networkOptions, Options options, ParseResult parsed,
        double seconds)
    {
        using Device device = shell.OpenDevice();
        bool trains = options.Trains(parsed), explains = options.Explains(parsed);
        Engine engine = options.Engine.Choose(parsed, device);
        if (trains && engine == Engine.Plan16)
        {
            throw new UsageException("--engine is plan16 with --mode train, expected plan or eager: float16 is for "
                + "inference.");
        }

        string? output = options.Output(parsed, engine);
        using Weights weights = options.Load(parsed, networkOptions, device);
        MuxNet network = weights.Network;
        (Shape shape, float[]? given) = options.ReadInput(parsed, network.Spec);
        WorkPool? pool = (device as CpuDevice)?.Work;
        DeviceLimits? Limits() => device is CpuDevice ? new DeviceLimits(MachineProbe.PeakFma(pool), 0)
            : device.MeasureLimits();
        DeviceLimits? before = Limits();
        DeviceLimits? Best() => Limits() is not { } now || before is not { } then ? null
            : new DeviceLimits(Math.Max(now.GmaddsPerS, then.GmaddsPerS), Math.Max(now.CopyGbPerS, then.CopyGbPerS));
        DeviceLimits? limits;
        IBudget? budget = null;
        NetworkTimes times;
        if (trains)
        {
            using TrainingRunner runner = options.OpenTraining(shell, parsed, engine, network, device, shape);
            runner.KeepsSteps = explains;
            times = TrainingBench.Measure(runner, network.Spec, shape, given, seconds, explains, shell.Cancellation);
            limits = Best();
            budget = explains
                ? TrainingBudget.Of(runner.Plan!, times.StepTimes, (device as CpuDevice)?.Threads ?? 1,
                    limits!.Value.GmaddsPerS)
                : null;
        }
        else
        {
            float[] x = given ?? Values.Uniform(7, shape.Length);
            using Runner runner = new(engine, network, device, shape);
            times = Infer(runner, network.Spec, shape, x, seconds, shell.Cancellation);
            if (runner.Plan is DevicePlan onDevice)
            {
                times = times with { OnDeviceMs = OnDevice(onDevice, device, seconds, shell.Cancellation) };
            }

            limits = Best();
            budget = !explains ? null
                : runner.Plan is InferencePlan plan
                    ? PlanBudget.Measure(plan, x.AsSpan(0, (int)shape.ImageLength), seconds, shell.Cancellation)
                    : DeviceBudget.Measure((DevicePlan)runner.Plan!, limits!.Value, seconds, shell.Cancellation);
        }

        object document = Document(network, shape, device, engine, trains ? "train" : "infer", times, limits,
            budget, output);
        Write(output, document, budget, network.Spec, shape, times);
        shell.Result(document);
        Report(shell, network, shape, device, trains, times, limits);
        if (budget is not null)
        {
            shell.Line();
            budget.Write(shell.Output);
        }

        return ExitCode.Done;
    }

    /// <summary>Times of forward passes on one input; each run reads it and gives its logits back.</summary>
    public static NetworkTimes Infer(Runner runner, NetworkSpec spec, Shape shape, float[] x, double seconds,
        CancellationToken cancellation)
    {
        float[] y = new float[(long)shape.N * spec.Classes];
        (Timing total, double allocated) = Repeat(seconds, cancellation, () =>
        {
            long start = Stopwatch.GetTimestamp();
            runner.Of(shape, x, y);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        return new NetworkTimes(total, [], y, allocated, runner.Plan is { } plan
            ? new PlanFacts(plan.WeightBytes, plan.ArenaBytes, plan.Bytes, plan.Steps.Count,
                plan.Steps.Count(s => s.IsMovement), runner.TimeToPlanMs)
            : null);
    }

    /// <summary>Median time of the launches alone, by the device's clock.</summary>
    private static double OnDevice(DevicePlan plan, Device device, double seconds, CancellationToken cancellation)
    {
        List<double> times = [];
        Stopwatch watch = Stopwatch.StartNew();
        while (times.Count < LeastRuns || (watch.Elapsed.TotalSeconds < seconds && times.Count < MostRuns))
        {
            cancellation.ThrowIfCancellationRequested();
            times.Add(device.Time(plan.Launch));
        }

        return Timing.Of(times).Median;
    }

    /// <summary>Times of runs, and the bytes that all threads allocate in one of them. Nothing here allocates while
    /// the runs are timed.</summary>
    public static (Timing Times, double AllocatedBytes) Repeat(double seconds, CancellationToken cancellation,
        Func<double> run)
    {
        Stopwatch watch = Stopwatch.StartNew();
        double warm = Math.Min(1, seconds / 2), fastest = double.PositiveInfinity;
        for (int i = 0; i < WarmUpRuns || watch.Elapsed.TotalSeconds < warm; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            fastest = Math.Min(fastest, run());
        }

        double[] times = new double[(int)Math.Clamp(2000 * seconds / Math.Max(fastest, 1e-4), LeastRuns, MostRuns)];
        int count = 0;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        watch.Restart();
        while (count < LeastRuns || (count < times.Length && watch.Elapsed.TotalSeconds < seconds))
        {
            cancellation.ThrowIfCancellationRequested();
            times[count++] = run();
        }

        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        return (Timing.Of(times[..count]), (double)allocated / count);
    }

    private static object Document(MuxNet network, Shape shape, Device device, Engine engine, string mode,
        NetworkTimes times, DeviceLimits? limits, IBudget? budget, string? output)
    {
        double? peak = limits?.GmaddsPerS;
        long madds = MultiplyAdds(network, shape, mode == "train");
        double median = times.Total.Median, rate = madds / median / 1e6;
        using Process process = Process.GetCurrentProcess();
        return new
        {
            model = network.Spec.Name,
            derived = network.Spec.IsDerived,
            mode,
            engine = EngineOption.Name(times.Plan is null ? Engine.Eager : engine),
            device = device.Name,
            tf32 = device.Precision == ProductPrecision.TensorFloat32,
            processor = Processor.Read().Name,
            instructionSet = MachineProbe.InstructionSet,
            threads = (device as CpuDevice)?.Threads ?? 1,
            batch = shape.N,
            input = shape.Axes,
            runs = times.Total.Times.Count,
            medianMs = median,
            leastMs = times.Total.Times[0],
            p5Ms = times.Total.P5,
            p95Ms = times.Total.P95,
            imagesPerS = shape.N / median * 1e3,
            madds,
            gmaddsPerS = rate,
            peakGmaddsPerS = peak,
            percentOfPeak = 100 * rate / peak,
            onDeviceMs = times.OnDeviceMs,
            onDevicePercentOfPeak = times.OnDeviceMs is { } own ? 100 * madds / own / 1e6 / peak : null,
            copyGbPerS = limits is { CopyGbPerS: > 0 } known ? known.CopyGbPerS : (double?)null,
            allocatedBytes = times.AllocatedBytes,
            peakResidentBytes = process.PeakWorkingSet64,
            weightBytes = times.Plan?.WeightBytes,
            arenaBytes = times.Plan?.ArenaBytes,
            planBytes = times.Plan?.Bytes,
            steps = times.Plan?.Steps,
            movementSteps = times.Plan?.MovementSteps,
            timeToPlanMs = times.Plan?.TimeToPlanMs,
            phases = times.Phases.Count == 0 ? null : times.Phases.ToDictionary(p => $"{p.Name}_ms", p => p.Ms),
            firstLoss = times.FirstLoss,
            budget = (object?)budget,
            output,
        };
    }

    private static long MultiplyAdds(MuxNet network, Shape shape, bool trains) =>
        Summary.Of(network, shape).MultiplyAdds * (trains ? 3 : 1);

    /// <summary>Writes the logits, or the budget with its picture.</summary>
    private static void Write(string? output, object document, IBudget? budget, NetworkSpec spec, Shape shape,
        NetworkTimes times)
    {
        if (output is null)
        {
            return;
        }

        if (budget is null)
        {
            SafeTensors.Write(output, [SafeTensor.Of<float>("y", Shape.Matrix(shape.N, spec.Classes), times.Result)]);
            return;
        }

        AtomicFile.WriteText(output, Shell.ToJson(document) + "\n");
        Plot.Write(Path.ChangeExtension(output, ".svg"), budget.Draw(spec.Name));
    }

    private static void Report(Shell shell, MuxNet network, Shape shape, Device device, bool trains,
        NetworkTimes times, DeviceLimits? limits)
    {
        double? peak = limits?.GmaddsPerS;
        NetworkSpec spec = network.Spec;
        double median = times.Total.Median, rate = MultiplyAdds(network, shape, trains) / median / 1e6;
        int threads = (device as CpuDevice)?.Threads ?? 1;
        shell.Line($"{NetworkOptions.Mark(spec)}, {(trains ? "training step" : "inference")}, "
            + $"{(times.Plan is null ? "eager" : "planned")}{(shell.IsTensorFloat32 ? ", TF32" : "")}, input {shape}, "
            + $"{device.Name}, {threads} threads, "
            + $"{times.Total.Times.Count} runs");
        shell.Line($"median {median:F2} ms (best {times.Total.Times[0]:F2}, 5 % {times.Total.P5:F2}, "
            + $"95 % {times.Total.P95:F2}), {shape.N / median * 1e3:F1} images/s, {rate:F2} GMAdd/s"
            + (peak is { } p ? $", {100 * rate / p:F1} % of the peak of {p:F0} GMAdd/s" : "")
            + $", {times.AllocatedBytes:#,0} bytes allocated in a run");
        if (times.OnDeviceMs is { } own)
        {
            double alone = MultiplyAdds(network, shape, false) / own / 1e6;
            shell.Line($"on the device alone {own:F3} ms, {shape.N / own * 1e3:F1} images/s, {alone:F1} GMAdd/s"
                + (peak is { } best ? $", {100 * alone / best:F1} % of the peak" : ""));
        }

        using Process process = Process.GetCurrentProcess();
        string resident = $"at most {process.PeakWorkingSet64 / 1e6:F0} MB resident";
        if (times.Plan is { } plan)
        {
            string moves = plan.MovementSteps is { } m ? $" ({m} that only move values)" : "";
            string packed = plan.WeightBytes is { } w ? $"weights {w / 1e6:F2}, " : "";
            shell.Line($"plan of {plan.Steps} steps{moves}, made in {plan.TimeToPlanMs:F0} ms: "
                + $"{plan.Bytes / 1e6:F2} MB, of which {packed}arena {plan.ArenaBytes / 1e6:F2}; {resident}");
        }
        else
        {
            shell.Line(resident);
        }

        if (trains)
        {
            shell.Line(string.Join(", ", times.Phases.Select(p => $"{p.Name} {p.Ms:F2} ms"))
                + (times.Phases.Any(p => p.Name == "data") ? "; data on one thread, not part of the step" : "")
                + "; multiply-adds of backward counted as twice forward's");
        }
    }

    /// <summary>Options of the command that belong to networks.</summary>
    internal sealed class Options
    {
        private readonly Option<string?> weights = new("--weights")
        {
            Description = "Weights (safetensors or a PyTorch checkpoint); without it freshly initialised ones.",
            HelpName = "FILE",
        };

        private readonly Option<string?> input = new("--input")
        {
            Description = "Safetensors with the input x [N, C, H, W]; without it numbers between −1 and 1.",
            HelpName = "FILE",
        };

        private readonly Option<string?> output = new("--output")
        {
            Description = "Writes the logits that were timed as tensor y; with --explain everything as FILE.json and "
                + "a picture of it as FILE.svg.",
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
            Description = "infer or train (forward, backward, clipping, SGD).",
            DefaultValueFactory = static _ => "infer",
            HelpName = "infer|train",
        };

        private readonly Option<string> recompute = new("--recompute")
        {
            Description = "Whether a training plan computes normalisation and swish again where it reads a map: auto, "
                + "always or never.",
            DefaultValueFactory = _ => "auto",
            HelpName = "NAME",
        };

        private readonly Option<bool> explain = new("--explain")
        {
            Description = "Lists the plan's steps with their times: of inference on one thread beside the limits of "
                + "this machine, of training on all.",
        };

        public Options(Command command)
        {
            foreach (Option option in (ReadOnlySpan<Option>)[weights, input, output, batch, size, mode, recompute,
                explain])
            {
                command.Add(option);
            }

            Engine = new EngineOption(command);
        }

        public EngineOption Engine { get; }

        public bool Explains(ParseResult parsed) => parsed.GetValue(explain);

        /// <summary>Where the result is written; null for nowhere.</summary>
        /// <exception cref="UsageException">Steps of a network that has none, or a file of another kind.</exception>
        public string? Output(ParseResult parsed, Engine engine)
        {
            string? file = parsed.GetValue(output);
            if (!Explains(parsed))
            {
                return file;
            }

            if (engine == Cli.Engine.Eager)
            {
                throw new UsageException("--explain lists the steps of a plan, and there is none: expected --engine "
                    + "plan.");
            }

            return file is null || string.Equals(Path.GetExtension(file), ".json", StringComparison.OrdinalIgnoreCase)
                ? file
                : throw new UsageException($"--output is '{file}', expected a name that ends in .json with --explain.");
        }

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

        /// <summary>A network to train: layer by layer, with a remark, where it has no plan and none was asked
        /// for.</summary>
        /// <exception cref="UsageException">No plan where one was asked for.</exception>
        public TrainingRunner OpenTraining(Shell shell, ParseResult parsed, Engine engine, MuxNet network,
            Device device, Shape shape)
        {
            TrainingRunner runner = TrainingRunner.Of(engine, network, device, shape,
                Check.Word<Recompute>(parsed.GetValue(recompute)!, "--recompute"));
            if (runner.Obstacle is not { } obstacle)
            {
                return runner;
            }

            if (Engine.IsNamed(parsed) || Explains(parsed))
            {
                runner.Dispose();
                throw new UsageException($"There is no training plan, expected --engine eager without --explain: "
                    + obstacle);
            }

            shell.Note($"No training plan, layer by layer instead: {obstacle}");
            return runner;
        }

        /// <summary>Shape of the batch, and the batch itself if a file has it.</summary>
        public (Shape Shape, float[]? X) ReadInput(ParseResult parsed, NetworkSpec spec)
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

            return (new Shape(Math.Max(1, n), spec.ImageChannels, side == 0 ? spec.ImageSize : side,
                side == 0 ? spec.ImageSize : side), null);
        }
    }

    /// <summary>What was measured.</summary>
    /// <param name="Total">Whole runs.</param>
    /// <param name="Phases">Median of each phase of a training step.</param>
    /// <param name="Result">Logits of the last run.</param>
    /// <param name="AllocatedBytes">Bytes that all threads allocate in a run, warm.</param>
    /// <param name="Plan">The plan; null for none.</param>
    internal sealed record NetworkTimes(Timing Total, IReadOnlyList<(string Name, double Ms)> Phases, float[] Result,
        double AllocatedBytes, PlanFacts? Plan)
    {
        /// <summary>Loss of the first training step; null for inference.</summary>
        public float? FirstLoss { get; init; }

        /// <summary>Median milliseconds of the launches of a device's plan alone, without copies.</summary>
        public double? OnDeviceMs { get; init; }

        /// <summary>Milliseconds of each step of a training plan in each run, if they were kept.</summary>
        public IReadOnlyList<double[]> StepTimes { get; init; } = [];
    }

    /// <summary>What a plan is.</summary>
    /// <param name="WeightBytes">Packed weights and tables; null where they are not told apart.</param>
    /// <param name="ArenaBytes">Activations and scratch of all threads.</param>
    /// <param name="Bytes">All bytes that it owns.</param>
    /// <param name="Steps">Number of steps.</param>
    /// <param name="MovementSteps">Those that only move values; null for training.</param>
    /// <param name="TimeToPlanMs">Time it took to make.</param>
    internal sealed record PlanFacts(long? WeightBytes, long ArenaBytes, long Bytes, int Steps, int? MovementSteps,
        double TimeToPlanMs);
}
