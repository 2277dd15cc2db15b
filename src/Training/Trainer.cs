using System.Diagnostics;
using MuxKernels.Autograd;
using MuxKernels.Data;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>
/// Trains a network on images: loader with augmentation, SGD or AdamW with a schedule, evaluation after each epoch,
/// the best and the last checkpoint, a log and curves. The same seed gives the same bits for every thread count, and
/// a training that was interrupted and resumed gives the bits of one that was not.
/// </summary>
public sealed class Trainer
{
    private readonly MuxNet network;
    private readonly Device device;
    private readonly ImageDataset train;
    private readonly ImageDataset test;
    private readonly Preprocessing preprocessing;

    /// <summary>A training of a network on a device.</summary>
    /// <param name="network">The network; it is given memory and first weights if it has none.</param>
    /// <param name="device">Where it is trained.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="options">How.</param>
    /// <param name="preprocessing">What is done to the images; null for the training images' own statistics and the
    /// border to the next multiple of 32.</param>
    /// <exception cref="ArgumentException">Data that do not fit the network.</exception>
    public Trainer(MuxNet network, Device device, ImageDataset train, ImageDataset test, TrainingOptions options,
        Preprocessing? preprocessing = null)
    {
        (this.network, this.device, this.train, this.test, Options) = (network, device, train, test, options);
        this.preprocessing = preprocessing ?? Preprocessing.Of(train);
        foreach (ImageDataset data in (ReadOnlySpan<ImageDataset>)[train, test])
        {
            if (data.Classes > network.Spec.Classes || data.Channels != network.Spec.ImageChannels)
            {
                throw new ArgumentException($"{data.Source} has {data.Classes} classes and {data.Channels} channels, "
                    + $"{network.Spec.Name} was built for {network.Spec.Classes} and {network.Spec.ImageChannels}.");
            }
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        if (train.Count < options.BatchSize)
        {
            throw new ArgumentException(
                $"{train.Source} has {train.Count} images, fewer than a batch of {options.BatchSize}.");
        }

        if (network.Store is null)
        {
            network.Materialize(device, (ulong)options.Seed);
        }
        else if (!ReferenceEquals(network.Store.Device, device))
        {
            network.MoveTo(device);
        }
    }

    /// <summary>How the network is trained.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Why steps are computed operator by operator; null while a plan computes them.</summary>
    public string? Obstacle { get; private set; } = "The training has not begun.";

    /// <summary>What is done to images.</summary>
    public Preprocessing Preprocessing => preprocessing;

    /// <summary>Trains.</summary>
    /// <param name="progress">Called a few times a second.</param>
    /// <param name="epochDone">Called after each epoch.</param>
    /// <param name="cancellation">Ends the training between two steps; the last checkpoint stays valid.</param>
    /// <exception cref="ArithmeticException">The loss is no finite number.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public TrainingResult Run(Action<TrainingProgress>? progress = null, Action<EpochRecord>? epochDone = null,
        CancellationToken cancellation = default)
    {
        Loader loader = new(train, new LoaderOptions
        {
            BatchSize = Options.BatchSize,
            Shuffle = true,
            DropLast = true,
            Seed = Options.Seed,
            Transforms = preprocessing.Transforms(Options.Augment),
        });
        using TrainingPlan? plan = NewPlan(loader.BatchShape);
        using Optimizer optimizer = NewOptimizer();
        Schedule schedule = NewSchedule(loader.Batches);
        TrainingFiles? files = Options.Output is { } folder ? new TrainingFiles(folder) : null;
        List<EpochRecord> history = [];
        if (Options.Resume && files is not null)
        {
            history.AddRange(files.Resume(network, optimizer, Options));
        }

        Metrics final = new(network.Spec.Classes);
        Stopwatch watch = Stopwatch.StartNew();
        int done = history.Count;
        for (int epoch = done; epoch < Options.Epochs; epoch++)
        {
            TimeSpan start = watch.Elapsed;
            Metrics seen = TrainEpoch(loader, plan, optimizer, schedule, epoch, done, watch, progress, cancellation);
            final = Evaluate(network, device, test, preprocessing, cancellation: cancellation);
            history.Add(new EpochRecord(epoch + 1, optimizer.Rate, seen.Loss, seen.Top1, final.Loss, final.Top1,
                final.Top5, (watch.Elapsed - start).TotalSeconds));
            files?.Save(network, optimizer, Options, preprocessing, history, cancellation);
            epochDone?.Invoke(history[^1]);
        }

        if (done >= Options.Epochs)
        {
            final = Evaluate(network, device, test, preprocessing, cancellation: cancellation);
        }

        EpochRecord best = history.MaxBy(e => e.TestAccuracy)!;
        return new TrainingResult(history, final, best.Epoch, best.TestAccuracy, watch.Elapsed.TotalSeconds);
    }

