using System.Text.Json;
using System.Text.Json.Serialization;

namespace MuxKernels.Layers;

/// <summary>
/// Networks as JSON: <c>{"name": …, "stem": 24, "stemStride": 2, "head": 1280, "blocks": ["ds_k3_…", …]}</c>, with
/// optional <c>imageChannels</c>, <c>imageSize</c>, <c>classes</c>, <c>activation</c>, <c>dropout</c>,
/// <c>dropConnect</c>, <c>epsilon</c>, <c>momentum</c>, <c>derived</c>.
/// </summary>
public static class NetworkJson
{
    /// <summary>Reads a network.</summary>
    /// <exception cref="FormatException">Text that is no such document; the message says where.</exception>
    public static NetworkSpec Parse(string json)
    {
        Document document;
        try
        {
            document = JsonSerializer.Deserialize(json, NetworkJsonContext.Default.Document)
                ?? throw new FormatException("Network: the document is null, expected an object.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"Network: {e.Message}", e);
        }

        NetworkSpec spec = new()
        {
            Name = document.Name,
            StemChannels = document.Stem,
            StemStride = document.StemStride,
            HeadChannels = document.Head,
            Blocks = [.. document.Blocks.Select(row => BlockGrammar.ParseRow(
                row ?? throw new FormatException("Network: a block is null, expected its row.")))],
            ImageChannels = document.ImageChannels,
            ImageSize = document.ImageSize,
            Classes = document.Classes,
            Activation = document.Activation,
            Dropout = document.Dropout,
            DropConnect = document.DropConnect,
            Norm = new NormNumbers(document.Epsilon, document.Momentum),
            IsDerived = document.Derived,
        };
        if (spec.StemChannels < 1 || spec.HeadChannels < 1 || spec.Classes < 1 || spec.ImageChannels < 1
            || spec.StemStride < 1 || spec.ImageSize < 1 || spec.Blocks.Count == 0)
        {
            throw new FormatException("Network: stem, stemStride, head, classes, imageChannels and imageSize must be "
                + "at least 1, and blocks must not be empty.");
        }

        if (!(spec.Dropout is >= 0 and < 1 && spec.DropConnect is >= 0 and < 1 && spec.Norm.Epsilon > 0
            && spec.Norm.Momentum is >= 0 and <= 1))
        {
            throw new FormatException("Network: dropout and dropConnect must be 0 … 1 (1 excluded), epsilon above 0 "
                + "and momentum 0 … 1.");
        }

        return spec;
    }

    /// <summary>Writes a network; <see cref="Parse"/> reads it back.</summary>
    public static string Format(NetworkSpec spec) => JsonSerializer.Serialize(
        new Document
        {
            Name = spec.Name,
            Stem = spec.StemChannels,
            StemStride = spec.StemStride,
            Head = spec.HeadChannels,
            Blocks = [.. spec.Blocks.Select(BlockGrammar.Format)],
            ImageChannels = spec.ImageChannels,
            ImageSize = spec.ImageSize,
            Classes = spec.Classes,
            Activation = spec.Activation,
            Dropout = spec.Dropout,
            DropConnect = spec.DropConnect,
            Epsilon = spec.Norm.Epsilon,
            Momentum = spec.Norm.Momentum,
            Derived = spec.IsDerived,
        },
        NetworkJsonContext.Default.Document);

    /// <summary>Optional keys have setters: generated readers give init-only ones no default.</summary>
    internal sealed record Document
    {
        public required string Name { get; init; }

        public required int Stem { get; init; }

        public int StemStride { get; set; } = 2;

        public required int Head { get; init; }

        public required IReadOnlyList<string?> Blocks { get; init; }

        public int ImageChannels { get; set; } = 3;

        public int ImageSize { get; set; } = 224;

        public int Classes { get; set; } = 1000;

        public ActivationKind Activation { get; set; } = ActivationKind.Swish;

        public double Dropout { get; set; } = 0.2;

        public double DropConnect { get; set; }

        public float Epsilon { get; set; } = 1e-5f;

        public float Momentum { get; set; } = 0.1f;

        public bool Derived { get; set; }
    }
}

/// <summary>Source-generated JSON for <see cref="NetworkJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    UseStringEnumConverter = true, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(NetworkJson.Document))]
internal sealed partial class NetworkJsonContext : JsonSerializerContext;
