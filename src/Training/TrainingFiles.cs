using System.Globalization;
using System.Text.Json;
using MuxKernels.Autograd;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>
/// Files of a training in one folder: <c>last.safetensors</c> (weights and optimizer, to resume from),
/// <c>best.safetensors</c> (weights), <c>log.json</c>, <c>accuracy.svg</c> and <c>loss.svg</c>. Every file is written
/// beside and renamed: an interruption at any moment leaves the old ones. With a moving average both checkpoints have
/// the averaged weights under the network's names; the last one has those of training beside them.
/// </summary>
public sealed class TrainingFiles
{
    private const string StateKey = "muxkernels.training";
    private const string OptimizerPrefix = "optimizer.";
    private const string TrainedValues = "trained.values";
    private const string TrainedBuffers = "trained.buffers";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Files in a folder, which is made if there is none.</summary>
    public TrainingFiles(string folder)
    {
        Directory.CreateDirectory(folder);
        Folder = folder;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Weights and optimizer after the last epoch.</summary>
    public string Last => Path.Combine(Folder, "last.safetensors");

    /// <summary>Weights of the epoch with the best test accuracy.</summary>
    public string Best => Path.Combine(Folder, "best.safetensors");

    /// <summary>The log.</summary>
    public string Log => Path.Combine(Folder, "log.json");

    /// <summary>Writes all files after an epoch; the last checkpoint last, so that it never runs ahead of the
    /// log.</summary>
    /// <exception cref="IOException">A file can't be written (a full disk); those of the epoch before are whole.
    /// </exception>
    /// <exception cref="InvalidOperationException">The optimizer's average is not swapped: the files' weights are the
    /// averaged ones.</exception>
    public void Save(MuxNet network, Optimizer optimizer, TrainingOptions options, Preprocessing preprocessing,
        IReadOnlyList<EpochRecord> history, CancellationToken cancellation = default)
    {
        if (optimizer.Average is { IsSwapped: false })
        {
            throw new InvalidOperationException(
                "The network has no averages in place of its numbers; swap them first.");
        }

        try
        {
            Write(network, optimizer, options, preprocessing, history, cancellation);
        }
        catch (IOException e)
        {
            throw new IOException($"{Folder}: the files of epoch {history[^1].Epoch} can't be written ({e.Message})."
                + (history.Count > 1 ? " Training can be resumed from the last checkpoint that was." : ""), e);
        }
    }

    private void Write(MuxNet network, Optimizer optimizer, TrainingOptions options, Preprocessing preprocessing,
        IReadOnlyList<EpochRecord> history, CancellationToken cancellation)
    {
        Dictionary<string, string> metadata = new() { [Preprocessing.Key] = preprocessing.ToJson() };
        if (history.MaxBy(e => e.TestAccuracy)!.Epoch == history[^1].Epoch)
        {
            WeightFile.Save(Best, network, metadata, cancellation: cancellation);
        }

        double seconds = history.Sum(e => e.Seconds), perEpoch = seconds / history.Count;
        double images = history.Average(e => e.ImagesPerSecond);
        AtomicFile.WriteText(Log, JsonSerializer.Serialize(new
        {
            model = network.Spec.Name,
            derived = network.Spec.IsDerived,
            device = network.Store!.Device.Name,
            threads = (network.Store.Device as CpuDevice)?.Threads,
            seconds,
            secondsPerEpoch = perEpoch,
            imagesPerSecond = images,
            options = new
            {
                options.Epochs,
                options.BatchSize,
                optimizer = options.Optimizer.ToString(),
                options.Rate,
                options.Momentum,
                options.Nesterov,
                options.WeightDecay,
                schedule = options.Schedule.ToString(),
                options.WarmupEpochs,
                options.Smoothing,
                options.ClipNorm,
                options.Average,
                options.Augment,
                options.Crop,
                options.Cutout,
                options.Seed,
            },
            history,
        }, Json));
        string time = string.Create(CultureInfo.InvariantCulture,
            $"epoch ({perEpoch:0.0} s each, {Duration(seconds)} in all, {images:0} training images/s)");
        string test = options.Average > 0 ? "test (averaged weights)" : "test";
        string training = options.Augment ? "training (augmented)" : "training";
        Plot.Write(Path.Combine(Folder, "accuracy.svg"), Plot.Lines(
            new PlotOptions { Title = $"{network.Spec.Name}: accuracy", XLabel = time, YLabel = "accuracy" },
            PlotSeries.Of(test, history.Select(e => e.TestAccuracy)),
            PlotSeries.Of(training, history.Select(e => e.TrainAccuracy))));
        Plot.Write(Path.Combine(Folder, "loss.svg"), Plot.Lines(
            new PlotOptions { Title = $"{network.Spec.Name}: loss", XLabel = time, YLabel = "cross-entropy" },
            PlotSeries.Of(test, history.Select(e => e.TestLoss)),
            PlotSeries.Of(training, history.Select(e => e.TrainLoss))));
        metadata[StateKey] = JsonSerializer.Serialize(
            new State(optimizer.Steps, Recipe(options), [.. history]), Json);
        WeightFile.Save(Last, network, metadata, TensorsOf(optimizer), cancellation);
    }

    /// <summary>Reads the last checkpoint back.</summary>
    /// <returns>The epochs that are done.</returns>
    /// <exception cref="FileNotFoundException">There is no checkpoint.</exception>
    /// <exception cref="SafeTensorsException">No checkpoint of a training, one of another recipe, or a damaged
    /// one.</exception>
    public IReadOnlyList<EpochRecord> Resume(MuxNet network, Optimizer optimizer, TrainingOptions options)
    {
        if (!File.Exists(Last))
        {
            throw new FileNotFoundException($"{Last}: there is no checkpoint to resume from.", Last);
        }

        using SafeTensorsFile file = SafeTensors.Read(Last);
        State state = ReadState(file);
        if (Differences(state.Recipe, Recipe(options)) is { Length: > 0 } differences)
        {
            throw new SafeTensorsException($"{Last}: the checkpoint's recipe is another one: {differences}; resume "
                + "with the same options or start in another folder.");
        }

        foreach ((string name, View memory) in optimizer.State)
        {
            Unpack(file, OptimizerPrefix + name, memory);
        }

        WeightFile.Load(file, network);
        if (optimizer.Average is { } average)
        {
            ParameterStore store = average.Store;
            store.Device.Copy(store.Values, average.Values);
            store.Device.Copy(store.Buffers, average.Buffers);
            Unpack(file, TrainedValues, store.Values);
            Unpack(file, TrainedBuffers, store.Buffers);
            average.Resume(state.Steps);
        }

        optimizer.Resume(state.Steps);
        return state.History;
    }

    private State ReadState(SafeTensorsFile file)
    {
        if (!file.Metadata.TryGetValue(StateKey, out string? text))
        {
            throw new SafeTensorsException($"{Last}: the metadata has no '{StateKey}'; this is no "
                + "training's checkpoint.");
        }

        try
        {
            State? state = JsonSerializer.Deserialize<State>(text, Json);
            return state is { Steps: > 0, Recipe: not null, History.Count: > 0 }
                ? state
                : throw new SafeTensorsException($"{Last}: '{StateKey}' has no steps, recipe or epochs.");
        }
        catch (JsonException e)
        {
            throw new SafeTensorsException($"{Last}: '{StateKey}' can't be read: {e.Message}", e);
        }
    }

    private static IEnumerable<SafeTensor> TensorsOf(Optimizer optimizer)
    {
        IEnumerable<SafeTensor> state = optimizer.State.Select(s => Pack(OptimizerPrefix + s.Name, s.Memory));
        return optimizer.Average is { } average
            ? [.. state, Pack(TrainedValues, average.Values), Pack(TrainedBuffers, average.Buffers)]
            : state;
    }

    private static SafeTensor Pack(string name, View memory)
    {
        float[] values = new float[memory.Length];
        memory.Buffer!.Device.Read(memory, values);
        return SafeTensor.Of<float>(name, Shape.Vector(memory.Length), values);
    }

    private static void Unpack(SafeTensorsFile file, string name, View memory)
    {
        float[] values = new float[memory.Length];
        file.Read<float>(name, values);
        memory.Buffer!.Device.Write(values, memory);
    }

    /// <summary>What must agree for a training to go on as if it had not stopped.</summary>
    private static string Recipe(TrainingOptions o) => string.Create(CultureInfo.InvariantCulture,
        $"epochs {o.Epochs}, batch {o.BatchSize}, optimizer {o.Optimizer}, rate {o.Rate}, momentum {o.Momentum}, "
        + $"nesterov {o.Nesterov}, decay {o.WeightDecay}, schedule {o.Schedule}, warm-up {o.WarmupEpochs}, "
        + $"smoothing {o.Smoothing}, clip {o.ClipNorm}, average {o.Average}, augment {o.Augment}, crop {o.Crop}, "
        + $"cutout {o.Cutout}, seed {o.Seed}");

    /// <summary>Where two recipes differ, as <c>rate 0.1 there, rate 0.01 here</c>.</summary>
    private static string Differences(string there, string here)
    {
        string[] a = there.Split(", "), b = here.Split(", ");
        return a.SequenceEqual(b)
            ? ""
            : $"{string.Join(", ", a.Except(b))} there, {string.Join(", ", b.Except(a))} here";
    }

    private static string Duration(double seconds) => seconds < 600
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s")
        : seconds < 36_000
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h");

    private sealed record State(long Steps, string Recipe, IReadOnlyList<EpochRecord> History);
}
