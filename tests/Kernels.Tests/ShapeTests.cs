using Xunit;

namespace MuxKernels.Tests;

public class ShapeTests
{
    [Fact]
    public void Uneven_splits_give_the_remainder_to_the_first_part()
    {
        Assert.Equal([28, 26, 26], ChannelParts.Split(80, 3));
        Assert.Equal([54, 53, 53], ChannelParts.Split(160, 3));
        Assert.Equal([128, 128, 128, 128, 128], ChannelParts.Split(640, 5));
    }

    [Theory]
    [InlineData(14, 3, 2, 7)]
    [InlineData(15, 3, 2, 8)]
    [InlineData(28, 9, 2, 14)]
    [InlineData(7, 1, 1, 7)]
    public void Symmetric_padding_keeps_the_map_or_halves_it(int size, int kernel, int stride, int expected) =>
        Assert.Equal(expected, new Window(size, size, kernel, stride).OutHeight);

    [Fact]
    public void Same_padding_puts_the_odd_pixel_at_the_end()
    {
        Window window = new(10, 11, 3, 2, padding: Padding.Same);
        Assert.Equal((0, 1, 1, 1), (window.PadTop, window.PadBottom, window.PadLeft, window.PadRight));
        Assert.Equal((5, 6), (window.OutHeight, window.OutWidth));
    }

    [Fact]
    public void Pool_runs_every_piece_once_for_any_thread_count()
    {
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            using WorkPool pool = new(threads);
            int[] seen = new int[1000];
            for (int round = 0; round < 50; round++)
            {
                WorkPool.For(pool, seen.Length, new Mark(seen));
            }

            Assert.All(seen, s => Assert.Equal(50, s));
        }
    }

    private readonly struct Mark(int[] seen) : IWork
    {
        public void Run(int index, int worker) => Interlocked.Increment(ref seen[index]);
    }
}
