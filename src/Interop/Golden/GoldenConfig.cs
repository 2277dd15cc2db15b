using System.Text.Json;
using MuxKernels.Autograd;

namespace MuxKernels.Interop;

/// <summary>Configuration of a case. Remembers which keys were read, so that a failure can name the others.</summary>
internal sealed class GoldenConfig
{
    private readonly Dictionary<string, JsonElement> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    /// <summary>Reads a configuration; an absent one is empty.</summary>
    /// <exception cref="InvalidDataException">Something else than an object.</exception>
    public GoldenConfig(JsonElement config)
    {
        if (config.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        if (config.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException($"The configuration is {config.ValueKind}, expected an object.");
        }

        foreach (JsonProperty property in config.EnumerateObject())
        {
            values[property.Name] = property.Value;
        }
    }

    /// <summary>Keys that nothing has read.</summary>
    public IEnumerable<string> Unused => values.Keys.Where(k => !used.Contains(k));

    /// <summary>Whether a key is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A whole number.</summary>
    public int Int(string key, int? otherwise = null)
    {
        JsonElement? value = Find(key);
        if (value is { ValueKind: JsonValueKind.Number } e && e.TryGetInt32(out int number))
        {
            return number;
        }

        return value is null && otherwise is { } o ? o : throw Bad(key, value, "a whole number");
    }

    /// <summary>A number.</summary>
    public double Number(string key, double? otherwise = null)
    {
        JsonElement? value = Find(key);
        if (value is { ValueKind: JsonValueKind.Number } e && e.TryGetDouble(out double number))
        {
            return number;
        }

        return value is null && otherwise is { } o ? o : throw Bad(key, value, "a number");
    }

    /// <summary>A truth value; false where it is absent.</summary>
    public bool Flag(string key) => Find(key) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } value => throw Bad(key, value, "true or false"),
    };

    /// <summary>A whole number or a list of them; empty where it is absent and may be.</summary>
    public IntList Ints(string key, bool optional = false)
    {
        JsonElement? value = Find(key);
        switch (value)
        {
            case null when optional:
                return default;
            case { ValueKind: JsonValueKind.Number }:
                return Int(key);
            case { ValueKind: JsonValueKind.Array } list:
                List<int> items = [];
                foreach (JsonElement item in list.EnumerateArray())
                {
                    items.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number)
                        ? number
                        : throw Bad(key, value, "whole numbers"));
                }

                return IntList.Create([.. items]);
            default:
                throw Bad(key, value, "a whole number or a list of them");
        }
    }

    /// <summary>A word.</summary>
    public string Text(string key, string otherwise) => Find(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { } value => throw Bad(key, value, "a word"),
    };

    /// <summary>Padding of a convolution: <c>same</c>, a number of pixels, or symmetric where it is absent.</summary>
    public Padding Padding(string key, Padding otherwise) => Find(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } => MuxKernels.Padding.Of(Int(key)),
        { } value => Text(key, "") switch
        {
            "same" => MuxKernels.Padding.Same,
            "" or "symmetric" => MuxKernels.Padding.Symmetric,
            _ => throw Bad(key, value, "same, symmetric or a number"),
        },
    };

    /// <summary>An activation by the reference's name.</summary>
    public ActivationKind Activation(string key, ActivationKind otherwise)
    {
        string name = Text(key, "");
        return name.Length == 0
            ? otherwise
            : ActivationOf(name)
                ?? throw new InvalidDataException($"Configuration {key}: no activation {SafeTensors.Quote(name)}.");
    }

    /// <summary>An activation by the reference's name; null where there is none.</summary>
    public static ActivationKind? ActivationOf(string name) => name switch
    {
        "relu" => ActivationKind.Relu,
        "relu6" => ActivationKind.Relu6,
        "swish" => ActivationKind.Swish,
        "hard_swish" => ActivationKind.HardSwish,
        "sigmoid" => ActivationKind.Sigmoid,
        "hard_sigmoid" => ActivationKind.HardSigmoid,
        _ => null,
    };

    private static InvalidDataException Bad(string key, JsonElement? value, string expected)
    {
        string found = value is { } v ? v.GetRawText() : "nothing";
        found = found.Length <= 80 ? found : string.Concat(found.AsSpan(0, 80), "…");
        return new InvalidDataException($"Configuration {key}: expected {expected}, found {found}.");
    }

    private JsonElement? Find(string key)
    {
        used.Add(key);
        return values.TryGetValue(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }
}