    /// <summary>Evaluates a network on images.</summary>
    /// <param name="network">A network with memory.</param>
    /// <param name="device">Where it is computed; the network's memory must be there.</param>
    /// <param name="images">What it is evaluated on.</param>
    /// <param name="preprocessing">What is done to the images.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="progress">Called after each batch with the images done and in all.</param>
    /// <param name="cancellation">Ends the evaluation between two batches.</param>
    public static Metrics Evaluate(MuxNet network, Device device, ImageDataset images, Preprocessing preprocessing,
        int batchSize = 100, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        Loader loader = new(images, new LoaderOptions
        {
            BatchSize = batchSize,
            Transforms = preprocessing.Transforms(augment: false),
        });
        Metrics metrics = new(network.Spec.Classes);
        foreach (Batch batch in loader.Epoch(0, cancellation))
        {
            using Session session = new(device);
            Tensor logits = network.Invoke(session.Input(batch.Shape, batch.Images));
            float loss = logits.CrossEntropy(batch.Labels).ToArray()[0];
            metrics.Add(logits.ToArray(), batch.Labels, loss);
            progress?.Invoke((int)metrics.Count, images.Count);
        }

        return metrics;
    }

    private Metrics TrainEpoch(Loader loader, TrainingPlan? plan, Optimizer optimizer, Schedule schedule, int epoch,
        int firstEpoch, Stopwatch watch, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        Metrics metrics = new(network.Spec.Classes);
        TimeSpan start = watch.Elapsed, shown = start;
        foreach (Batch batch in loader.Epoch(epoch, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            long step = (long)epoch * loader.Batches + batch.Number;
            optimizer.Rate = schedule.At(step);
            TrainStep(batch, plan, optimizer, metrics, step);
            TimeSpan now = watch.Elapsed;
            if (progress is not null && (now - shown > TimeSpan.FromSeconds(0.2) || batch.Number + 1 == loader.Batches))
            {
                shown = now;
                double fraction = (epoch - firstEpoch + (batch.Number + 1.0) / loader.Batches)
                    / (Options.Epochs - firstEpoch);
                progress(new TrainingProgress(epoch + 1, Options.Epochs, batch.Number + 1, loader.Batches,
                    metrics.Loss, metrics.Top1, metrics.Count / (now - start).TotalSeconds, now,
                    now * ((1 - fraction) / fraction)));
            }
        }

        return metrics;
    }

    private void TrainStep(Batch batch, TrainingPlan? plan, Optimizer optimizer, Metrics metrics, long step)
    {
        ParameterStore store = network.Store!;
        store.ZeroGradients();
        ulong seed = SplitMix.Hash((ulong)Options.Seed) + (ulong)step * 1024;
        float[] logits = new float[batch.Count * network.Spec.Classes];
        using Session? session = plan is null ? new Session(device, training: true, record: true, seed) : null;
        Tensor? loss = null;
        float value;
        if (plan is not null)
        {
            value = plan.Step(batch.Images, batch.Labels, logits, seed);
        }
        else
        {
            Tensor result = network.Invoke(session!.Input(batch.Shape, batch.Images));
            loss = result.CrossEntropy(batch.Labels, Options.Smoothing);
            value = loss.ToArray()[0];
            result.ToArray().CopyTo(logits, 0);
        }

        if (!float.IsFinite(value))
        {
            throw new ArithmeticException(
                $"The loss is {value} at step {step + 1}: training diverged; lower the rate "
                + $"(now {optimizer.Rate:G3}).");
        }

        metrics.Add(logits, batch.Labels, value);
        if (loss is not null)
        {
            session!.Backward(loss);
        }

        optimizer.Step(Options.ClipNorm);
    }

    private TrainingPlan? NewPlan(Shape batch)
    {
        try
        {
            Obstacle = Options.Planned ? null : "Plans were not wanted.";
            return Options.Planned ? TrainingPlan.Of(network, batch, Options.Smoothing) : null;
        }
        catch (NotSupportedException e)
        {
            Obstacle = e.Message;
            return null;
        }
    }

    private Optimizer NewOptimizer() => Options.Optimizer == OptimizerKind.Sgd
        ? new Sgd(network.Store!, Options.Rate, Options.Momentum, Options.WeightDecay,
            Options.Nesterov && Options.Momentum > 0, decayNormAndBias: false)
        : new AdamW(network.Store!, Options.Rate, weightDecay: Options.WeightDecay);

    private Schedule NewSchedule(int steps)
    {
        long total = (long)steps * Options.Epochs, warmup = (long)Math.Round(steps * Options.WarmupEpochs);
        return Options.Schedule switch
        {
            ScheduleKind.Constant => Schedule.Constant(Options.Rate, total, warmup),
            ScheduleKind.Step => Schedule.Steps(Options.Rate, total, Math.Max(1, total / 4), 0.1, warmup),
            _ => Schedule.Cosine(Options.Rate, total, warmup),
        };
    }
}
