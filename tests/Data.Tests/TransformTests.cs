using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace MuxKernels.Data.Tests;

public class TransformTests
{
    private static readonly Gen<(Shape Shape, int A, int B, int Seed)> Cases =
        from c in Gen.Choose(1, 3)
        from h in Gen.Choose(1, 8)
        from w in Gen.Choose(1, 8)
        from a in Gen.Choose(0, 9)
        from b in Gen.Choose(0, 9)
        from seed in Gen.Choose(0, 1000)
        select (new Shape(1, c, h, w), a, b, seed);

    [Fact]
    public void Pad_shifts_and_fills_with_zeros() => ForAll((shape, a, b, seed) =>
    {
        float[] x = Image(shape);
        Pad pad = new(a, b, b, a);
        Shape result = pad.Result(shape);
        float[] y = Apply(pad, x, shape, seed);
        for (int i = 0; i < y.Length; i++)
        {
            int c = i / result.Pixels, h = i / result.W % result.H, w = i % result.W;
            Assert.Equal(Pixel(x, shape, c, h - a, w - b), y[i]);
        }
    });

    [Fact]
    public void A_crop_is_a_window_of_the_padded_image() => ForAll((shape, padding, extra, seed) =>
    {
        int height = 1 + (seed + extra) % (shape.H + 2 * padding), width = 1 + seed % (shape.W + 2 * padding);
        RandomCrop crop = new(height, width, padding);
        float[] x = Image(shape), y = Apply(crop, x, shape, seed);
        bool found = false;
        for (int top = -padding; top + height <= shape.H + padding; top++)
        {
            for (int left = -padding; left + width <= shape.W + padding; left++)
            {
                found |= IsWindow(x, shape, y, crop.Result(shape), top, left);
            }
        }

        Assert.True(found);
    });

    [Fact]
    public void Every_place_of_a_crop_is_taken()
    {
        Shape shape = new(1, 1, 3, 3);
        HashSet<(float, float)> corners = [];
        for (int i = 0; i < 2000; i++)
        {
            float[] y = Apply(new RandomCrop(2, 2, 1), Image(shape), shape, i);
            corners.Add((y[0], y[3]));
        }

        // 4×4 places; each has another pair of opposite corners, but two have (0, 0).
        Assert.Equal(15, corners.Count);
    }

    [Fact]
    public void A_flip_of_certain_probability_is_exact() => ForAll((shape, _, _, seed) =>
    {
        float[] x = Image(shape), flipped = Apply(new HorizontalFlip(1), x, shape, seed);
        Assert.Equal(x, Apply(new HorizontalFlip(0), x, shape, seed));
        Assert.Equal(x, Apply(new HorizontalFlip(1), flipped, shape, seed));
        for (int i = 0; i < x.Length; i++)
        {
            int row = i / shape.W * shape.W;
            Assert.Equal(x[row + shape.W - 1 - (i - row)], flipped[i]);
        }
    });

    [Fact]
    public void A_cutout_is_one_square_around_a_pixel() => ForAll((shape, a, _, seed) =>
    {
        int side = a + 1;
        float[] x = Image(shape), y = Apply(new Cutout(side), x, shape, seed);
        bool found = false;
        for (int centre = 0; centre < shape.Pixels; centre++)
        {
            int top = centre / shape.W - side / 2, left = centre % shape.W - side / 2;
            bool same = true;
            for (int i = 0; i < x.Length; i++)
            {
                int h = i / shape.W % shape.H - top, w = i % shape.W - left;
                bool isInside = h >= 0 && h < side && w >= 0 && w < side;
                same &= y[i] == (isInside ? 0 : x[i]);
            }

            found |= same;
        }

        Assert.True(found);
        Assert.Equal(y, Apply(new Cutout(side), x, shape, seed));
    });

    [Fact]
    public void Every_place_of_a_cutout_is_taken()
    {
        Shape shape = new(1, 2, 3, 4);
        HashSet<int> places = [];
        for (int i = 0; i < 400; i++)
        {
            float[] y = Apply(new Cutout(1), Image(shape), shape, i);
            int place = Array.IndexOf(y, 0f);
            Assert.Equal(0f, y[place + shape.Pixels]);
            Assert.Equal(2, y.Count(v => v == 0));
            places.Add(place);
        }

        Assert.Equal(12, places.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Cutout(0));
    }

    [Fact]
    public void About_half_of_the_images_are_flipped()
    {
        Shape shape = new(1, 1, 1, 2);
        int flipped = Enumerable.Range(0, 10_000).Count(i => Apply(new HorizontalFlip(), [1, 2], shape, i)[0] == 2);
        Assert.InRange(flipped, 4_800, 5_200);
    }

    [Fact]
    public void Normalize_uses_each_channels_numbers()
    {
        float[] y = Apply(new Normalize([1, 2], [2, 4]), [1, 3, 2, 10], new Shape(1, 2, 1, 2), 0);
        Assert.Equal([0, 1, 0, 2], y);
    }

