using Xunit;

namespace MuxKernels.Data.Tests;

public class LoaderTests
{
    private static readonly ImageDataset Data = new(Files.Ramp(103 * 12),
        [.. Enumerable.Range(0, 103).Select(i => i % 5)],
        1, 3, 4, ["a", "b", "c", "d", "e"], "ramp");

    private static readonly Transform[] Augmentation =
        [new Pad(1), new RandomCrop(2), new HorizontalFlip(), new Normalize([0.5f], [0.25f])];

    [Fact]
    public void Batches_do_not_depend_on_threads_or_prefetch()
    {
        string expected = Digest(new() { Prefetch = 0 }, epoch: 3);
        foreach (int threads in new[] { 1, 2, 3, 4 })
        {
            foreach (int prefetch in new[] { 1, 2, 7, 100 })
            {
                Assert.Equal(expected, Digest(new() { Threads = threads, Prefetch = prefetch }, epoch: 3));
            }
        }

        Assert.NotEqual(expected, Digest(new(), epoch: 4));
        Assert.NotEqual(expected, Digest(new() { Seed = 1 }, epoch: 3));
    }

    [Fact]
    public void A_sample_does_not_depend_on_its_batch()
    {
        Dictionary<int, float[]> Samples(int batchSize, bool shuffle)
        {
            Loader loader = new(Data, new() { BatchSize = batchSize, Shuffle = shuffle, Transforms = Augmentation });
            return loader.Epoch(1)
                .SelectMany(b => b.Indices.Zip(b.Images.Chunk((int)b.Shape.ImageLength).ToArray()))
                .ToDictionary(sample => sample.First, sample => sample.Second);
        }

        Dictionary<int, float[]> a = Samples(10, shuffle: false), b = Samples(7, shuffle: true);
        Assert.Equal(Data.Count, a.Count);
        Assert.All(a, sample => Assert.Equal(sample.Value, b[sample.Key]));
    }

    [Fact]
    public void Without_shuffling_images_come_in_order_with_their_labels()
    {
        Loader loader = new(Data, new() { BatchSize = 10 });
        int next = 0;
        foreach (Batch batch in loader.Epoch(0))
        {
            Assert.Equal(next / 10, batch.Number);
            Assert.Equal(batch.Shape.Length, batch.Images.Length);
            for (int i = 0; i < batch.Count; i++, next++)
            {
                Assert.Equal(next, batch.Indices[i]);
                Assert.Equal(Data.Labels[next], batch.Labels[i]);
                Assert.Equal(Data.Image(next)[5] / 255f, batch.Images[12 * i + 5]);
            }
        }

        Assert.Equal(103, next);
    }

    [Fact]
    public void The_last_batch_is_smaller_or_left_out()
    {
        Loader all = new(Data, new() { BatchSize = 10 }), full = new(Data, new() { BatchSize = 10, DropLast = true });
        Assert.Equal((11, 103), (all.Batches, all.Samples));
        Assert.Equal((10, 100), (full.Batches, full.Samples));
        Assert.Equal([.. Enumerable.Repeat(10, 10), 3], all.Epoch(0).Select(batch => batch.Count));
        Assert.Equal(Enumerable.Repeat(10, 10), full.Epoch(0).Select(batch => batch.Count));
    }

    [Fact]
    public void Each_epoch_is_another_permutation()
    {
        Loader loader = new(Data, new() { Shuffle = true });
        int[] first = loader.Order(0), second = loader.Order(1);
        Assert.Equal(Enumerable.Range(0, 103), first.Order());
        Assert.Equal(Enumerable.Range(0, 103), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(first, loader.Order(0));
        Assert.NotEqual(Enumerable.Range(0, 103), first);
    }

    [Fact]
    public void Buffers_are_used_again()
    {
        Loader loader = new(Data, new() { BatchSize = 10, DropLast = true, Prefetch = 2, Threads = 2 });
        HashSet<float[]> arrays = new(ReferenceEqualityComparer.Instance);
        for (int epoch = 0; epoch < 20; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                arrays.Add(batch.Images);
            }
        }

        Assert.InRange(arrays.Count, 1, 5);
    }

