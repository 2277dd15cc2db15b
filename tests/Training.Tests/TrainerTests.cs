using System.Text.Json;
using System.Xml.Linq;
using MuxKernels.Data;
using MuxKernels.Interop;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

public class TrainerTests
{
    [Fact]
    public void A_resumed_training_has_the_bits_of_one_that_was_not_interrupted()
    {
        using TemporaryFolder folder = new();
        (TrainingResult whole, float[] expected) = Small.Run(Small.Options);
        using CancellationTokenSource stop = new();
        TrainingOptions options = Small.Options with { Output = folder.Path };
        Assert.ThrowsAny<OperationCanceledException>(() => Small.Run(options, 1, stop.Token, e =>
        {
            if (e.Epoch == 2)
            {
                stop.Cancel();
            }
        }));
        (TrainingResult resumed, float[] actual) = Small.Run(options with { Resume = true });
        Assert.Equal(expected, actual);
        Assert.Equal(whole.History.Select(e => (e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Rate)),
            resumed.History.Select(e => (e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Rate)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        TrainingOptions options = Small.Options with { Epochs = 1 };
        Assert.Equal(Small.Run(options).State, Small.Run(options, threads).State);
    }

    [Fact]
    public void Another_seed_gives_another_network()
    {
        TrainingOptions options = Small.Options with { Epochs = 1 };
        Assert.NotEqual(Small.Run(options).State, Small.Run(options with { Seed = 8 }).State);
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, ScheduleKind.Cosine, 0.05)]
    [InlineData(OptimizerKind.AdamW, ScheduleKind.Constant, 0.003)]
    public void The_loss_falls(OptimizerKind optimizer, ScheduleKind schedule, double rate)
    {
        TrainingResult result = Small.Run(Small.Options with
        {
            Epochs = 8, Optimizer = optimizer, Schedule = schedule, Rate = rate, Augment = false,
        }).Result;
        Assert.True(result.History[^1].TrainLoss < 0.6 * result.History[0].TrainLoss,
            string.Join(", ", result.History.Select(e => e.TrainLoss)));
    }

    [Fact]
    public void The_files_of_a_training_can_be_read_and_give_the_same_network()
    {
        using TemporaryFolder folder = new();
        (TrainingResult result, float[] state) = Small.Run(Small.Options with { Output = folder.Path });
        using CpuDevice device = new(1);
        using MuxNet last = WeightFile.Open(folder.File("last.safetensors"), device);
        Assert.Equal(state, Small.State(last));
        using SafeTensorsFile best = SafeTensors.Read(folder.File("best.safetensors"));
        Preprocessing preprocessing = Preprocessing.FromJson(best.Metadata[Preprocessing.Key]);
        using MuxNet network = WeightFile.Open(folder.File("best.safetensors"), device);
        Metrics metrics = Trainer.Evaluate(network, device, Small.Test, preprocessing);
        Assert.Equal(result.BestAccuracy, metrics.Top1);
        using JsonDocument log = JsonDocument.Parse(File.ReadAllText(folder.File("log.json")));
        Assert.Equal(3, log.RootElement.GetProperty("history").GetArrayLength());
        Assert.Equal(result.History.Sum(e => e.Seconds), log.RootElement.GetProperty("seconds").GetDouble(), 1e-9);
        Assert.All(result.History, e => Assert.True(e.ImagesPerSecond > 0 && e.Seconds > 192 / e.ImagesPerSecond));
        Assert.True(log.RootElement.GetProperty("imagesPerSecond").GetDouble() > 0);
        foreach (string curve in (ReadOnlySpan<string>)["accuracy.svg", "loss.svg"])
        {
            Assert.Matches(@"epoch \(\d+\.\d s each, \d+ s in all, \d+ training images/s\)",
                XDocument.Load(folder.File(curve)).ToString());
        }
    }

    [Fact]
    public void Resuming_with_another_recipe_or_without_a_checkpoint_is_an_error()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Small.Options with { Epochs = 1, Output = folder.Path };
        Assert.Throws<FileNotFoundException>(() => Small.Run(options with { Resume = true }));
        Small.Run(options);
        SafeTensorsException wrong = Assert.Throws<SafeTensorsException>(
            () => Small.Run(options with { Resume = true, Rate = 0.01 }));
        Assert.Contains("recipe", wrong.Message);
        Assert.Contains(": rate 0.05 there, rate 0.01 here;", wrong.Message);
        Assert.Contains("average 0.9", Assert.Throws<SafeTensorsException>(
            () => Small.Run(options with { Resume = true, Average = 0.9 })).Message);
        Assert.Contains("cutout 3", Assert.Throws<SafeTensorsException>(
            () => Small.Run(options with { Resume = true, Cutout = 3 })).Message);
        using (CpuDevice device = new(1))
        using (MuxNet network = new(Small.Spec))
        {
            Trainer fewer = new(network, device, Small.Train.Take(64), Small.Test, options with { Resume = true });
            Assert.Contains("6 steps in 1 epochs",
                Assert.Throws<SafeTensorsException>(() => fewer.Run()).Message);
        }

        byte[] bytes = File.ReadAllBytes(folder.File("last.safetensors"));
        File.WriteAllBytes(folder.File("last.safetensors"), bytes[..(bytes.Length / 2)]);
        Assert.Throws<SafeTensorsException>(() => Small.Run(options with { Resume = true }));
    }

