using System.CommandLine;
using System.Diagnostics;
using MuxKernels.Data;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet eval</c>: accuracy of a weight file on test images.</summary>
internal static class EvalCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("eval", "Accuracy, loss and confusion matrix of a weight file on test images.");
        NetworkOptions network = new(command);
        Option<string> weights = new("--weights")
        {
            Description = "Weights (safetensors or a PyTorch checkpoint).",
            Required = true,
            HelpName = "FILE",
        };
        Option<string?> data = new("--data") { Description = DataSets.Help, HelpName = "DIR" };
        Option<int> batch = new("--batch")
        {
            Description = "Images at a time.",
            DefaultValueFactory = static _ => 100,
            HelpName = "N",
        };
        Option<int> limit = new("--limit") { Description = "Only the first N test images.", HelpName = "N" };
        EngineOption engine = new(command);
        foreach (Option option in (ReadOnlySpan<Option>)[weights, data, batch, limit])
        {
            command.Add(option);
        }

        shell.Handle(command, parsed =>
        {
            int size = Check.Range(parsed.GetValue(batch), 1, 65_536, "--batch");
            using Device device = shell.OpenDevice();
            Engine chosen = engine.Choose(parsed, device);
            using Weights loaded = Weights.Open(parsed.GetRequiredValue(weights), network, parsed, device);
            ImageDataset images = DataSets.Limit(DataSets.Open(parsed.GetValue(data), train: false),
                parsed.GetValue(limit), "--limit");
            return Run(shell, loaded, chosen, device, images, size);
        });
        return command;
    }

    private static int Run(Shell shell, Weights weights, Engine engine, Device device, ImageDataset images, int batch)
    {
        weights.CheckFits(images);
        Stopwatch watch = Stopwatch.StartNew();
        Metrics metrics = Trainer.Evaluate(weights.Network, device, images, weights.PreprocessingFor(images, shell),
            batch, (done, total) => shell.Progress($"{done}/{total} images", new { done, total }), shell.Cancellation,
            planned: engine != Engine.Eager, halfMaps: engine == Engine.Plan16);
        long[][] confusion = metrics.ConfusionMatrix();
        shell.Result(new
        {
            model = weights.Network.Spec.Name,
            derived = weights.Network.Spec.IsDerived,
            device = device.Name,
            tf32 = shell.IsTensorFloat32,
            engine = EngineOption.Name(engine),
            data = images.Source,
            images = images.Count,
            testAccuracy = metrics.Top1,
            top1 = metrics.Top1,
            top5 = metrics.Top5,
            metrics.Loss,
            confusion,
            classNames = images.ClassNames,
            seconds = watch.Elapsed.TotalSeconds,
        });
        shell.Line($"{NetworkOptions.Mark(weights.Network.Spec)} on {images.Count} images of {images.Source}");
        shell.Line($"top-1 {metrics.Top1:P2}   top-5 {metrics.Top5:P2}   loss {metrics.Loss:F4}");
        if (images.Classes <= 20)
        {
            shell.Line();
            Table table = new(["label \\ predicted", .. Enumerable.Range(0, images.Classes).Select(k => $">{k}")]);
            for (int k = 0; k < images.Classes; k++)
            {
                table.Add([$"{k} {images.ClassNames[k]}",
                    .. confusion[k].Take(images.Classes).Select(Table.Number)]);
            }

            table.Write(shell.Output);
        }

        return ExitCode.Done;
    }
}
