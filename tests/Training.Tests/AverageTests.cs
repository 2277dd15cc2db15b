using MuxKernels.Autograd;
using MuxKernels.Interop;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

/// <summary>Trainings with a moving average of the weights, crops and cutouts.</summary>
public class AverageTests
{
    private static readonly TrainingOptions Options = Small.Options with { Average = 0.9, Crop = 3, Cutout = 6 };

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.AdamW)]
    public void A_resumed_training_has_the_bits_of_one_that_was_not_interrupted(OptimizerKind optimizer)
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Options with { Optimizer = optimizer, Rate = 0.01 };
        (TrainingResult whole, float[] expected) = Small.Run(options);
        using CancellationTokenSource stop = new();
        options = options with { Output = folder.Path };
        Assert.ThrowsAny<OperationCanceledException>(() => Small.Run(options, 1, stop.Token, e =>
        {
            if (e.Epoch == 2)
            {
                stop.Cancel();
            }
        }));
        (TrainingResult resumed, float[] actual) = Small.Run(options with { Resume = true }, threads: 2);
        Assert.Equal(expected, actual);
        Assert.Equal(whole.History.Select(e => (e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Rate)),
            resumed.History.Select(e => (e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Rate)));

        // A training that is done only evaluates.
        (TrainingResult again, float[] same) = Small.Run(options with { Resume = true });
        Assert.Equal(expected, same);
        Assert.Equal(whole.Final.Loss, again.Final.Loss);
    }

    /// <summary>The weights of training go their own way; the average, its running statistics too, follows.</summary>
    [Fact]
    public void Training_is_the_same_beside_an_average_and_files_have_what_was_evaluated()
    {
        using TemporaryFolder folder = new();
        (TrainingResult plain, float[] trained) = Small.Run(Options with { Average = 0 });
        (TrainingResult result, float[] averaged) = Small.Run(Options with { Output = folder.Path });
        Assert.Equal(plain.History.Select(e => e.TrainLoss), result.History.Select(e => e.TrainLoss));
        Assert.NotEqual(plain.Final.Loss, result.Final.Loss);
        Assert.NotEqual(trained, averaged);
        using CpuDevice device = new(1);
        using SafeTensorsFile file = SafeTensors.Read(folder.File("last.safetensors"));
        Preprocessing preprocessing = Preprocessing.FromJson(file.Metadata[Preprocessing.Key]);
        using MuxNet last = WeightFile.Open(folder.File("last.safetensors"), device);
        Assert.Equal(averaged, Small.State(last));
        Assert.Equal(result.Final.Loss, Trainer.Evaluate(last, device, Small.Test, preprocessing).Loss);
        device.Write(file.Read<float>("trained.values"), last.Store!.Values);
        device.Write(file.Read<float>("trained.buffers"), last.Store.Buffers);
        Assert.Equal(trained, Small.State(last));
        using MuxNet best = WeightFile.Open(folder.File("best.safetensors"), device);
        Assert.Equal(result.BestAccuracy, Trainer.Evaluate(best, device, Small.Test, preprocessing).Top1);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        TrainingOptions options = Options with { Epochs = 1 };
        float[] one = Small.Run(options).State;
        Assert.Equal(one, Small.Run(options, 2).State);
        Assert.Equal(one, Small.Run(options, 3).State);
    }

    [Fact]
    public void Crop_and_cutout_change_what_is_learned()
    {
        TrainingOptions options = Small.Options with { Epochs = 1 };
        double[] losses = [.. new[] { options, options with { Crop = 0 }, options with { Cutout = 8 },
            options with { Augment = false } }.Select(o => Small.Run(o).Result.History[0].TrainLoss)];
        Assert.Equal(4, losses.Distinct().Count());
        Assert.Equal(losses[3], Small.Run(options with { Augment = false, Cutout = 8 }).Result.History[0].TrainLoss);
        Assert.Equal(losses[0], Small.Run(options with { Crop = 2 }).Result.History[0].TrainLoss);
    }

    /// <summary>An interruption in the middle of a save: the file that is being written is not yet the checkpoint.
    /// </summary>
    [Fact]
    public void A_save_that_is_interrupted_leaves_the_checkpoint_of_the_epoch_before()
    {
        using TemporaryFolder folder = new();
        TrainingOptions options = Options with { Output = folder.Path };
        using CpuDevice device = new(1);
        using MuxNet network = new(Small.Spec);
        TrainingResult first = new Trainer(network, device, Small.Train, Small.Test, options with { Epochs = 1 }).Run();
        byte[] last = File.ReadAllBytes(folder.File("last.safetensors"));
        using Sgd sgd = new(network.Store!, 0.1, 0.9);
        TrainingFiles files = new(folder.Path);
        EpochRecord worse = first.History[0] with { Epoch = 2, TestAccuracy = -1 };
        Assert.ThrowsAny<OperationCanceledException>(() => files.Save(network, sgd, options,
            Preprocessing.Of(Small.Train), [first.History[0], worse], new CancellationToken(canceled: true)));
        Assert.Equal(last, File.ReadAllBytes(folder.File("last.safetensors")));
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), f => Path.GetFileName(f).StartsWith(".tmp"));

        // The checkpoint's name is taken by a folder: the error names the training's folder and the epoch.
        File.Delete(files.Last);
        Directory.CreateDirectory(files.Last);
        IOException error = Assert.Throws<IOException>(() => files.Save(network, sgd, options,
            Preprocessing.Of(Small.Train), [first.History[0], worse]));
        Assert.Contains(folder.Path, error.Message);
        Assert.Contains("epoch 2", error.Message);
        using WeightAverage average = new(network.Store!, 0.5);
        sgd.Average = average;
        Assert.Throws<InvalidOperationException>(() => files.Save(network, sgd, options,
            Preprocessing.Of(Small.Train), first.History));
    }

    [Fact]
    public void Numbers_out_of_range_are_errors()
    {
        foreach (TrainingOptions bad in (ReadOnlySpan<TrainingOptions>)[Options with { Average = 1 },
            Options with { Average = -0.1 }, Options with { Crop = -1 }, Options with { Cutout = -1 }])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Small.Run(bad));
        }
    }
}