    [Fact]
    public void A_training_that_overflows_says_so()
    {
        ArithmeticException error = Assert.ThrowsAny<ArithmeticException>(() => Small.Run(Small.Options with
        {
            Rate = 1e30, ClipNorm = 0, WarmupEpochs = 0,
        }));
        Assert.Matches("loss is|NaN", error.Message);
    }

    [Fact]
    public void Data_that_do_not_fit_the_network_are_an_error()
    {
        using CpuDevice device = new(1);
        using MuxNet network = new(Small.Spec with { Classes = 5 });
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => new Trainer(network, device, Small.Train, Small.Test, Small.Options));
        Assert.Contains("10 classes", error.Message);
        using MuxNet wide = new(Small.Spec);
        Assert.Throws<ArgumentException>(
            () => new Trainer(wide, device, FashionMnist.Train.Take(8), Small.Test, Small.Options));
    }

    [Fact]
    public void Progress_tells_training_and_evaluation_apart()
    {
        using CpuDevice device = new(1);
        using MuxNet network = new(Small.Spec);
        List<TrainingProgress> seen = [];
        new Trainer(network, device, Small.Train, Small.Test, Small.Options with { Epochs = 1 }).Run(seen.Add);
        TrainingProgress last = seen[^1], step = seen.Last(p => !p.IsEvaluation);
        Assert.True(last.IsEvaluation);
        Assert.Equal((64, 64), (last.Step, last.Steps));
        Assert.Equal((6, 6), (step.Step, step.Steps));
        Assert.True(last.ImagesPerSecond > 0 && step.ImagesPerSecond > 0);
    }

    [Fact]
    public void Evaluation_by_a_plan_gives_the_numbers_of_eager_steps()
    {
        using CpuDevice device = new(2);
        using MuxNet network = new(Small.Spec);
        Trainer trainer = new(network, device, Small.Train, Small.Test, Small.Options with { Epochs = 1 });
        trainer.Run();
        Metrics plan = Trainer.Evaluate(network, device, Small.Test, trainer.Preprocessing, 24);
        Metrics eager = Trainer.Evaluate(network, device, Small.Test, trainer.Preprocessing, 24, planned: false);
        Assert.Equal((eager.Count, eager.Top1), (plan.Count, plan.Top1));
        Assert.Equal(eager.Loss, plan.Loss, 1e-5 * eager.Loss);
    }
}
