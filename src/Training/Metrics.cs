namespace MuxKernels.Training;

/// <summary>Accuracy of predictions, counted as they come.</summary>
public sealed class Metrics
{
    private readonly long[] confusion;

    /// <summary>Counters for a number of classes.</summary>
    public Metrics(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Classes = classes;
        confusion = new long[(long)classes * classes];
    }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Samples so far.</summary>
    public long Count { get; private set; }

    /// <summary>Samples whose largest logit is their label's.</summary>
    public long Correct { get; private set; }

    /// <summary>Samples whose label is among the five largest logits.</summary>
    public long CorrectTop5 { get; private set; }

    /// <summary>Sum of the samples' losses, for the mean.</summary>
    public double LossSum { get; private set; }

    /// <summary>Share of right predictions, 0 … 1.</summary>
    public double Top1 => Count == 0 ? 0 : (double)Correct / Count;

    /// <summary>Share of labels among the five largest logits, 0 … 1.</summary>
    public double Top5 => Count == 0 ? 0 : (double)CorrectTop5 / Count;

    /// <summary>Mean loss.</summary>
    public double Loss => Count == 0 ? 0 : LossSum / Count;

    /// <summary>Samples of class <paramref name="label"/> that were taken for <paramref name="predicted"/>.</summary>
    public long Confusion(int label, int predicted) => confusion[(long)label * Classes + predicted];

    /// <summary>The confusion matrix, a row for each label.</summary>
    public long[][] ConfusionMatrix() => [.. Enumerable.Range(0, Classes).Select(label =>
        Enumerable.Range(0, Classes).Select(predicted => Confusion(label, predicted)).ToArray())];

    /// <summary>Counts a batch of logits <c>[N, K]</c>. Among equal logits the lower class wins.</summary>
    /// <exception cref="ArithmeticException">A logit that is NaN.</exception>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, double meanLoss = 0)
    {
        Guard.That(logits.Length == (long)labels.Length * Classes, nameof(Metrics),
            $"{logits.Length} logits for {labels.Length} labels, expected {Classes} each.");
        for (int n = 0; n < labels.Length; n++)
        {
            ReadOnlySpan<float> row = logits.Slice(n * Classes, Classes);
            int label = (int)labels[n], best = 0, above = 0;
            for (int k = 0; k < Classes; k++)
            {
                if (float.IsNaN(row[k]))
                {
                    throw new ArithmeticException($"The logit of class {k} of sample {Count + n} is NaN.");
                }

                best = row[k] > row[best] ? k : best;
                above += row[k] > row[label] || (row[k] == row[label] && k < label) ? 1 : 0;
            }

            confusion[(long)label * Classes + best]++;
            Correct += best == label ? 1 : 0;
            CorrectTop5 += above < 5 ? 1 : 0;
        }

        Count += labels.Length;
        LossSum += meanLoss * labels.Length;
    }
}
