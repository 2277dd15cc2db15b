using System.Text.Json;
using MuxKernels.Data;

namespace MuxKernels.Training;

/// <summary>What is done to images before a network sees them; it travels with the weights.</summary>
/// <param name="Border">Zero pixels added on each side (28 → 32 is 2).</param>
/// <param name="Mean">Mean of each channel, pixels in 0 … 1.</param>
/// <param name="Std">Standard deviation of each channel.</param>
public sealed record Preprocessing(int Border, IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>Metadata key in weight files.</summary>
    public const string Key = "muxkernels.preprocessing";

    /// <summary>Statistics of a data set's own images, and the border that brings small ones to
    /// <paramref name="side"/> pixels (0 for the next multiple of 32, which every map of a MUXNet divides).</summary>
    public static Preprocessing Of(ImageDataset dataset, int side = 0)
    {
        ChannelStatistics statistics = ChannelStatistics.Of(dataset);
        side = side > 0 ? side : (dataset.Height + 31) / 32 * 32;
        int border = side > dataset.Height ? (side - dataset.Height) / 2 : 0;
        return new Preprocessing(border, statistics.Mean, statistics.Std);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">Text that is no such object.</exception>
    public static Preprocessing FromJson(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            Preprocessing read = new(root.GetProperty("border").GetInt32(),
                [.. root.GetProperty("mean").EnumerateArray().Select(v => v.GetSingle())],
                [.. root.GetProperty("std").EnumerateArray().Select(v => v.GetSingle())]);
            return read.Border is >= 0 and <= 1024 && read.Mean.Count == read.Std.Count && read.Std.All(s => s > 0)
                ? read
                : throw new FormatException("Preprocessing: the border, means and deviations do not fit together.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"Preprocessing: {e.Message}", e);
        }
    }

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(new { border = Border, mean = Mean, std = Std });

    /// <summary>Padding of the random crop that is usual for images: an eighth of the side for colour images (4 for 32
    /// pixels), 2 for others.</summary>
    public static int StandardCrop(ImageDataset dataset) => dataset.Channels > 1 ? dataset.Height / 8 : 2;

    /// <summary>Transforms for a loader: the border, then (for training) a random crop and a flip, then
    /// normalisation, then (for training) a square of zeros.</summary>
    /// <param name="augment">Whether images are changed at random.</param>
    /// <param name="flip">Whether they may be flipped.</param>
    /// <param name="crop">Padding of the random crop; 0 for none.</param>
    /// <param name="cutout">Side of the square that is set to zero; 0 for none.</param>
    public IReadOnlyList<Transform> Transforms(bool augment, bool flip = true, int crop = 2, int cutout = 0)
    {
        List<Transform> steps = [];
        if (Border > 0)
        {
            steps.Add(new Pad(Border));
        }

        if (augment && crop > 0)
        {
            steps.Add(new RandomCrop(crop));
        }

        if (augment && flip)
        {
            steps.Add(new HorizontalFlip());
        }

        steps.Add(new Normalize([.. Mean], [.. Std]));
        if (augment && cutout > 0)
        {
            steps.Add(new Cutout(cutout));
        }

        return steps;
    }
}
