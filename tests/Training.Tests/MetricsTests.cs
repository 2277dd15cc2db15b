using Xunit;

namespace MuxKernels.Training.Tests;

public class MetricsTests
{
    [Fact]
    public void Accuracies_and_confusion_are_counted()
    {
        Metrics metrics = new(6);
        float[] logits =
        [
            9, 1, 2, 3, 4, 5, // predicted 0, label 0
            9, 1, 2, 3, 4, 5, // predicted 0, label 1: the sixth
            0, 0, 7, 0, 0, 8, // predicted 5, label 2: the second
        ];
        metrics.Add(logits, [0, 1, 2], meanLoss: 2);
        Assert.Equal((3, 1, 2), (metrics.Count, metrics.Correct, metrics.CorrectTop5));
        Assert.Equal((1 / 3.0, 2 / 3.0, 2.0), (metrics.Top1, metrics.Top5, metrics.Loss));
        Assert.Equal((1, 1, 1), (metrics.Confusion(0, 0), metrics.Confusion(1, 0), metrics.Confusion(2, 5)));
        Assert.Equal(3, metrics.ConfusionMatrix().Sum(row => row.Sum()));
    }

    [Fact]
    public void Among_equal_logits_the_lower_class_wins()
    {
        Metrics metrics = new(7);
        metrics.Add(new float[14], [0, 6]);
        Assert.Equal((1, 1), (metrics.Correct, metrics.CorrectTop5));
    }

    [Fact]
    public void Nan_is_an_error_and_so_is_a_wrong_length()
    {
        Metrics metrics = new(3);
        Assert.Throws<ArithmeticException>(() => metrics.Add([1, float.NaN, 2], [0]));
        Assert.Throws<ShapeException>(() => metrics.Add([1, 2], [0]));
    }

    [Fact]
    public void Preprocessing_survives_as_json()
    {
        Preprocessing p = new(2, [0.25f, 0.5f], [0.1f, 1f / 3]);
        Preprocessing again = Preprocessing.FromJson(p.ToJson());
        Assert.Equal(p.Border, again.Border);
        Assert.Equal(p.Mean, again.Mean);
        Assert.Equal(p.Std, again.Std);
        foreach (string bad in new[] { "", "{}", "[]", "{\"border\":-1,\"mean\":[0],\"std\":[1]}",
            "{\"border\":0,\"mean\":[0],\"std\":[0]}", "{\"border\":0,\"mean\":[0,1],\"std\":[1]}" })
        {
            Assert.Throws<FormatException>(() => Preprocessing.FromJson(bad));
        }
    }
}
