using System.Collections;

namespace MuxKernels;

/// <summary>Where the channels of a map lie among those of a larger one: channel c is channel <c>places[c]</c> there.
/// Splits, concatenations and shuffles are such lists. Two lists with the same places are equal.</summary>
public sealed class ChannelPlaces : IReadOnlyList<int>, IEquatable<ChannelPlaces>
{
    private readonly int[] places;
    private readonly int hash;

    /// <summary>A list of places.</summary>
    /// <exception cref="ShapeException">A negative place, or one that is there twice.</exception>
    public ChannelPlaces(ReadOnlySpan<int> places)
    {
        this.places = places.ToArray();
        HashSet<int> seen = [];
        HashCode code = default;
        foreach (int place in places)
        {
            Guard.That(place >= 0 && seen.Add(place), nameof(ChannelPlaces),
                $"place {place} is negative or there twice, expected different places from 0.");
            code.Add(place);
        }

        hash = code.ToHashCode();
        Last = this.places.Length == 0 ? -1 : this.places.Max();
    }

    /// <summary>Number of channels.</summary>
    public int Count => places.Length;

    /// <summary>The largest place.</summary>
    public int Last { get; }

    /// <summary>The places.</summary>
    public ReadOnlySpan<int> Span => places;

    /// <summary>Place of channel <paramref name="index"/>.</summary>
    public int this[int index] => places[index];

    /// <summary>Places <c>first … first + count − 1</c>.</summary>
    public static ChannelPlaces Run(int first, int count) => new([.. Enumerable.Range(first, count)]);

    /// <summary>The places of a run of these channels.</summary>
    public ChannelPlaces Slice(int first, int count) => new(places.AsSpan(first, count));

    /// <summary>The places after a channel shuffle with G groups: channel <c>k·G + q</c> is channel <c>q·C/G + k</c> of
    /// this list.</summary>
    public ChannelPlaces Shuffle(int groups)
    {
        int each = places.Length / groups;
        int[] shuffled = new int[places.Length];
        for (int i = 0; i < shuffled.Length; i++)
        {
            shuffled[i] = places[i % groups * each + i / groups];
        }

        return new ChannelPlaces(shuffled);
    }

    /// <summary>Whether channel c is channel c of a map with <paramref name="channels"/> channels.</summary>
    public bool IsNatural(int channels)
    {
        for (int c = 0; c < places.Length; c++)
        {
            if (places[c] != c)
            {
                return false;
            }
        }

        return places.Length == channels;
    }

    /// <inheritdoc/>
    public bool Equals(ChannelPlaces? other) =>
        other is not null && hash == other.hash && places.AsSpan().SequenceEqual(other.places);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ChannelPlaces);

    /// <inheritdoc/>
    public override int GetHashCode() => hash;

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)places).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
