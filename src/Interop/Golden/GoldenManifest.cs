using System.Text.Json;
using System.Text.Json.Serialization;

namespace MuxKernels.Interop;

/// <summary>
/// A <c>manifest.json</c> or <c>traces.json</c>: it has cases, networks or traces. Optional keys have setters, here and
/// below: generated readers give init-only ones no default.
/// </summary>
internal sealed record GoldenManifest
{
    private const long MaxLength = 64 << 20;

    public int Format { get; set; } = 1;

    public IReadOnlyList<OperatorCase>? Cases { get; set; }

    public IReadOnlyDictionary<string, NetworkCase>? Nets { get; set; }

    public IReadOnlyList<TraceCase>? Traces { get; set; }

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="InvalidDataException">A file that is no such document; the message names it.</exception>
    /// <exception cref="IOException">A file that can't be read.</exception>
    public static GoldenManifest Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > MaxLength)
        {
            throw new InvalidDataException($"{path}: {stream.Length} bytes, expected at most {MaxLength}.");
        }

        GoldenManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(stream, GoldenJsonContext.Default.GoldenManifest)
                ?? throw new InvalidDataException($"{path}: the document is null, expected an object.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: not a golden manifest: {e.Message}", e);
        }

        if (manifest.Format != 1)
        {
            throw new InvalidDataException($"{path}: format {manifest.Format}, expected 1.");
        }

        if (manifest is { Cases: null, Nets: null, Traces: null })
        {
            throw new InvalidDataException($"{path}: the document has no cases, nets or traces.");
        }

        return HasNull(manifest)
            ? throw new InvalidDataException($"{path}: an entry of the document is null, expected an object.")
            : manifest;
    }

    /// <summary>Whether an element of a list is null: the reader checks properties only.</summary>
    private static bool HasNull(GoldenManifest manifest)
    {
        IEnumerable<object?> all =
        [
            .. manifest.Cases ?? [], .. manifest.Cases?.SelectMany(c => c?.Tensors.Values ?? []) ?? [],
            .. manifest.Nets?.Values ?? [], .. manifest.Nets?.Values.SelectMany(n => n?.Tensors ?? []) ?? [],
            .. manifest.Nets?.Values.SelectMany(n => n?.Eval.Values ?? []) ?? [],
            .. manifest.Nets?.Values.SelectMany(n => n?.Eval.Values ?? []).SelectMany(r => r?.Stages ?? []) ?? [],
            .. manifest.Traces ?? [], .. manifest.Traces?.SelectMany(t => t?.FirstGradients ?? []) ?? [],
            .. manifest.Traces?.SelectMany(t => t?.FinalState ?? []) ?? [],
        ];
        return all.Any(item => item is null);
    }
}

/// <summary>One operator or block with its tensors in a file.</summary>
internal sealed record OperatorCase
{
    public required string Case { get; init; }

    public required string File { get; init; }

    public required string Op { get; init; }

    public required string Mode { get; init; }

    public JsonElement Config { get; set; }

    public required IReadOnlyDictionary<string, IReadOnlyList<int>> Tensors { get; init; }
}

/// <summary>One network: parameters by the formula, and what it computes.</summary>
internal sealed record NetworkCase
{
    public required ulong Seed { get; init; }

    public required IReadOnlyList<NetworkTensor> Tensors { get; init; }

    public IReadOnlyDictionary<string, NetworkRun> Eval { get; set; } = new Dictionary<string, NetworkRun>();
}

/// <summary>One entry of a network's state dictionary.</summary>
internal sealed record NetworkTensor
{
    public required int T { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<int> Shape { get; init; }

    public required string Kind { get; init; }

    public IReadOnlyList<double> First { get; set; } = [];

    public string? Crc32 { get; set; }
}

/// <summary>One run of a network in evaluation mode.</summary>
internal sealed record NetworkRun
{
    public required int InputTensorNumber { get; init; }

    public required IReadOnlyList<int> InputShape { get; init; }

    public required string InputFormula { get; init; }

    public IReadOnlyList<NetworkStage> Stages { get; set; } = [];
}

/// <summary>Summary of a block's result.</summary>
internal sealed record NetworkStage
{
    public required int Block { get; init; }

    public required IReadOnlyList<int> Shape { get; init; }

    public required double Mean { get; init; }

    public required double Rms { get; init; }

    public required IReadOnlyList<double> First { get; init; }
}

/// <summary>One training trace.</summary>
internal sealed record TraceCase
{
    public required string Model { get; init; }

    public required ulong Seed { get; init; }

    public required int Batch { get; init; }

    public required int Resolution { get; init; }

    public required int NumClasses { get; init; }

    public required double Lr { get; init; }

    public double Momentum { get; set; }

    public double WeightDecay { get; set; }

    public required int Steps { get; init; }

    public IReadOnlyList<int>? Labels { get; set; }

    [JsonPropertyName("loss_f64")]
    public required IReadOnlyList<double> Losses { get; init; }

    [JsonPropertyName("loss_abs_diff")]
    public required IReadOnlyList<double> LossDifferences { get; init; }

    [JsonPropertyName("step0_logits_first")]
    public IReadOnlyList<double> FirstLogits { get; set; } = [];

    [JsonPropertyName("step0_grad")]
    public IReadOnlyList<TraceNorm> FirstGradients { get; set; } = [];

    public IReadOnlyList<TraceNorm> FinalState { get; set; } = [];
}

/// <summary>Norm of a gradient or of a parameter.</summary>
internal sealed record TraceNorm
{
    public required string Name { get; init; }

    [JsonPropertyName("l2")]
    public required double Norm { get; init; }

    public IReadOnlyList<double> First { get; set; } = [];

    [JsonPropertyName("err_l2_rel")]
    public double RelativeError { get; set; }

    public bool AnalyticallyZero { get; set; }

    [JsonPropertyName("l2_f32")]
    public double NormInFloat { get; set; }
}

/// <summary>Source-generated JSON of golden manifests.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(GoldenManifest))]
internal sealed partial class GoldenJsonContext : JsonSerializerContext;
