using Xunit;

namespace MuxKernels.Data.Tests;

public class FashionMnistTests
{
    [Fact]
    public void Training_images_are_counted_and_balanced() => Check(FashionMnist.Train, 16_000, 1_600);

    [Fact]
    public void Test_images_are_counted_and_balanced() => Check(FashionMnist.Test, 2_000, 200);

    [Fact]
    public void Begins_like_the_original()
    {
        // The first labels of the original files; no class is complete so early that one would be left out.
        Assert.Equal([9, 0, 0, 3, 0, 2, 7, 2, 5, 5], FashionMnist.Train.Labels[..10].ToArray());
        Assert.Equal([9, 2, 1, 1, 6, 1, 4, 6, 5, 7], FashionMnist.Test.Labels[..10].ToArray());
    }

    [Fact]
    public void Is_decoded_once() => Assert.Same(FashionMnist.Test, FashionMnist.Test);

    [Fact]
    public void No_test_image_is_a_training_image()
    {
        HashSet<string> train = [];
        for (int i = 0; i < FashionMnist.Train.Count; i++)
        {
            train.Add(Convert.ToBase64String(FashionMnist.Train.Image(i)));
        }

        int repeated = Enumerable.Range(0, FashionMnist.Test.Count)
            .Count(i => train.Contains(Convert.ToBase64String(FashionMnist.Test.Image(i))));
        Assert.Equal(0, repeated);
    }

    [Fact]
    public void Statistics_are_near_the_published_ones()
    {
        // 0.2860 and 0.3530 over all 60,000 images.
        ChannelStatistics statistics = ChannelStatistics.Of(FashionMnist.Train);
        Assert.InRange(Assert.Single(statistics.Mean), 0.283f, 0.289f);
        Assert.InRange(Assert.Single(statistics.Std), 0.350f, 0.356f);
    }

    private static void Check(ImageDataset data, int count, int perClass)
    {
        Assert.Equal(count, data.Count);
        Assert.Equal(new Shape(1, 1, 28, 28), data.ImageShape);
        Assert.Equal(10, data.Classes);
        Assert.All(data.ClassCounts(), n => Assert.Equal(perClass, n));
        Assert.Contains("Zalando", data.Licence);
        Assert.Contains("fashion-mnist", data.Source);
    }
}
