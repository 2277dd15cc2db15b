using System.Collections.Concurrent;

namespace MuxKernels.Data;

/// <summary>
/// Walks a data set in batches, float32 NCHW. The order of an epoch and every random number follow from
/// <c>(seed, epoch, sample)</c>, so batches are the same for every number of threads and every prefetch depth, and any
/// epoch can be repeated or resumed.
/// </summary>
/// <example><code>
/// Loader loader = new(FashionMnist.Train, new() { Shuffle = true, Transforms = [new Pad(2), new HorizontalFlip()] });
/// foreach (Batch batch in loader.Epoch(0)) { … }
/// </code></example>
public sealed class Loader
{
    private readonly ConcurrentBag<Batch> spare = [];
    private readonly TransformChain chain;

    /// <summary>Prepares a loader; nothing runs before <see cref="Epoch"/> is walked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A batch size or number of threads below 1, a negative prefetch.
    /// </exception>
    /// <exception cref="ShapeException">Transforms that can't work with the images, or a batch that is too large.
    /// </exception>
    public Loader(ImageDataset dataset, LoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Prefetch);
        (Dataset, Options) = (dataset, options);
        chain = new TransformChain(dataset.ImageShape, options.Transforms);
        BatchShape = chain.Result with { N = options.BatchSize };
        Guard.Positive(BatchShape, nameof(Loader));
        int full = dataset.Count / options.BatchSize, rest = dataset.Count % options.BatchSize;
        bool keepsRest = rest > 0 && !options.DropLast;
        (Batches, Samples) = (full + (keepsRest ? 1 : 0), keepsRest ? dataset.Count : full * options.BatchSize);
    }

    /// <summary>The data set.</summary>
    public ImageDataset Dataset { get; }

    /// <summary>The options.</summary>
    public LoaderOptions Options { get; }

    /// <summary>Shape of a full batch, <c>[batch, C, H, W]</c>.</summary>
    public Shape BatchShape { get; }

    /// <summary>Batches of an epoch.</summary>
    public int Batches { get; }

    /// <summary>Images of an epoch.</summary>
    public int Samples { get; }

    /// <summary>
    /// The batches of one epoch, in order. A batch is valid until the next one is taken; leaving the loop early stops
    /// the threads, and the batch it was left with stays the caller's.
    /// </summary>
    /// <param name="epoch">Number of the epoch.</param>
    /// <param name="cancellation">Ends the walk with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="OperationCanceledException">The walk was cancelled.</exception>
    public IEnumerable<Batch> Epoch(int epoch, CancellationToken cancellation = default) =>
        Options.Prefetch == 0 ? Inline(epoch, cancellation) : Prefetched(epoch, cancellation);

    /// <summary>Order of the samples in one epoch: a permutation, or <c>0, 1, 2, …</c> without shuffling.</summary>
    public int[] Order(int epoch)
    {
        int[] order = new int[Dataset.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (Options.Shuffle)
        {
            SampleRandom random = new(Options.Seed, epoch, -1);
            for (int i = order.Length - 1; i > 0; i--)
            {
                int j = random.NextInt32(i + 1);
                (order[i], order[j]) = (order[j], order[i]);
            }
        }

        return order;
    }

    /// <summary>Memory for one batch, used before if possible.</summary>
    internal Batch Rent(int number)
    {
        int count = Math.Min(Options.BatchSize, Dataset.Count - number * Options.BatchSize);
        Batch batch = count == Options.BatchSize && spare.TryTake(out Batch? used)
            ? used
            : new Batch(BatchShape with { N = count });
        batch.Number = number;
        return batch;
    }

    /// <summary>Gives memory back.</summary>
    internal void Return(Batch batch)
    {
        if (batch.Count == Options.BatchSize)
        {
            spare.Add(batch);
        }
    }

    /// <summary>Scratch memory of one thread.</summary>
    internal float[] NewScratch() => new float[chain.ScratchLength];

    /// <summary>Fills a batch with its images.</summary>
    internal void Fill(Batch batch, int epoch, int[] order, float[] scratch, CancellationToken cancellation)
    {
        int length = (int)batch.Shape.ImageLength;
        for (int i = 0; i < batch.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int index = order[batch.Number * Options.BatchSize + i];
            SampleRandom random = new(Options.Seed, epoch, index);
            chain.Apply(Dataset.Image(index), batch.Images.AsSpan(i * length, length), scratch, ref random);
            batch.Indices[i] = index;
            batch.Labels[i] = Dataset.Labels[index];
        }
    }

    private IEnumerable<Batch> Inline(int epoch, CancellationToken cancellation)
    {
        int[] order = Order(epoch);
        float[] scratch = NewScratch();
        for (int number = 0; number < Batches; number++)
        {
            Batch batch = Rent(number);
            Fill(batch, epoch, order, scratch, cancellation);
            yield return batch;
            Return(batch);
        }
    }

    private IEnumerable<Batch> Prefetched(int epoch, CancellationToken cancellation)
    {
        using PrefetchQueue queue = new(this, epoch, cancellation);
        for (int number = 0; number < Batches; number++)
        {
            Batch batch = queue.Take(number);
            yield return batch;
            Return(batch); // Not where the walk is left early: its threads would fill what the caller still holds.
        }
    }
}
