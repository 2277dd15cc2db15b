using System.CommandLine;
using MuxKernels.Data;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet train</c>: without arguments the tiny network on the embedded images.</summary>
internal static class TrainCommand
{
    private static readonly TrainingOptions Standard = Recipes.Tiny;

    public static Command Create(Shell shell)
    {
        Command command = new("train", "Trains a network; without options muxnet-tiny on the embedded images. "
            + "The folder gets best.safetensors, last.safetensors, log.json, accuracy.svg and loss.svg.");
        NetworkOptions network = new(command);
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
        foreach (Option option in (ReadOnlySpan<Option>)[data, output, trainLimit, testLimit, resume])
        {
            command.Add(option);
        }

        shell.Handle(command, parsed =>
        {
            NetworkSpec spec = network.Read(parsed, "muxnet-tiny");
            TrainingOptions options = settings.Read(parsed) with
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
            files = written,
        });
        shell.Line($"test accuracy {result.Final.Top1:P2} after {result.History.Count} epochs "
            + $"(best {result.BestAccuracy:P2} after epoch {result.BestEpoch}), {result.Seconds:F0} s");
        foreach (string file in written)
        {
            shell.Line($"  {file}");
        }

        return ExitCode.Done;
    }

    private static void Show(Shell shell, TrainingProgress p) => shell.Progress(
        $"epoch {p.Epoch}/{p.Epochs}  step {p.Step}/{p.Steps}  loss {p.Loss:F3}  accuracy {p.Accuracy:P1}  "
        + $"{p.ImagesPerSecond:F0} images/s  {p.Remaining.TotalSeconds:F0} s left",
        new
        {
            p.Epoch,
            p.Epochs,
            p.Step,
            p.Steps,
            p.Loss,
            p.Accuracy,
            imagesPerS = p.ImagesPerSecond,
            secondsLeft = p.Remaining.TotalSeconds,
        });

    private static void Show(Shell shell, EpochRecord e) => shell.Progress(
        $"epoch {e.Epoch}  training loss {e.TrainLoss:F3}  test loss {e.TestLoss:F3}  "
        + $"test accuracy {e.TestAccuracy:P2}  {e.Seconds:F1} s", e, always: true);

    /// <summary>Options of the recipe.</summary>
    private sealed class Settings
    {
        private readonly Option<int> epochs = Number("--epochs", "Passes over the images.", Standard.Epochs);
        private readonly Option<int> batch = Number("--batch", "Images of a step.", Standard.BatchSize);
        private readonly Option<double> rate = Number("--rate", "Largest learning rate.", Standard.Rate);
        private readonly Option<string> optimizer = Number("--optimizer", "sgd or adamw.", "sgd");
        private readonly Option<string> schedule = Number("--schedule", "cosine, constant or step.", "cosine");
        private readonly Option<double> decay = Number("--decay", "Weight decay.", Standard.WeightDecay);
        private readonly Option<double> momentum = Number("--momentum", "Momentum of sgd.", Standard.Momentum);
        private readonly Option<double> warmup = Number("--warmup", "Epochs of warm-up.", Standard.WarmupEpochs);
        private readonly Option<double> smoothing =
            Number("--smoothing", "Label smoothing.", (double)Standard.Smoothing);

        private readonly Option<double> clip =
            Number("--clip", "Largest norm of the gradients; 0 for any.", Standard.ClipNorm);

        private readonly Option<int> seed = Number("--seed", "Seed of everything random.", Standard.Seed);
        private readonly Option<bool> plain = new("--no-augment") { Description = "No random crops and flips." };

        public Settings(Command command)
        {
            foreach (Option option in (ReadOnlySpan<Option>)
                [epochs, batch, rate, optimizer, schedule, decay, momentum, warmup, smoothing, clip, seed, plain])
            {
                command.Add(option);
            }
        }

        public TrainingOptions Read(ParseResult parsed) => Standard with
        {
            Epochs = Check.Range(parsed.GetValue(epochs), 1, 100_000, "--epochs"),
            BatchSize = Check.Range(parsed.GetValue(batch), 1, 65_536, "--batch"),
            Rate = Check.Range(parsed.GetValue(rate), 0, 100, "--rate"),
            Optimizer = Check.Word<OptimizerKind>(parsed.GetValue(optimizer)!, "--optimizer"),
            Schedule = Check.Word<ScheduleKind>(parsed.GetValue(schedule)!, "--schedule"),
            WeightDecay = Check.Range(parsed.GetValue(decay), 0, 1, "--decay"),
            Momentum = Check.Range(parsed.GetValue(momentum), 0, 0.9999, "--momentum"),
            WarmupEpochs = Check.Range(parsed.GetValue(warmup), 0, 1000, "--warmup"),
            Smoothing = (float)Check.Range(parsed.GetValue(smoothing), 0, 0.99, "--smoothing"),
            ClipNorm = Check.Range(parsed.GetValue(clip), 0, 1e9, "--clip"),
            Seed = parsed.GetValue(seed),
            Augment = !parsed.GetValue(plain),
        };

        private static Option<T> Number<T>(string name, string description, T standard) => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => standard,
            HelpName = typeof(T) == typeof(string) ? "NAME" : "N",
        };
    }
}