    [Fact]
    public void No_more_than_the_prefetch_is_made_in_advance()
    {
        Counting counting = new();
        Loader loader = new(Data, new() { BatchSize = 1, Prefetch = 3, Threads = 2, Transforms = [counting] });
        using IEnumerator<Batch> batches = loader.Epoch(0).GetEnumerator();
        for (int taken = 1; taken <= 20; taken++)
        {
            Assert.True(batches.MoveNext());
            Thread.Sleep(5);
            Assert.InRange(Volatile.Read(ref counting.Calls), taken, taken + 3);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void An_error_of_a_transform_surfaces_at_its_batch(int prefetch)
    {
        Loader loader = new(Data, new() { BatchSize = 10, Prefetch = prefetch, Threads = 2,
            Transforms = [new Failing()] });
        List<int> seen = [];
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0))
            {
                seen.Add(batch.Number);
            }
        });
        Assert.Equal("bright", e.Message);
        Assert.Equal([0, 1], seen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Cancellation_ends_the_walk(int prefetch)
    {
        using CancellationTokenSource source = new();
        Loader loader = new(Data, new() { BatchSize = 1, Prefetch = prefetch });
        int seen = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0, source.Token))
            {
                if (++seen == 5)
                {
                    source.Cancel();
                }
            }
        });
        Assert.InRange(seen, 5, 5 + prefetch);
    }

    [Fact]
    public void Cancellation_wakes_a_waiting_consumer()
    {
        using CancellationTokenSource source = new();
        using ManualResetEventSlim release = new();
        Loader loader = new(Data, new() { Transforms = [new Blocking(release)] });
        using CancellationTokenRegistration later = source.Token.Register(release.Set);
        source.CancelAfter(50);
        Assert.ThrowsAny<OperationCanceledException>(() => loader.Epoch(0, source.Token).Count());
    }

    [Fact]
    public void Leaving_early_stops_the_threads()
    {
        Counting counting = new();
        Loader loader = new(Data, new() { BatchSize = 1, Prefetch = 4, Threads = 3, Transforms = [counting] });
        Assert.Equal(0, loader.Epoch(0).First().Number);
        int after = counting.Calls;
        Thread.Sleep(50);
        Assert.Equal(after, counting.Calls);
        Assert.InRange(after, 1, 6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_batch_that_a_walk_was_left_with_stays_as_it_is(int prefetch)
    {
        Loader loader = new(Data, new() { BatchSize = 5, Prefetch = prefetch, Threads = 2, Shuffle = true });
        Batch kept = loader.Epoch(0).First();
        int[] indices = [.. kept.Indices];
        Assert.Equal(21, loader.Epoch(1).Count());
        Assert.Equal(0, kept.Number);
        Assert.Equal(indices, kept.Indices);
    }

    [Fact]
    public void Two_walks_at_once_do_not_disturb_each_other()
    {
        Loader loader = new(Data, Options(new() { Threads = 2 }));
        foreach ((Batch a, Batch b) in loader.Epoch(0).Zip(loader.Epoch(0)))
        {
            Assert.NotSame(a.Images, b.Images);
            Assert.Equal(a.Images, b.Images);
        }
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Loader(Data, new() { BatchSize = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Loader(Data, new() { Threads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Loader(Data, new() { Prefetch = -1 }));
        Assert.Throws<ShapeException>(() => new Loader(Data, new() { BatchSize = int.MaxValue }));
        Assert.Throws<ShapeException>(() => new Loader(Data, new() { Transforms = [new RandomCrop(9, 9, 0)] }));
    }

    [Fact]
    public void Data_sets_are_checked()
    {
        Assert.Throws<ShapeException>(() => new ImageDataset(new byte[11], [0], 1, 3, 4, ["a"], "x"));
        Assert.Throws<ShapeException>(() => new ImageDataset([], [], 1, 0, 4, ["a"], "x"));
        Assert.Throws<InvalidDataException>(() => new ImageDataset(new byte[12], [1], 1, 3, 4, ["a"], "x"));
        Assert.Throws<InvalidDataException>(() => new ImageDataset(new byte[12], [-1], 1, 3, 4, ["a"], "x"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Data.Image(103));
        Assert.Equal(Data.Image(6).ToArray(), Data.Take(7).Image(6).ToArray());
        Assert.Throws<ArgumentException>(() => ChannelStatistics.Of(Data.Take(0)));
        Assert.Empty(new Loader(Data.Take(0), new()).Epoch(0));
    }

    private static LoaderOptions Options(LoaderOptions options) =>
        options with { BatchSize = 8, Shuffle = true, Transforms = Augmentation };

    private static string Digest(LoaderOptions options, int epoch)
    {
        HashCode hash = new();
        foreach (Batch batch in new Loader(Data, Options(options)).Epoch(epoch))
        {
            hash.Add(batch.Number);
            Array.ForEach(batch.Images, x => hash.Add(BitConverter.SingleToInt32Bits(x)));
            Array.ForEach(batch.Labels, hash.Add);
            Array.ForEach(batch.Indices, hash.Add);
        }

        return $"{hash.ToHashCode():x8}";
    }

    private abstract class Copying : Transform
    {
        public override Shape Result(Shape x) => x;

        public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random) =>
            x.CopyTo(y);
    }

    private sealed class Counting : Copying
    {
        public int Calls;

        public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
        {
            Interlocked.Increment(ref Calls);
            base.Apply(x, shape, y, ref random);
        }
    }

    private sealed class Failing : Copying
    {
        public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
        {
            // Image 20, in batch 2, is the first that begins with 240.
            if (x[0] == 240 / 255f)
            {
                throw new InvalidOperationException("bright");
            }

            base.Apply(x, shape, y, ref random);
        }
    }

    private sealed class Blocking(ManualResetEventSlim release) : Copying
    {
        public override void Apply(ReadOnlySpan<float> x, Shape shape, Span<float> y, ref SampleRandom random)
        {
            release.Wait();
            base.Apply(x, shape, y, ref random);
        }
    }
}
