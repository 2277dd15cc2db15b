using System.Diagnostics;
using MuxKernels.Autograd;
using MuxKernels.Data;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>
/// Trains a network on images: loader with augmentation, SGD or AdamW with a schedule, a moving average of the weights,
/// evaluation after each epoch, the best and the last checkpoint, a log and curves. The same seed gives the same bits
/// for every thread count, and a training that was interrupted and resumed gives the bits of one that was not.
/// </summary>
public sealed class Trainer
{
    /// <summary>Between two reports of progress.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

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
        (this.network, this.device, this.train, this.test) = (network, device, train, test);
        Options = options with { Crop = options.Crop ?? Preprocessing.StandardCrop(train) };
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
        ArgumentOutOfRangeException.ThrowIfNegative(options.Average);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(options.Average, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Options.Crop.Value);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Cutout);
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

    /// <summary>How the network is trained, with the crop that null stands for.</summary>
    public TrainingOptions Options { get; }

    /// <summary>Why steps are computed operator by operator; null while a plan computes them.</summary>
    public string? Obstacle { get; private set; } = "The training has not begun.";

    /// <summary>What is done to images.</summary>
    public Preprocessing Preprocessing => preprocessing;

    /// <summary>Trains. At the end the network has the weights that were evaluated last: with
    /// <see cref="TrainingOptions.Average"/> the averaged ones.</summary>
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
            Transforms = preprocessing.Transforms(Options.Augment, flip: true, Options.Crop!.Value, Options.Cutout),
        });
        using ITrainingPlan? plan = NewPlan(loader.BatchShape);
        using WeightAverage? average = Options.Average > 0 ? new WeightAverage(network.Store!, Options.Average) : null;
        using Optimizer optimizer = NewOptimizer();
        optimizer.Average = average;
        Schedule schedule = NewSchedule(loader.Batches);
        TrainingFiles? files = Options.Output is { } folder ? new TrainingFiles(folder) : null;
        List<EpochRecord> history = [];
        if (Options.Resume && files is not null)
        {
            history.AddRange(files.Resume(network, optimizer, Options));
            CheckSteps(files, optimizer, history.Count, loader.Batches);
        }

        Metrics final = new(network.Spec.Classes);
        Stopwatch watch = Stopwatch.StartNew();
        int done = history.Count;
        network.Store!.ZeroGradients(); // Each step of the optimizer leaves them zero.
        for (int epoch = done; epoch < Options.Epochs; epoch++)
        {
            TimeSpan start = watch.Elapsed;
            Metrics seen = TrainEpoch(loader, plan, optimizer, schedule, epoch, done, watch, progress, cancellation);
            double rate = seen.Count / (watch.Elapsed - start).TotalSeconds;
            average?.Swap();
            try
            {
                final = EvaluateEpoch(epoch, done, seen, watch, progress, cancellation);
                history.Add(new EpochRecord(epoch + 1, optimizer.Rate, seen.Loss, seen.Top1, final.Loss, final.Top1,
                    final.Top5, (watch.Elapsed - start).TotalSeconds, rate));
                files?.Save(network, optimizer, Options, preprocessing, history, cancellation);
            }
            finally
            {
                average?.Swap();
            }

            epochDone?.Invoke(history[^1]);
        }

        average?.Swap();
        if (done >= Options.Epochs)
        {
            final = Evaluate(network, device, test, preprocessing, cancellation: cancellation,
                planned: Options.Planned);
        }

        EpochRecord best = history.MaxBy(e => e.TestAccuracy)!;
        return new TrainingResult(history, final, best.Epoch, best.TestAccuracy, watch.Elapsed.TotalSeconds);
    }

    /// <summary>Evaluates a network on images; by an <see cref="INetworkPlan"/> where there can be one.</summary>
    /// <param name="network">A network with memory.</param>
    /// <param name="device">Where it is computed; the network's memory must be there.</param>
    /// <param name="images">What it is evaluated on.</param>
    /// <param name="preprocessing">What is done to the images.</param>
    /// <param name="batchSize">Images at a time.</param>
    /// <param name="progress">Called after each batch with the images done and in all.</param>
    /// <param name="cancellation">Ends the evaluation between two batches.</param>
    /// <param name="planned">False to compute operator by operator.</param>
    /// <param name="halfMaps">Whether a plan's maps are float16 in memory.</param>
    public static Metrics Evaluate(MuxNet network, Device device, ImageDataset images, Preprocessing preprocessing,
        int batchSize = 100, Action<int, int>? progress = null, CancellationToken cancellation = default,
        bool planned = true, bool halfMaps = false)
    {
        int classes = network.Spec.Classes;
        Metrics metrics = new(classes);
        Loader loader = new(images, new LoaderOptions
        {
            BatchSize = batchSize,
            Transforms = preprocessing.Transforms(augment: false),
        });
        using INetworkPlan? plan = planned ? PlanOf(network, device, loader.BatchShape, halfMaps) : null;
        float[] logits = new float[(long)loader.BatchShape.N * classes];
        foreach (Batch batch in loader.Epoch(0, cancellation))
        {
            using Session session = new(device);
            Span<float> y = logits.AsSpan(0, batch.Count * classes);
            if (plan is not null)
            {
                plan.Run(batch.Images, y);
            }

            Tensor result = plan is null
                ? network.Invoke(session.Input(batch.Shape, batch.Images))
                : session.Input(Shape.Matrix(batch.Count, classes), y);
            float loss = result.CrossEntropy(batch.Labels).ToArray()[0];
            device.Read(result.Data, y);
            metrics.Add(y, batch.Labels, loss);
            progress?.Invoke((int)metrics.Count, images.Count);
        }

        return metrics;
    }

    private static INetworkPlan? PlanOf(MuxNet network, Device device, Shape batch, bool halfMaps)
    {
        try
        {
            return device is ReferenceDevice ? null : NetworkPlan.Of(network, device, batch, halfMaps);
        }
        catch (NotSupportedException) when (!halfMaps)
        {
            return null; // Operator by operator gives the same numbers.
        }
    }

    /// <summary>A checkpoint's steps must be those of its epochs with these images.</summary>
    private void CheckSteps(TrainingFiles files, Optimizer optimizer, int epochs, int batches)
    {
        if (optimizer.Steps != (long)epochs * batches)
        {
            throw new SafeTensorsException($"{files.Last}: the checkpoint took {optimizer.Steps} steps in {epochs} "
                + $"epochs, this training takes {batches} an epoch with {train.Count} images; resume with the same "
                + "images or start in another folder.");
        }
    }

    private Metrics EvaluateEpoch(int epoch, int firstEpoch, Metrics seen, Stopwatch watch,
        Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        TimeSpan start = watch.Elapsed, shown = start;
        return Evaluate(network, device, test, preprocessing, cancellation: cancellation, planned: Options.Planned,
            progress: (done, total) =>
            {
                TimeSpan now = watch.Elapsed;
                if (progress is not null && (now - shown > Pause || done == total))
                {
                    shown = now;
                    double fraction = (epoch + 1.0 - firstEpoch) / (Options.Epochs - firstEpoch);
                    progress(new TrainingProgress(epoch + 1, Options.Epochs, done, total, seen.Loss, seen.Top1,
                        done / (now - start).TotalSeconds, now, now * ((1 - fraction) / fraction))
                    {
                        IsEvaluation = true,
                    });
                }
            });
    }

    private Metrics TrainEpoch(Loader loader, ITrainingPlan? plan, Optimizer optimizer, Schedule schedule, int epoch,
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
            if (progress is not null && (now - shown > Pause || batch.Number + 1 == loader.Batches))
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

    private void TrainStep(Batch batch, ITrainingPlan? plan, Optimizer optimizer, Metrics metrics, long step)
    {
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
                $"The loss is {value} at step {step + 1}: training diverged; lower the rate (now {optimizer.Rate:G3})"
                + $" or the norm of gradients (now {(Options.ClipNorm > 0 ? $"{Options.ClipNorm:G3}" : "any")}).");
        }

        metrics.Add(logits, batch.Labels, value);
        if (loss is not null)
        {
            session!.Backward(loss);
        }

        optimizer.Step(Options.ClipNorm);
    }

    private ITrainingPlan? NewPlan(Shape batch)
    {
        try
        {
            Obstacle = Options.Planned ? null : "Plans were not wanted.";
            return Options.Planned ? TrainingPlans.Of(network, batch, Options.Smoothing, Options.Recompute) : null;
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