    [Fact]
    public void A_normalized_data_set_has_mean_0_and_deviation_1()
    {
        ImageDataset data = new(Files.Ramp(4 * 2 * 9), [0, 0, 0, 0], 2, 3, 3, ["a"], "ramp");
        Loader loader = new(data, new() { BatchSize = 4, Transforms = [new Normalize(ChannelStatistics.Of(data))] });
        Batch batch = Assert.Single(loader.Epoch(0));
        for (int c = 0; c < 2; c++)
        {
            double[] x = [.. batch.Images.Where((_, i) => i / 9 % 2 == c).Select(v => (double)v)];
            Assert.InRange(x.Average(), -1e-6, 1e-6);
            Assert.InRange(x.Average(v => v * v), 1 - 1e-5, 1 + 1e-5);
        }
    }

    [Fact]
    public void A_chain_is_its_steps_one_after_the_other()
    {
        Shape shape = new(1, 1, 2, 2);
        TransformChain chain = new(shape, [new Pad(1), new HorizontalFlip(1), new Normalize([0.5f], [0.5f])]);
        float[] y = new float[16];
        SampleRandom random = new(0, 0, 0);
        chain.Apply([0, 51, 102, 255], y, new float[chain.ScratchLength], ref random);
        Assert.Equal([-1, -1, -1, -1, -1, -0.6f, -1, -1, -1, 1, -0.2f, -1, -1, -1, -1, -1], y, Near);
        Assert.Equal(new Shape(1, 1, 4, 4), chain.Result);
    }

    [Fact]
    public void A_chain_of_no_steps_scales_the_bytes()
    {
        float[] y = new float[2];
        SampleRandom random = new(0, 0, 0);
        TransformChain chain = new(new Shape(1, 1, 1, 2), []);
        chain.Apply([0, 255], y, new float[chain.ScratchLength], ref random);
        Assert.Equal([0, 1], y);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Shape shape = new(1, 1, 3, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pad(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomCrop(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomCrop(0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HorizontalFlip(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HorizontalFlip(1.5));
        Assert.Throws<ArgumentException>(() => new Normalize([1], [0]));
        Assert.Throws<ArgumentException>(() => new Normalize([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => new Normalize([float.NaN], [1]));
        Assert.Throws<ShapeException>(() => new RandomCrop(8, 3, 2).Result(shape));
        Assert.Throws<ShapeException>(() => new Normalize([0, 0], [1, 1]).Result(shape));
        Assert.Throws<ShapeException>(() => new TransformChain(shape, [new RandomCrop(4, 4, 0)]));
        Assert.Throws<ShapeException>(() => Apply(new Pad(1), new float[8], shape, 0));
    }

    [Fact]
    public void Streams_of_neighbouring_samples_differ()
    {
        HashSet<ulong> first = [];
        for (int seed = 0; seed < 10; seed++)
        {
            for (int epoch = 0; epoch < 10; epoch++)
            {
                for (int index = -1; index < 100; index++)
                {
                    Assert.True(first.Add(new SampleRandom(seed, epoch, index).NextUInt64()));
                }
            }
        }
    }

    [Fact]
    public void Random_integers_are_spread_evenly()
    {
        SampleRandom random = new(1, 2, 3);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt32(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt32(0));
    }

    private static void ForAll(Action<Shape, int, int, int> check) =>
        Prop.ForAll(Cases.ToArbitrary(), c => check(c.Shape, c.A, c.B, c.Seed)).QuickCheckThrowOnFailure();

    private static bool Near(float a, float b) => MathF.Abs(a - b) < 1e-6f;

    /// <summary>Pixels 1, 2, 3, …: none is zero.</summary>
    private static float[] Image(Shape shape) => [.. Enumerable.Range(1, (int)shape.Length).Select(i => (float)i)];

    private static float Pixel(float[] x, Shape shape, int c, int h, int w) =>
        h < 0 || w < 0 || h >= shape.H || w >= shape.W ? 0 : x[(c * shape.H + h) * shape.W + w];

    private static bool IsWindow(float[] x, Shape xs, float[] y, Shape ys, int top, int left)
    {
        for (int i = 0; i < y.Length; i++)
        {
            int c = i / ys.Pixels, h = i / ys.W % ys.H, w = i % ys.W;
            if (y[i] != Pixel(x, xs, c, h + top, w + left))
            {
                return false;
            }
        }

        return true;
    }

    private static float[] Apply(Transform transform, float[] x, Shape shape, int seed)
    {
        float[] y = new float[transform.Result(shape).Length];
        Array.Fill(y, float.NaN);
        SampleRandom random = new(seed, 0, 0);
        transform.Apply(x, shape, y, ref random);
        return y;
    }
}
