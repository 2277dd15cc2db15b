using System.CommandLine;
using System.Globalization;
using MuxKernels.Data;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet train</c>: without arguments the tiny network on the embedded images.</summary>
internal static class TrainCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("train", "Trains a network; without options muxnet-tiny on the embedded images. "
            + "The folder gets best.safetensors, last.safetensors, log.json, accuracy.svg and loss.svg.");
        NetworkOptions network = new(command);
        Option<string> recipe = new("--recipe")
        {
            Description = $"Network and options to begin with, {string.Join(" or ", Recipes.All.Select(r => r.Name))}; "
                + "other options change them. cifar10 needs --data.",
            DefaultValueFactory = static _ => Recipes.All[0].Name,
            HelpName = "NAME",
        };
        Option<string?> data = new("--data") { Description = DataSets.Help, HelpName = "DIR" };
        Option<string> output = new("--output")
        {
            Description = "Folder for checkpoints, log and curves; made if there is none.",
            DefaultValueFactory = static _ => Path.Combine("out", "train"),
            HelpName = "DIR",
        };
        Settings settings = new(command);
        Option<int> trainLimit = new("--limit") { Description = "Only the first N training images.", HelpName = "N" };
        Option<int> testLimit = new("--test-limit") { Description = "Only the first N test images.", HelpName = "N" };
        Option<bool> resume = new("--resume") { Description = "Goes on from the last checkpoint in the folder." };
        foreach (Option option in (ReadOnlySpan<Option>)[recipe, data, output, trainLimit, testLimit, resume])
        {
            command.Add(option);
        }

        shell.Handle(command, parsed =>
        {
            Recipe chosen = Recipes.Get(parsed.GetValue(recipe)!);
            if (chosen.Data is not null && parsed.GetValue(data) is null)
            {
                throw new UsageException($"--recipe {chosen.Name} needs --data DIR, a folder with {chosen.Data}.");
            }

            NetworkSpec spec = network.Read(parsed, chosen.Network);
            TrainingOptions options = settings.Read(parsed, chosen.Options) with
            {
                Output = parsed.GetValue(output),
                Resume = parsed.GetValue(resume),
            };
            ImageDataset train = DataSets.Limit(DataSets.Open(parsed.GetValue(data), train: true),
                parsed.GetValue(trainLimit), "--limit");
            ImageDataset test = DataSets.Limit(DataSets.Open(parsed.GetValue(data), train: false),
                parsed.GetValue(testLimit), "--test-limit");
            return Run(shell, Fit(spec, train, network.Classes(parsed)), train, test, options);
        });
        return command;
    }

    /// <summary>A network for the images' classes and channels.</summary>
    public static NetworkSpec Fit(NetworkSpec spec, ImageDataset data, int classes = 0) => spec with
    {
        Classes = classes > 0 ? classes : data.Classes,
        ImageChannels = data.Channels,
    };

    /// <summary>Trains with progress on the shell.</summary>
    /// <returns>The result, and what was done to the images.</returns>
    public static (TrainingResult Result, Preprocessing Preprocessing) Train(Shell shell, MuxNet network,
        Device device, ImageDataset train, ImageDataset test, TrainingOptions options)
    {
        Trainer trainer = new(network, device, train, test, options);
        return (trainer.Run(p => Show(shell, p), e => Show(shell, e), shell.Cancellation), trainer.Preprocessing);
    }

    private static int Run(Shell shell, NetworkSpec spec, ImageDataset train, ImageDataset test,
        TrainingOptions options)
    {
        using Device device = shell.OpenDevice();
        using MuxNet network = new(spec);
        shell.Note($"{NetworkOptions.Mark(spec)}, {Table.Number(network.ParameterCount)} parameters, on {device.Name}: "
            + $"{train.Count} training and {test.Count} test images of {train.Source}.");
        (TrainingResult result, _) = Train(shell, network, device, train, test, options);
        TrainingFiles files = new(options.Output!);
        string[] written = [.. new[] { files.Best, files.Last, files.Log, Path.Combine(files.Folder, "accuracy.svg"),
            Path.Combine(files.Folder, "loss.svg") }.Where(File.Exists)];
        shell.Result(new
        {
            model = spec.Name,
            derived = spec.IsDerived,
            device = device.Name,
            tf32 = shell.IsTensorFloat32,
            data = train.Source,
            trainImages = train.Count,
            testImages = test.Count,
            parameters = network.ParameterCount,
            testAccuracy = result.Final.Top1,
            testTop5 = result.Final.Top5,
            testLoss = result.Final.Loss,
            bestEpoch = result.BestEpoch,
            bestAccuracy = result.BestAccuracy,
            epochs = result.History,
            seconds = result.Seconds,
            secondsInAll = result.History.Sum(e => e.Seconds),
            imagesPerS = result.History.Average(e => e.ImagesPerSecond),
            files = written,
        });
        shell.Line($"test accuracy {result.Final.Top1:P2} after {result.History.Count} epochs "
            + $"(best {result.BestAccuracy:P2} after epoch {result.BestEpoch}), {result.Seconds:F0} s, "
            + $"{result.History.Average(e => e.ImagesPerSecond):F0} training images/s");
        foreach (string file in written)
        {
            shell.Line($"  {file}");
        }

        return ExitCode.Done;
    }

    private static void Show(Shell shell, TrainingProgress p) => shell.Progress(
        $"epoch {p.Epoch}/{p.Epochs}  {(p.IsEvaluation ? "test image" : "step")} {p.Step}/{p.Steps}  "
        + $"loss {p.Loss:F3}  accuracy {p.Accuracy:P1}  {p.ImagesPerSecond:F0} images/s  {Left(p.Remaining)} left",
        new
        {
            p.Epoch,
            p.Epochs,
            phase = p.IsEvaluation ? "evaluation" : "training",
            p.Step,
            p.Steps,
            p.Loss,
            p.Accuracy,
            imagesPerS = p.ImagesPerSecond,
            secondsLeft = p.Remaining.TotalSeconds,
        });

    private static string Left(TimeSpan time) => time.TotalSeconds < 600
        ? $"{time.TotalSeconds:F0} s"
        : $"{(int)time.TotalHours} h {time.Minutes:00} min";

    private static void Show(Shell shell, EpochRecord e) => shell.Progress(
        $"epoch {e.Epoch}  training loss {e.TrainLoss:F3}  test loss {e.TestLoss:F3}  "
        + $"test accuracy {e.TestAccuracy:P2}  {e.ImagesPerSecond:F0} images/s  {e.Seconds:F1} s", e, always: true);

    /// <summary>Options that change a recipe.</summary>
    private sealed class Settings
    {
        private readonly Option<int?> epochs = Number<int?>("--epochs", "Passes over the images", r => r.Epochs);
        private readonly Option<int?> batch = Number<int?>("--batch", "Images of a step", r => r.BatchSize);
        private readonly Option<double?> rate = Number<double?>("--rate", "Largest learning rate", r => r.Rate);
        private readonly Option<string?> optimizer = Number<string?>("--optimizer", "sgd or adamw", r => r.Optimizer);
        private readonly Option<string?> schedule =
            Number<string?>("--schedule", "cosine, constant or step", r => r.Schedule);

        private readonly Option<double?> decay = Number<double?>("--decay", "Weight decay", r => r.WeightDecay);
        private readonly Option<double?> momentum = Number<double?>("--momentum", "Momentum of sgd", r => r.Momentum);
        private readonly Option<double?> warmup = Number<double?>("--warmup", "Epochs of warm-up", r => r.WarmupEpochs);
        private readonly Option<double?> smoothing =
            Number<double?>("--smoothing", "Label smoothing", r => r.Smoothing);
        private readonly Option<double?> clip =
            Number<double?>("--clip", "Largest norm of the gradients, 0 for any", r => r.ClipNorm);

        private readonly Option<double?> average = Number<double?>("--average",
            "What a moving average of the weights keeps at a step (0.999), 0 for none; it is evaluated and saved",
            r => r.Average);

        private readonly Option<int?> crop = Number<int?>("--crop",
            "Padding of the random crop, 0 for none; without it an eighth of the side for colour images, 2 for others",
            r => r.Crop);

        private readonly Option<int?> cutout = Number<int?>("--cutout",
            "Side of a square at a random place that is set to zero, 0 for none", r => r.Cutout);

        private readonly Option<int?> seed = Number<int?>("--seed", "Seed of everything random", r => r.Seed);
        private readonly Option<string> recompute = new("--recompute")
        {
            Description = "Whether a plan computes normalisation and swish again where it reads a map: auto, always or "
                + "never.",
            DefaultValueFactory = _ => "auto",
            HelpName = "NAME",
        };

        private readonly Option<bool> plain = new("--no-augment")
        {
            Description = "No random crops, flips and squares.",
        };

        public Settings(Command command)
        {
            foreach (Option option in (ReadOnlySpan<Option>)
            [
                epochs, batch, rate, optimizer, schedule, decay, momentum, warmup, smoothing, clip, average, crop,
                cutout, seed, plain, recompute,
            ])
            {
                command.Add(option);
            }
        }

        public TrainingOptions Read(ParseResult parsed, TrainingOptions recipe) => recipe with
        {
            Epochs = Check.Range(parsed.GetValue(epochs) ?? recipe.Epochs, 1, 100_000, "--epochs"),
            BatchSize = Check.Range(parsed.GetValue(batch) ?? recipe.BatchSize, 1, 65_536, "--batch"),
            Rate = Check.Range(parsed.GetValue(rate) ?? recipe.Rate, 0, 100, "--rate"),
            Optimizer = parsed.GetValue(optimizer) is { } name
                ? Check.Word<OptimizerKind>(name, "--optimizer")
                : recipe.Optimizer,
            Schedule = parsed.GetValue(schedule) is { } course
                ? Check.Word<ScheduleKind>(course, "--schedule")
                : recipe.Schedule,
            WeightDecay = Check.Range(parsed.GetValue(decay) ?? recipe.WeightDecay, 0, 1, "--decay"),
            Momentum = Check.Range(parsed.GetValue(momentum) ?? recipe.Momentum, 0, 0.9999, "--momentum"),
            WarmupEpochs = Check.Range(parsed.GetValue(warmup) ?? recipe.WarmupEpochs, 0, 1000, "--warmup"),
            Smoothing = (float)Check.Range(parsed.GetValue(smoothing) ?? recipe.Smoothing, 0, 0.99, "--smoothing"),
            ClipNorm = Check.Range(parsed.GetValue(clip) ?? recipe.ClipNorm, 0, 1e9, "--clip"),
            Average = Check.Range(parsed.GetValue(average) ?? recipe.Average, 0, 0.9999999, "--average"),
            Crop = parsed.GetValue(crop) is { } padding ? Check.Range(padding, 0, 1024, "--crop") : recipe.Crop,
            Cutout = Check.Range(parsed.GetValue(cutout) ?? recipe.Cutout, 0, 4096, "--cutout"),
            Seed = parsed.GetValue(seed) ?? recipe.Seed,
            Recompute = Check.Word<Recompute>(parsed.GetValue(recompute)!, "--recompute"),
            Augment = recipe.Augment && !parsed.GetValue(plain),
        };

        /// <summary>An option whose help tells the number of each recipe.</summary>
        private static Option<T> Number<T>(string name, string description, Func<TrainingOptions, object?> of) =>
            new(name)
            {
                Description = $"{description}. [{string.Join(", ", Recipes.All.Select(r => string.Create(
                    CultureInfo.InvariantCulture, $"{r.Name}: {of(r.Options) ?? "–"}").ToLowerInvariant()))}]",
                HelpName = typeof(T) == typeof(string) ? "NAME" : "N",
            };
    }
}
