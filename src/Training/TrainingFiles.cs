using System.Text.Json;
using MuxKernels.Autograd;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>
/// Files of a training in one folder: <c>last.safetensors</c> (weights and optimizer, to resume from),
/// <c>best.safetensors</c> (weights), <c>log.json</c>, <c>accuracy.svg</c> and <c>loss.svg</c>. Every file is written
/// beside and renamed: an interruption at any moment leaves the old ones.
/// </summary>
public sealed class TrainingFiles
{
    private const string StateKey = "muxkernels.training";
    private const string OptimizerPrefix = "optimizer.";

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
    public void Save(MuxNet network, Optimizer optimizer, TrainingOptions options, Preprocessing preprocessing,
        IReadOnlyList<EpochRecord> history, CancellationToken cancellation = default)
    {
        Dictionary<string, string> metadata = new() { [Preprocessing.Key] = preprocessing.ToJson() };
        if (history.MaxBy(e => e.TestAccuracy)!.Epoch == history[^1].Epoch)
        {
            WeightFile.Save(Best, network, metadata, cancellation: cancellation);
        }

        AtomicFile.WriteText(Log, JsonSerializer.Serialize(new
        {
            model = network.Spec.Name,
            derived = network.Spec.IsDerived,
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
                options.Augment,
                options.Seed,
            },
            history,
        }, Json));
        Plot.Write(Path.Combine(Folder, "accuracy.svg"), Plot.Lines(
            new PlotOptions { Title = $"{network.Spec.Name}: accuracy", XLabel = "epoch", YLabel = "accuracy" },
            PlotSeries.Of("test", history.Select(e => e.TestAccuracy)),
            PlotSeries.Of("training (augmented)", history.Select(e => e.TrainAccuracy))));
        Plot.Write(Path.Combine(Folder, "loss.svg"), Plot.Lines(
            new PlotOptions { Title = $"{network.Spec.Name}: loss", XLabel = "epoch", YLabel = "cross-entropy" },
            PlotSeries.Of("test", history.Select(e => e.TestLoss)),
            PlotSeries.Of("training (augmented)", history.Select(e => e.TrainLoss))));
        metadata[StateKey] = JsonSerializer.Serialize(
            new State(optimizer.Steps, Recipe(options), [.. history]), Json);
        WeightFile.Save(Last, network, metadata, optimizer.State.Select(s => Pack(s.Name, s.Memory)), cancellation);
    }

    /// <summary>Reads the last checkpoint back.</summary>
    /// <returns>The epochs that are done.</returns>
    /// <exception cref="SafeTensorsException">No checkpoint of a training, one of another recipe, or a damaged
    /// one.</exception>
    public IReadOnlyList<EpochRecord> Resume(MuxNet network, Optimizer optimizer, TrainingOptions options)
    {
        using SafeTensorsFile file = SafeTensors.Read(Last);
        if (!file.Metadata.TryGetValue(StateKey, out string? text))
        {
            throw new SafeTensorsException($"{Last}: the metadata has no '{StateKey}'; this is no "
                + "training's checkpoint.");
        }

        State state;
        try
        {
            state = JsonSerializer.Deserialize<State>(text, Json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new SafeTensorsException($"{Last}: '{StateKey}' can't be read: {e.Message}", e);
        }

        if (state.Recipe != Recipe(options))
        {
            throw new SafeTensorsException($"{Last}: the checkpoint's recipe is '{state.Recipe}', this training's "
                + $"'{Recipe(options)}'; resume with the same options or start in another folder.");
        }

        foreach ((string name, View memory) in optimizer.State)
        {
            float[] values = new float[memory.Length];
            file.Read<float>(OptimizerPrefix + name, values);
            memory.Buffer!.Device.Write(values, memory);
        }

        WeightFile.Load(file, network);
        optimizer.Resume(state.Steps);
        return state.History;
    }

    private static SafeTensor Pack(string name, View memory)
    {
        float[] values = new float[memory.Length];
        memory.Buffer!.Device.Read(memory, values);
        return SafeTensor.Of<float>(OptimizerPrefix + name, Shape.Vector(memory.Length), values);
    }

    /// <summary>What must agree for a training to go on as if it had not stopped.</summary>
    private static string Recipe(TrainingOptions o) =>
        $"{o.Epochs} epochs, batch {o.BatchSize}, {o.Optimizer} rate {o.Rate} momentum {o.Momentum} "
        + $"nesterov {o.Nesterov} decay {o.WeightDecay}, {o.Schedule} warm-up {o.WarmupEpochs}, "
        + $"smoothing {o.Smoothing}, clip {o.ClipNorm}, augment {o.Augment}, seed {o.Seed}";

    private sealed record State(long Steps, string Recipe, IReadOnlyList<EpochRecord> History);
}
