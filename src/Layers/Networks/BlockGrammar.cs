using System.Globalization;
using System.Text;

namespace MuxKernels.Layers;

/// <summary>
/// The block grammar: one word for a row of blocks, keys joined by underscores, rows joined by blanks. Keys:
/// <c>ds|ir|mux</c> kind (<c>sp</c> is read as <c>mux</c>) · <c>r2</c> repeats · <c>k3</c> or <c>k3.5.7</c> kernels ·
/// <c>s2</c> stride · <c>e4</c> expansion · <c>c24</c> channels · <c>se0.75</c> squeeze ratio ·
/// <c>nre|nre6|nsw|nhs</c> activation · <c>p0.5</c> processed fraction · <c>sg2</c> shuffle groups · <c>g2</c> channels
/// a convolution group · <c>m-1.0.1</c> signed scales · <c>mg2</c> channels a group inside the scaled convolution ·
/// <c>pad</c> odd maps are padded · <c>noskip</c> · <c>pwact</c>.
/// </summary>
public static class BlockGrammar
{
    private static readonly (string Key, ActivationKind Kind)[] Activations =
    [
        ("nre6", ActivationKind.Relu6), ("nre", ActivationKind.Relu), ("nsw", ActivationKind.Swish),
        ("nhs", ActivationKind.HardSwish),
    ];

    /// <summary>Reads rows separated by blanks, commas or line ends.</summary>
    /// <exception cref="FormatException">A word or key that the grammar has not; the message names it.</exception>
    public static IReadOnlyList<BlockSpec> Parse(string text) =>
        [.. text.Split([' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries).Select(ParseRow)];

    /// <summary>Reads one row.</summary>
    /// <exception cref="FormatException">A key that the grammar has not, or a missing one; the message names
    /// it.</exception>
    public static BlockSpec ParseRow(string row)
    {
        string[] keys = row.Split('_');
        BlockKind kind = keys[0] switch
        {
            "ds" => BlockKind.DepthwiseSeparable,
            "ir" => BlockKind.InvertedResidual,
            "mux" or "sp" => BlockKind.Multiplexed,
            _ => throw new FormatException($"Block '{row}': kind '{keys[0]}', expected ds, ir or mux."),
        };
        BlockSpec spec = new() { Kind = kind, Kernels = default, Channels = 0 };
        foreach (string key in keys.Skip(1))
        {
            spec = Apply(spec, key, row);
        }

        if (spec.Kernels.Count == 0 || spec.Channels == 0)
        {
            throw new FormatException($"Block '{row}': kernels (k…) and channels (c…) are needed.");
        }

        return spec;
    }

    /// <summary>Writes a row; <see cref="ParseRow"/> reads it back.</summary>
    public static string Format(BlockSpec spec)
    {
        StringBuilder text = new();
        text.Append(spec.Kind switch
        {
            BlockKind.DepthwiseSeparable => "ds",
            BlockKind.InvertedResidual => "ir",
            _ => "mux",
        });
        text.Append(CultureInfo.InvariantCulture, $"_r{spec.Repeats}_k{string.Join('.', spec.Kernels)}_s{spec.Stride}");
        if (spec.Kind != BlockKind.DepthwiseSeparable)
        {
            text.Append(CultureInfo.InvariantCulture, $"_e{spec.Expansion}");
        }

        text.Append(CultureInfo.InvariantCulture, $"_c{spec.Channels}");
        if (spec.SqueezeRatio > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"_se{spec.SqueezeRatio}");
        }

        if (spec.Kind == BlockKind.Multiplexed)
        {
            text.Append(CultureInfo.InvariantCulture, $"_p{spec.SplitRatio}_sg{spec.ShuffleGroups}");
            text.Append(CultureInfo.InvariantCulture, $"_g{spec.ChannelsPerGroup}");
            if (spec.Scales.Count > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"_m{string.Join('.', spec.Scales)}");
                text.Append(spec.ScaleChannelsPerGroup == 1 ? "" : $"_mg{spec.ScaleChannelsPerGroup}");
                text.Append(spec.OddMaps == OddMaps.Pad ? "_pad" : "");
            }
        }

        text.Append('_').Append(Activations.First(a => a.Kind == spec.Activation).Key);
        text.Append(spec.NoSkip ? "_noskip" : "").Append(spec.PointwiseActivation ? "_pwact" : "");
        return text.ToString();
    }

    private static BlockSpec Apply(BlockSpec spec, string key, string row)
    {
        switch (key)
        {
            case "noskip":
                return spec with { NoSkip = true };
            case "pwact":
                return spec with { PointwiseActivation = true };
            case "pad":
                return spec with { OddMaps = OddMaps.Pad };
        }

        foreach ((string name, ActivationKind kind) in Activations)
        {
            if (key == name)
            {
                return spec with { Activation = kind };
            }
        }

        int letters = key.TakeWhile(char.IsAsciiLetter).Count();
        (string word, string value) = (key[..letters], key[letters..]);
        return word switch
        {
            "r" => spec with { Repeats = Whole(value, 1, key, row) },
            "k" => spec with { Kernels = Wholes(value, 1, key, row) },
            "s" => spec with { Stride = Whole(value, 1, key, row) },
            "e" => spec with { Expansion = Number(value, 0, 64, key, row) },
            "c" => spec with { Channels = Whole(value, 1, key, row) },
            "se" => spec with { SqueezeRatio = Number(value, 0, 1, key, row) },
            "p" => spec with { SplitRatio = Number(value, 0, 1, key, row) },
            "sg" => spec with { ShuffleGroups = Whole(value, 1, key, row) },
            "g" => spec with { ChannelsPerGroup = Whole(value, 1, key, row) },
            "m" => spec with { Scales = Wholes(value, int.MinValue, key, row) },
            "mg" => spec with { ScaleChannelsPerGroup = Whole(value, 1, key, row) },
            _ => throw new FormatException($"Block '{row}': key '{key}' is unknown; known are r k s e c se p sg g m "
                + "mg, nre nre6 nsw nhs, pad, noskip, pwact."),
        };
    }

    private static IntList Wholes(string value, int least, string key, string row) =>
        IntList.Create([.. value.Split('.').Select(v => Whole(v, least, key, row))]);

    private static int Whole(string value, int least, string key, string row) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
        && number >= least && number <= 65536
            ? number
            : throw new FormatException($"Block '{row}': key '{key}' has no whole number in range, got '{value}'.");

    private static double Number(string value, double least, double most, string key, string row) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out double number)
        && number >= least && number <= most
            ? number
            : throw new FormatException($"Block '{row}': key '{key}' needs a number {least} … {most}, got '{value}'.");
}
