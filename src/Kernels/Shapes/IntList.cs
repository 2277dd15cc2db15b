using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>A short immutable list of integers with value equality: kernel sizes, scales, channel counts.
/// Written as a collection expression, <c>[3, 5, 7]</c>; one integer converts to a list of one.</summary>
[CollectionBuilder(typeof(IntList), nameof(Create))]
public readonly struct IntList : IEquatable<IntList>, IReadOnlyList<int>
{
    private readonly int[]? items;

    private IntList(int[] items) => this.items = items;

    /// <summary>Number of integers.</summary>
    public int Count => items?.Length ?? 0;

    /// <summary>The integer at a position.</summary>
    public int this[int index] => AsSpan()[index];

    /// <summary>A list with these integers.</summary>
    public static IntList Create(ReadOnlySpan<int> items) => new(items.ToArray());

    /// <summary>A list of one integer.</summary>
    public static implicit operator IntList(int item) => Create([item]);

    /// <summary>A list of one integer.</summary>
    public static IntList FromInt32(int item) => item;

    /// <summary>Whether two lists have the same integers in the same order.</summary>
    public static bool operator ==(IntList left, IntList right) => left.Equals(right);

    /// <summary>Whether two lists differ.</summary>
    public static bool operator !=(IntList left, IntList right) => !left.Equals(right);

    /// <summary>The integers as a span.</summary>
    public ReadOnlySpan<int> AsSpan() => items;

    /// <inheritdoc/>
    public bool Equals(IntList other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IntList other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int item in AsSpan())
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)(items ?? [])).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(',', this.Select(i => i.ToString(CultureInfo.InvariantCulture)));
}
