using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class MuxConvTests
{
    [Fact]
    public void Fused_is_the_three_steps() => Each((args, pool) =>
    {
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
        float[] dy = Fill.Uniform(3, args.Y.Length);
        float[] fused = new float[args.Y.Length], steps = new float[args.Y.Length];
        float[] scratch = Scratch(args, pool);
        MuxConv.Forward(args, x, w, fused, scratch, pool);
        MuxConv.ForwardThreeStep(args, x, w, steps, scratch, pool);
        Near(args, steps, fused, 2e-5f);

        (fused, steps) = (new float[x.Length], new float[x.Length]);
        MuxConv.BackwardInput(args, dy, w, fused, scratch, pool);
        MuxConv.BackwardInputThreeStep(args, dy, w, steps, scratch, pool);
        Near(args, steps, fused, 2e-5f);

        (fused, steps) = (new float[w.Length], new float[w.Length]);
        MuxConv.BackwardWeight(args, dy, x, fused, scratch, pool);
        MuxConv.BackwardWeightThreeStep(args, dy, x, steps, scratch, pool);
        Near(args, steps, fused, 2e-4f);
    });

    [Fact]
    public void Sub_pixel_is_dilation_with_a_kernel_for_each_phase() => Each(args =>
    {
        (int channels, int k, int r) = (args.X.C, args.Kernels[0], args.Factor);
        return (c, h, v, x, w) =>
        {
            double sum = 0;
            int phase = (h % r * r + v % r) * channels + c;
            for (int tap = 0; tap < k * k; tap++)
            {
                sum += w[phase * k * k + tap] * x(c, h + r * (tap / k - k / 2), v + r * (tap % k - k / 2));
            }

            return sum;
        };
    }, -1);

    [Fact]
    public void Super_pixel_reads_the_channels_that_share_a_fine_map() => Each(args =>
    {
        (int folded, int k, int r) = (args.X.C / args.Factor / args.Factor, args.Kernels[0], args.Factor);
        return (c, h, v, x, w) =>
        {
            double sum = 0;
            (int phase, int own) = Math.DivRem(c, folded);
            for (int tap = 0; tap < k * k; tap++)
            {
                (int row, int column) = (h * r + phase / r + tap / k - k / 2, v * r + phase % r + tap % k - k / 2);
                if (row >= 0 && column >= 0)
                {
                    int from = (row % r * r + column % r) * folded + own;
                    sum += w[own * k * k + tap] * x(from, row / r, column / r);
                }
            }

            return sum;
        };
    }, 1);

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        MuxConv.Args args = new(new Shape(3, 30, 18, 22), [-1, 1, 0], [5, 3, 3],
            oddMaps: OddMaps.Pad, splitMultiple: 4);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
        float[]? first = null;
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            using WorkPool pool = new(threads);
            float[] scratch = Scratch(args, pool);
            float[] all = new float[args.Y.Length + x.Length + w.Length];
            Span<float> y = all.AsSpan(0, (int)args.Y.Length);
            MuxConv.Forward(args, x, w, y, scratch, pool);
            MuxConv.BackwardInput(args, y, w, all.AsSpan(y.Length, x.Length), scratch, pool);
            MuxConv.BackwardWeight(args, y, x, all.AsSpan(y.Length + x.Length), scratch, pool);
            first ??= all;
            Assert.True(first.AsSpan().SequenceEqual(all), $"{threads} threads");
        }
    }

    [Fact]
    public void Old_scratch_never_shows()
    {
        MuxConv.Args args = new(new Shape(1, 12, 9, 11), [-1, 0, 1], 3, oddMaps: OddMaps.Pad);
        float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
        float[] scratch = Scratch(args, null), clean = new float[args.Y.Length], again = new float[args.Y.Length];
        MuxConv.Forward(args, x, w, clean, scratch);
        Array.Fill(scratch, float.NaN);
        MuxConv.Forward(args, x, w, again, scratch);
        Assert.Equal(clean, again);
    }

    [Fact]
    public void Impossible_geometry_is_named()
    {
        Throws("MuxConv: part 0 is sub-pixel and needs rows and columns that are multiples of 2, got 7×8; choose "
            + "OddMaps.Pad or OddMaps.Plain to allow this map.",
            () => _ = new MuxConv.Args(new Shape(1, 8, 7, 8), [-1, 0], 3));
        Throws("MuxConv: part 1 is super-pixel and has 5 channels, expected a multiple of 4.",
            () => _ = new MuxConv.Args(new Shape(1, 10, 8, 8), [0, 1], 3));
        Throws("MuxConv: part 0 has 5 transformed channels, expected a multiple of 2 channels a group.",
            () => _ = new MuxConv.Args(new Shape(1, 10, 8, 8), [0, 1], 3, 2, splitMultiple: 5));
        Throws("MuxConv: 2 kernel sizes for 3 scales, expected 1 or 3.",
            () => _ = new MuxConv.Args(new Shape(1, 12, 8, 8), [-1, 0, 1], [3, 5]));
        Shape odd = new(1, 8, 7, 8);
        Assert.Equal(odd, new MuxConv.Args(odd, [-1, 0], 3, oddMaps: OddMaps.Pad).Y);
        Assert.Equal(0, new MuxConv.Args(odd, [-1, 0], 3, oddMaps: OddMaps.Plain).Part(0).Scale);
    }

    [Fact]
    public void Wrong_memory_is_named()
    {
        MuxConv.Args args = new(new Shape(1, 12, 4, 4), [-1, 0, 1], 3);
        float[] x = new float[192], w = new float[args.WeightLength], s = Scratch(args, null), y = new float[192];
        string shape = "expected 192 for shape [1, 12, 4, 4].";
        Throws($"MuxConv.Forward: x has 191 elements, {shape}", () => MuxConv.Forward(args, x.AsSpan(1), w, y, s));
        Throws("MuxConv.Forward: w has 188 elements, expected 189 for shape [189].",
            () => MuxConv.Forward(args, x, w.AsSpan(1), y, s));
        Throws($"MuxConv.Forward: y has 193 elements, {shape}", () => MuxConv.Forward(args, x, w, new float[193], s));
        Throws("MuxConv.Forward: y overlaps x, expected separate memory.", () => MuxConv.Forward(args, x, w, x, s));
        Throws($"MuxConv.Forward: scratch has 3 elements, expected at least {args.ScratchLength(1)}.",
            () => MuxConv.Forward(args, x, w, y, new float[3]));
        Throws($"MuxConv.BackwardInput: dy has 191 elements, {shape}",
            () => MuxConv.BackwardInput(args, y.AsSpan(1), w, x, s));
        Throws($"MuxConv.BackwardInput: dx has 193 elements, {shape}",
            () => MuxConv.BackwardInput(args, y, w, new float[193], s));
        Throws("MuxConv.BackwardInput: dx overlaps dy, expected separate memory.",
            () => MuxConv.BackwardInput(args, x, w, x, s));
        Throws($"MuxConv.BackwardWeight: x has 191 elements, {shape}",
            () => MuxConv.BackwardWeight(args, y, x.AsSpan(1), w, s));
        Throws("MuxConv.BackwardWeight: dw has 190 elements, expected 189 for shape [189].",
            () => MuxConv.BackwardWeight(args, y, x, new float[190], s));
        Throws("MuxConv.BackwardWeight: dw overlaps x, expected separate memory.",
            () => MuxConv.BackwardWeight(args, y, x, x.AsSpan(0, 189), s));
        Throws($"MuxConv.ForwardThreeStep: x has 191 elements, {shape}",
            () => MuxConv.ForwardThreeStep(args, x.AsSpan(1), w, y, s));
        Throws("MuxConv.BackwardInputThreeStep: dx overlaps dy, expected separate memory.",
            () => MuxConv.BackwardInputThreeStep(args, x, w, x, s));
        Throws($"MuxConv.BackwardWeightThreeStep: scratch has 3 elements, expected at least "
            + $"{MuxConv.ThreeStepScratchLength(args, 1)}.",
            () => MuxConv.BackwardWeightThreeStep(args, y, x, w, new float[3]));
    }

    private static void Throws(string message, Action action) =>
        Assert.Equal(message, Assert.Throws<ShapeException>(action).Message);

    private static float[] Scratch(in MuxConv.Args args, WorkPool? pool) => new float[Math.Max(
        args.ScratchLength(WorkPool.Threads(pool)), MuxConv.ThreeStepScratchLength(args, WorkPool.Threads(pool)))];

    private static void Near(in MuxConv.Args args, float[] expected, float[] actual, float tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i]))))
            {
                Assert.Fail($"{args}: element {i} is {actual[i]}, expected {expected[i]}");
            }
        }
    }

    /// <summary>Real and awkward geometry: odd maps under Pad and Plain, groups that cross phases, steps, factor 3.
    /// </summary>
    private static void Each(Action<MuxConv.Args, WorkPool?> check)
    {
        using WorkPool pool = new(2);
        MuxConv.Args[] cases =
        [
            new(new Shape(1, 48, 56, 56), [-1, 0, 1], 3),
            new(new Shape(2, 24, 28, 28), [1, -1, 0], [3, 5, 7], 2),
            new(new Shape(2, 24, 14, 14), [-1, 0, 1], 5, dilation: 2),
            new(new Shape(1, 24, 16, 12), [-1, 0, 1], [3, 5, 3], stride: 2),
            new(new Shape(1, 12, 7, 9), [-1, 0, 1], 3, oddMaps: OddMaps.Pad),
            new(new Shape(1, 12, 7, 9), [-1, 0, 1], [5, 3, 3], oddMaps: OddMaps.Plain),
            new(new Shape(3, 12, 7, 9), [-1, -1, 0], 3, stride: 2, oddMaps: OddMaps.Pad),
            new(new Shape(1, 9, 10, 6), [-1, -1, -1], 3, 4),
            new(new Shape(1, 27, 9, 12), [-3, 0, 7], 3, factor: 3),
            new(new Shape(1, 10, 6, 6), [0, 1], [3, 1], splitMultiple: 4),
        ];
        foreach (MuxConv.Args args in cases)
        {
            check(args, null);
            check(args, pool);
        }
    }

    /// <summary>Compares one part at step 1 with a formula of x, zero outside the map, and w.</summary>
    private static void Each(
        Func<MuxConv.Args, Func<int, int, int, Func<int, int, int, double>, float[], double>> formula, int scale)
    {
        (int, int, int, int)[] cases = [(4, 6, 8, 3), (8, 28, 28, 3), (8, 14, 14, 5), (12, 4, 2, 1)];
        foreach ((int channels, int h, int w, int k) in cases)
        {
            MuxConv.Args args = new(new Shape(1, channels, h, w), scale, k);
            float[] x = Fill.Uniform(1, args.X.Length), weight = Fill.Uniform(2, args.WeightLength);
            float[] y = new float[args.Y.Length], expected = new float[y.Length];
            MuxConv.Forward(args, x, weight, y, Scratch(args, null));
            Func<int, int, int, Func<int, int, int, double>, float[], double> sum = formula(args);
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] = (float)sum(i / (h * w), i / w % h, i % w, Pixel, weight);
            }

            Near(args, expected, y, 1e-5f);

            double Pixel(int c, int row, int column) =>
                row >= 0 && row < h && column >= 0 && column < w ? x[(c * h + row) * w + column] : 0;
        }
    }
}
