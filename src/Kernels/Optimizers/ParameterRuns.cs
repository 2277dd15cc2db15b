using System.Runtime.InteropServices;

namespace MuxKernels;

/// <summary>
/// Runs of a flat buffer of parameters, one behind the other without gaps: on some weight decay acts, on others it does
/// not.
/// </summary>
public sealed class ParameterRuns : IEquatable<ParameterRuns>
{
    private readonly int[] ends;
    private readonly bool[] decays;

    /// <summary>Runs in their order; neighbours of one kind become one.</summary>
    /// <exception cref="ShapeException">A length below 1, no run, or more elements than positions.</exception>
    public ParameterRuns(params IEnumerable<(int Length, bool Decays)> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        List<int> last = [];
        List<bool> kinds = [];
        long end = 0;
        foreach ((int length, bool decaying) in runs)
        {
            Guard.Positive(length, nameof(ParameterRuns));
            end += length;
            Guard.That(end <= Guard.MaxLength, nameof(ParameterRuns), $"more than {Guard.MaxLength} elements.");
            if (kinds.Count > 0 && kinds[^1] == decaying)
            {
                last[^1] = (int)end;
            }
            else
            {
                last.Add((int)end);
                kinds.Add(decaying);
            }
        }

        Guard.That(last.Count > 0, nameof(ParameterRuns), "there are 0 runs, expected at least 1.");
        (ends, decays) = ([.. last], [.. kinds]);
    }

    /// <summary>Elements in all.</summary>
    public int Length => ends[^1];

    /// <summary>Number of runs.</summary>
    public int Count => ends.Length;

    /// <summary>A run: where it begins, how long it is, and whether weight decay acts on it.</summary>
    public (int Offset, int Length, bool Decays) this[int run] =>
        (Start(run), ends[run] - Start(run), decays[run]);

    /// <summary>Whether both cut a buffer alike.</summary>
    public bool Equals(ParameterRuns? other) => other is not null && ends.AsSpan().SequenceEqual(other.ends)
        && decays.AsSpan().SequenceEqual(other.decays);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ParameterRuns);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes(ends.AsSpan()));
        hash.AddBytes(MemoryMarshal.AsBytes(decays.AsSpan()));
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(" ", Enumerable.Range(0, Count).Select(i => $"{this[i].Length}{(decays[i] ? " decays" : "")}"));

    /// <summary>The run that has an element.</summary>
    internal int RunOf(int element)
    {
        int found = Array.BinarySearch(ends, element);
        return found >= 0 ? found + 1 : ~found;
    }

    private int Start(int run) => run == 0 ? 0 : ends[run - 1];
}
