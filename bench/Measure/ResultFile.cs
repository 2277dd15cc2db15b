using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MuxKernels.Interop;

namespace MuxKernels.Measure;

/// <summary>
/// The form of every result file of the bench room: <c>muxnet bench compare</c> reads <see cref="Rows"/> of any of
/// them.
/// </summary>
/// <param name="Kind">What was measured: <c>networks</c>, <c>kernels</c>, <c>training-kernels</c>, <c>scaling</c> or
/// <c>coldstart</c>.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Method">How it was measured, in words.</param>
/// <param name="Peers">Name and version of each peer that took part, or why it did not.</param>
/// <param name="Rows">What was measured.</param>
public sealed record ResultFile(string Kind, Machine Machine, string Method, IReadOnlyDictionary<string, string> Peers,
    IReadOnlyList<ResultRow> Rows)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Converters = { new RoundedNumbers() },
    };

    /// <summary>Writes the file, all or nothing.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, ToJson() + "\n");

    /// <summary>The document.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Reads a document.</summary>
    /// <exception cref="JsonException">Not such a document.</exception>
    public static ResultFile Parse(string json) => JsonSerializer.Deserialize<ResultFile>(json, Format)
        ?? throw new JsonException("The document is null.");

    /// <summary>Six digits are more than any timing has.</summary>
    private sealed class RoundedNumbers : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.ToString("G6"));
    }
}

/// <summary>One configuration and everything that was measured on it in turns.</summary>
/// <param name="Name">What it is; unique in its file.</param>
/// <param name="Entries">Ours first.</param>
public sealed record ResultRow(string Name, IReadOnlyList<ResultEntry> Entries)
{
    /// <summary>Stands between the name of a row that sums up others and what is said of each of them.</summary>
    public const string PartMark = " · ";

    /// <summary>Whether another row sums this one up.</summary>
    [JsonIgnore]
    public bool IsPart => Name.Contains(PartMark, StringComparison.Ordinal);

    /// <summary>Multiply-adds of one run, by the paper's rule.</summary>
    public long? Madds { get; init; }

    /// <summary>Most multiply-adds a second of these threads, measured in the same run.</summary>
    public double? PeakGmaddsPerS { get; init; }

    /// <summary>Percent of the peak that the channels leave possible: lanes of vectors without a channel work for
    /// nothing.</summary>
    public double? LaneCapPercent { get; init; }

    /// <summary>Percent of the peak that moving the operands once at the speed of a copy leaves possible.</summary>
    public double? TrafficCapPercent { get; init; }
}

/// <summary>One contestant in a row.</summary>
/// <param name="Name">Who.</param>
/// <param name="MedianMs">Half of the runs were faster.</param>
/// <param name="P5Ms">One run in twenty was faster.</param>
/// <param name="P95Ms">One run in twenty was slower.</param>
/// <param name="Runs">Number of runs.</param>
public sealed record ResultEntry(string Name, double MedianMs, double P5Ms, double P95Ms, int Runs)
{
    /// <summary>The fastest run: what a machine that does other work at the same time still tells.</summary>
    public double? LeastMs { get; init; }

    /// <summary>Whether it is another library: a change is no change of ours.</summary>
    public bool Peer { get; init; }

    /// <summary>10⁹ multiply-adds a second, by the paper's counting rule, whatever the peer really does.</summary>
    public double? GmaddsPerS { get; init; }

    /// <summary>Share of the peak.</summary>
    public double? PercentOfPeak { get; init; }

    /// <summary>10⁹ bytes a second of a pass that moves numbers, each map that is read or written counted
    /// once.</summary>
    public double? GigabytesPerS { get; init; }

    /// <summary>Share of the bytes a second of a copy in the same turns.</summary>
    public double? PercentOfCopy { get; init; }

    /// <summary>How many times longer than ours: median over the rounds.</summary>
    public double? RatioToOurs { get; init; }

    /// <summary>Largest difference of the outputs from ours, as a share of the largest output.</summary>
    public double? LargestDifference { get; init; }

    /// <summary>Methods that were compiled at run time until then.</summary>
    public long? MethodsJitted { get; init; }

    /// <summary>Anything else worth knowing, such as the peer's own name of its kernel.</summary>
    public string? Note { get; init; }

    /// <summary>The entry of a contestant.</summary>
    public static ResultEntry Of(Measured measured, Measured ours, long madds, double peak) => new(measured.Name,
        measured.Spread.MedianMs, measured.Spread.P5Ms, measured.Spread.P95Ms, measured.Spread.Runs)
    {
        LeastMs = measured.Spread.LeastMs,
        Peer = !ReferenceEquals(measured, ours),
        GmaddsPerS = madds / measured.Spread.MedianMs / 1e6,
        PercentOfPeak = madds / measured.Spread.MedianMs / 1e4 / peak,
        RatioToOurs = ReferenceEquals(measured, ours) ? null : measured.RatioTo(ours),
    };
}
