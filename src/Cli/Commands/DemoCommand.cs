using System.CommandLine;
using System.Diagnostics;
using MuxKernels.Data;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet demo</c>: the main job from end to end.</summary>
internal static class DemoCommand
{
    /// <summary>Below this test accuracy the demonstration has failed.</summary>
    private const double LeastAccuracy = 0.85;

    /// <summary>Most that logits of a plan and of eager execution may differ, as a share of the largest.</summary>
    private const double MostPlanError = 1e-5;

    private const int SheetImages = 40;

    public static Command Create(Shell shell)
    {
        Command command = new("demo", "The main job in about three minutes on two cores: the machine's peak, MuxConv "
            + "fused against its other forms, a MUXNet trained on real images, saved, reloaded, evaluated and timed.");
        Option<string> output = new("--output")
        {
            Description = "Folder for everything that is written; made if there is none.",
            DefaultValueFactory = static _ => Path.Combine("out", "demo"),
            HelpName = "DIR",
        };
        Option<int> epochs = new("--epochs")
        {
            Description = "Epochs of the training.",
            DefaultValueFactory = static _ => Recipes.Tiny.Epochs,
            HelpName = "N",
        };
        Option<int> limit = new("--limit") { Description = "Only the first N training images.", HelpName = "N" };
        Option<double> seconds = new("--seconds")
        {
            Description = "Time for each measurement.",
            DefaultValueFactory = static _ => 0.5,
            HelpName = "S",
        };
        foreach (Option option in (ReadOnlySpan<Option>)[output, epochs, limit, seconds])
        {
            command.Add(option);
        }

        shell.Handle(command, parsed => Run(shell, parsed.GetRequiredValue(output),
            Recipes.Tiny with { Epochs = Check.Range(parsed.GetValue(epochs), 1, 100_000, "--epochs") },
            DataSets.Limit(FashionMnist.Train, parsed.GetValue(limit), "--limit"),
            Check.Range(parsed.GetValue(seconds), 0, 3600, "--seconds")));
        return command;
    }

