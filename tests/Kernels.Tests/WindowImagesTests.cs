using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Narrow maps, on which the window families work several images at a time.</summary>
public class WindowImagesTests
{
    /// <summary>Batches that fill 4, 8 and 16 lanes and leave some empty; more than one block; bands of rows.</summary>
    [Theory]
    [InlineData(16, 4, 4, 5, 1, 1)]
    [InlineData(3, 8, 8, 3, 1, 1)]
    [InlineData(13, 7, 7, 5, 1, 1)]
    [InlineData(9, 2, 2, 5, 1, 1)]
    [InlineData(19, 1, 1, 3, 1, 1)]
    [InlineData(18, 5, 3, 3, 1, 2)]
    [InlineData(10, 8, 8, 7, 2, 1)]
    [InlineData(17, 4, 4, 11, 2, 1)]
    [InlineData(7, 9, 11, 3, 3, 2)]
    [InlineData(8, 70, 6, 5, 1, 1)]
    [InlineData(5, 90, 7, 3, 2, 1)]
    public void Batches_agree(int images, int height, int width, int kernel, int stride, int dilation)
    {
        Shape x = new(images, 4, height, width);
        WindowChecks.Agree("group", new GroupConv.Args(x, 4, kernel, 2, stride, dilation));
        WindowChecks.Agree("group", new GroupConv.Args(x, 6, kernel, 2, stride, dilation));
        WindowChecks.Agree("depthwise", new DepthwiseConv.Args(x, kernel, stride, dilation));
        WindowChecks.Agree("mixed", new MixedConv.Args(x, [3, kernel], 1, stride, dilation));
    }

    /// <summary>Taps that reach nothing but padding are left out, whichever side they are on.</summary>
    [Theory]
    [InlineData(2, 11, 1, 1, 5)]
    [InlineData(3, 4, 2, 2, 9)]
    [InlineData(1, 3, 2, 3, 8)]
    [InlineData(2, 2, 7, 1, 4)]
    public void Taps_on_the_padding_agree(int size, int kernel, int stride, int dilation, int padding)
    {
        foreach (int images in new[] { 1, 6 })
        {
            WindowChecks.Agree("depthwise", new DepthwiseConv.Args(new Shape(images, 3, size, size + 1), kernel, stride,
                dilation, Padding.Of(padding)));
        }
    }

    [Theory]
    [InlineData(21, 4, 5, 1)]
    [InlineData(11, 7, 3, 1)]
    [InlineData(9, 8, 5, 2)]
    [InlineData(17, 2, 5, 1)]
    public void A_batch_has_the_bits_of_its_images(int images, int size, int kernel, int stride)
    {
        GroupConv.Args batch = new(new Shape(images, 6, size, size), 6, kernel, 3, stride);
        GroupConv.Args single = new(batch.X with { N = 1 }, 6, kernel, 3, stride);
        float[] x = Fill.Uniform(1, batch.X.Length), w = Fill.Uniform(2, batch.Weight.Length);
        float[] dy = Fill.Uniform(3, batch.Y.Length), b = Fill.Uniform(4, 6);
        float[] y = WindowChecks.Run("group.forward", batch, x, w, b);
        float[] dx = WindowChecks.Run("group.backward-input", batch, dy, w);
        int xLength = (int)single.X.Length, yLength = (int)single.Y.Length;
        for (int n = 0; n < images; n++)
        {
            Check.SameBits(WindowChecks.Run("group.forward", single, x[(n * xLength)..((n + 1) * xLength)], w, b),
                y[(n * yLength)..((n + 1) * yLength)]);
            Check.SameBits(
                WindowChecks.Run("group.backward-input", single, dy[(n * yLength)..((n + 1) * yLength)], w),
                dx[(n * xLength)..((n + 1) * xLength)]);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_a_number_stays_in_its_image(float value)
    {
        WindowChecks.SpreadsLikeTheReference("group", new GroupConv.Args(new Shape(6, 2, 4, 4), 2, 3, 1), value);
        WindowChecks.SpreadsLikeTheReference("depthwise", new DepthwiseConv.Args(new Shape(9, 1, 3, 2), 5, 2), value);
        WindowChecks.SpreadsLikeTheReference("depthwise", new DepthwiseConv.Args(new Shape(5, 1, 7, 7), 5), value);
    }

    [Theory]
    [InlineData(16, 4, 4, 5, 1)]
    [InlineData(13, 7, 7, 5, 1)]
    [InlineData(5, 90, 7, 3, 2)]
    [InlineData(2, 80, 80, 3, 1)]
    public void Nothing_behind_the_scratch_is_written(int images, int height, int width, int kernel, int stride)
    {
        GroupConv.Args args = new(new Shape(images, 4, height, width), 6, kernel, 2, stride);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
        float[] y = new float[args.Y.Length];
        int length = args.ScratchLength(1);
        float[] memory = new float[length + 4096];
        memory.AsSpan(length).Fill(7f);
        GroupConv.Forward(args, x, w, [], y, memory.AsSpan(0, length));
        GroupConv.BackwardInput(args, y, w, x, memory.AsSpan(0, length));
        GroupConv.BackwardWeight(args, y, x, w, memory.AsSpan(0, length));
        Assert.False(memory.AsSpan(length).ContainsAnyExcept(7f));
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        MixedConv.Args args = new(new Shape(21, 20, 4, 4), [3, 5], 2);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
        float[][] alone = Results(args, x, w, null);
        foreach (int threads in new[] { 2, 5 })
        {
            using WorkPool pool = new(threads);
            float[][] together = Results(args, x, w, pool);
            for (int i = 0; i < alone.Length; i++)
            {
                Check.SameBits(alone[i], together[i]);
            }
        }
    }

    private static float[][] Results(MixedConv.Args args, float[] x, float[] w, WorkPool? pool)
    {
        float[] y = new float[args.Y.Length], dx = new float[x.Length], dw = new float[w.Length];
        float[] scratch = new float[args.ScratchLength(WorkPool.Threads(pool))];
        MixedConv.Forward(args, x, w, y, scratch, pool);
        MixedConv.BackwardInput(args, y, w, dx, scratch, pool);
        MixedConv.BackwardWeight(args, y, x, dw, scratch, pool);
        return [y, dx, dw];
    }
}
