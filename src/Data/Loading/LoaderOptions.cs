namespace MuxKernels.Data;

/// <summary>How a <see cref="Loader"/> walks a data set.</summary>
public sealed record LoaderOptions
{
    /// <summary>Images of a batch.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>A new order for every epoch, or always the data set's own.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Leaves out the last batch of an epoch if it is not full.</summary>
    public bool DropLast { get; init; }

    /// <summary>Seed of the order and of every sample's random numbers.</summary>
    public long Seed { get; init; }

    /// <summary>Batches made in advance; 0 makes each batch when it is asked for, on the calling thread.</summary>
    public int Prefetch { get; init; } = 4;

    /// <summary>Threads that make batches. The batches do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Steps for every image, in order.</summary>
    public IReadOnlyList<Transform> Transforms { get; init; } = [];
}