    private static int Run(Shell shell, string folder, TrainingOptions recipe, ImageDataset images, double seconds)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Directory.CreateDirectory(folder);
        using Device opened = shell.OpenDevice();
        CpuDevice device = opened as CpuDevice
            ?? throw new UsageException($"--device is '{shell.DeviceName}', expected cpu for the demonstration.");
        DemoMachine machine = DemoKernels.Machine(shell, device);
        DemoKernel[] kernels = DemoKernels.Measure(shell, machine, seconds);
        DemoTraining training = Train(shell, device, folder, recipe, images);
        DemoSpeed[] speeds = Speeds(shell, device, machine, training, seconds);
        string[] files = [.. Write(folder, training, kernels), .. training.Files];
        string report = Path.Combine(folder, "demo.json");
        object document = new
        {
            version = typeof(DemoCommand).Assembly.GetName().Version?.ToString(3),
            machine,
            kernels,
            training.Model,
            training.Derived,
            training.Parameters,
            testAccuracy = training.Evaluated.Top1,
            testTop5 = training.Evaluated.Top5,
            testLoss = training.Evaluated.Loss,
            reloadedBitsEqual = training.BitsEqual,
            planError = training.PlanError,
            epochs = training.Result.History,
            trainingSeconds = training.Result.Seconds,
            confusion = training.Evaluated.ConfusionMatrix(),
            speeds,
            seconds = watch.Elapsed.TotalSeconds,
            files = (string[])[.. files, report],
        };
        AtomicFile.WriteText(report, Shell.ToJson(document) + "\n");
        shell.Result(document);
        return Close(shell, folder, training, kernels, [.. files, report], watch.Elapsed);
    }

    private static DemoTraining Train(Shell shell, CpuDevice device, string folder, TrainingOptions recipe,
        ImageDataset images)
    {
        NetworkSpec spec = MuxNets.Get("muxnet-tiny");
        using MuxNet network = new(spec);
        shell.Line();
        shell.Line($"3. Training {NetworkOptions.Mark(spec)}, {Table.Number(network.ParameterCount)} parameters, on "
            + $"{images.Count} images of {images.Source}");
        (TrainingResult result, Preprocessing preprocessing) = TrainCommand.Train(shell, network, device, images,
            FashionMnist.Test, recipe with { Output = folder });
        foreach (EpochRecord e in result.History)
        {
            shell.Line($"   epoch {e.Epoch}: training loss {e.TrainLoss:F3}, test accuracy {e.TestAccuracy:P2}, "
                + $"{e.Seconds:F1} s");
        }

        TrainingFiles files = new(folder);
        (Shape shape, float[] x) = PredictCommand.Preprocess(FashionMnist.Test,
            preprocessing.Transforms(augment: false));
        float[] before = PredictCommand.Logits(Engine.Eager, network, device, shape, x, shell.Cancellation);
        using MuxNet reloaded = WeightFile.Open(files.Last, device);
        float[] after = PredictCommand.Logits(Engine.Eager, reloaded, device, shape, x, shell.Cancellation);
        float[] planned = PredictCommand.Logits(Engine.Plan, reloaded, device, shape, x, shell.Cancellation);
        Metrics evaluated = Trainer.Evaluate(reloaded, device, FashionMnist.Test, preprocessing, 100, null,
            shell.Cancellation);
        bool equal = before.AsSpan().SequenceEqual(after);
        double error = Distance(after, planned);
        shell.Line();
        shell.Line($"4. Saved and reloaded: {before.Length} logits of {shape.N} test images, "
            + $"{(equal ? "equal to the last bit" : "NOT EQUAL")}, and by a plan "
            + $"{(error <= MostPlanError ? "equal" : "NOT EQUAL")} to {error:0.0e+0} of the largest; top-1 "
            + $"{evaluated.Top1:P2}, top-5 {evaluated.Top5:P2}, loss {evaluated.Loss:F4}");
        int[] predicted = [.. Enumerable.Range(0, shape.N).Select(n => Best(planned.AsSpan(n * spec.Classes,
            spec.Classes)))];
        return new DemoTraining(spec.Name, spec.IsDerived, network.ParameterCount, result, evaluated, equal, error,
            predicted, files.Last, [files.Best, files.Last, files.Log, Path.Combine(folder, "accuracy.svg"),
                Path.Combine(folder, "loss.svg")]);
    }

    private static DemoSpeed[] Speeds(Shell shell, CpuDevice device, DemoMachine machine, DemoTraining training,
        double seconds)
    {
        shell.Line();
        shell.Line("5. Inference, float32: by a plan, and eager (layer by layer)");
        using MuxNet tiny = WeightFile.Open(training.Weights, device);
        using MuxNet m = MuxNets.Build("muxnet-m");
        m.Materialize(device, 1);
        List<DemoSpeed> speeds = [];
        Table table = new("network", "input", ">planned ms", ">eager ms", ">ratio", ">images/s", ">GMAdd/s",
            ">% of peak");
        foreach ((MuxNet network, int batch) in (ReadOnlySpan<(MuxNet, int)>)[(tiny, 1), (tiny, 64), (m, 1)])
        {
            DemoSpeed planned = Speed(shell, Engine.Plan, network, device, machine, batch, seconds);
            DemoSpeed eager = Speed(shell, Engine.Eager, network, device, machine, batch, seconds);
            speeds.Add(planned);
            speeds.Add(eager);
            table.Add(planned.Model, string.Join('×', planned.Input), $"{planned.MedianMs:F3}", $"{eager.MedianMs:F3}",
                $"{eager.MedianMs / planned.MedianMs:F1}", $"{planned.ImagesPerS:F0}", $"{planned.GmaddsPerS:F1}",
                $"{planned.PercentOfPeak:F1}");
        }

        table.Write(shell.Output);
        return [.. speeds];
    }

    private static DemoSpeed Speed(Shell shell, Engine engine, MuxNet network, CpuDevice device, DemoMachine machine,
        int batch, double seconds)
    {
        NetworkSpec spec = network.Spec;
        Shape shape = new(batch, spec.ImageChannels, spec.ImageSize, spec.ImageSize);
        string name = EngineOption.Name(engine);
        shell.Progress($"timing {spec.Name} {shape}, {name}", new { timing = spec.Name, batch, engine = name });
        using Runner runner = new(engine, network, device, shape);
        Timing time = NetworkBench.Infer(runner, spec, shape, Values.Uniform(7, shape.Length), 2 * seconds,
            shell.Cancellation).Total;
        double rate = Summary.Of(network, shape).MultiplyAdds / time.Median / 1e6;
        return new DemoSpeed(spec.Name, name, shape.Axes, device.Threads, time.Median, time.P5, time.P95,
            batch / time.Median * 1e3, rate, 100 * rate / machine.PeakGmaddsPerS);
    }

    private static string[] Write(string folder, DemoTraining training, DemoKernel[] kernels)
    {
        string bars = Path.Combine(folder, "kernels.svg"), sheet = Path.Combine(folder, "predictions.svg");
        Plot.Write(bars, Plot.Bars(
            new PlotOptions
            {
                Title = "MuxConv on one thread of this machine, milliseconds (shorter is faster)",
                XLabel = "ms",
            },
            [.. kernels.Select(k => $"{k.Shape} {k.Direction}")],
            [.. new[] { "fused", "three-step", "plain depthwise" }.Select(form => new PlotBars(form,
                [.. kernels.Select(k => k.Forms.First(f => f.Target == form).MedianMs)]))]));
        Plot.Write(sheet, ImageSheet.Draw(FashionMnist.Test, training.Predicted, SheetImages,
            $"{training.Model}: {training.Evaluated.Top1:P1} of {training.Evaluated.Count} test images right"));
        return [bars, sheet];
    }

    private static int Close(Shell shell, string folder, DemoTraining training, DemoKernel[] kernels, string[] files,
        TimeSpan elapsed)
    {
        double accuracy = training.Evaluated.Top1;
        double[] gains = [.. kernels.Where(k => k.Direction == "forward").Select(k => k.Ratio)];
        shell.Line();
        shell.Line($"Done in {elapsed.TotalSeconds:F0} s: test accuracy {accuracy:P2}; MuxConv's fused forward is "
            + $"{gains.Min():F1} to {gains.Max():F1} times as fast as its three steps here.");
        shell.Line("Times are of this run: other work on this machine changes them. Files:");
        foreach (string file in files)
        {
            shell.Line($"  {file}");
        }

        string? failure = !training.BitsEqual
            ? $"{training.Weights}: the reloaded network gives other logits than the trained one."
            : !(training.PlanError <= MostPlanError)
            ? $"{training.Weights}: a plan's logits differ by {training.PlanError:0.0e+0} of the largest, expected "
                + $"{MostPlanError:0.0e+0} at most."
            : accuracy < LeastAccuracy
            ? $"The test accuracy is {accuracy:F4}, expected at least {LeastAccuracy}."
            : null;
        if (failure is null)
        {
            return ExitCode.Done;
        }

        shell.Fail(ExitCode.Failed, failure);
        return ExitCode.Failed;
    }

    /// <summary>Largest difference over the largest value.</summary>
    private static double Distance(float[] expected, float[] actual)
    {
        double largest = 0, difference = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs((double)expected[i]));
            difference = Math.Max(difference, Math.Abs((double)expected[i] - actual[i]));
        }

        return difference / largest;
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int k = 1; k < logits.Length; k++)
        {
            best = logits[k] > logits[best] ? k : best;
        }

        return best;
    }

    private sealed record DemoTraining(string Model, bool Derived, long Parameters, TrainingResult Result,
        Metrics Evaluated, bool BitsEqual, double PlanError, IReadOnlyList<int> Predicted, string Weights,
        IReadOnlyList<string> Files);

    private sealed record DemoSpeed(string Model, string Engine, IReadOnlyList<int> Input, int Threads,
        double MedianMs, double P5Ms, double P95Ms, double ImagesPerS, double GmaddsPerS, double PercentOfPeak);
}
