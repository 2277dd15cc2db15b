namespace MuxKernels.Training;

/// <summary>Where a training stands.</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Step">Step of the epoch, from 1.</param>
/// <param name="Steps">Steps of an epoch.</param>
/// <param name="Loss">Mean loss of the epoch so far.</param>
/// <param name="Accuracy">Training accuracy of the epoch so far.</param>
/// <param name="ImagesPerSecond">Rate of the epoch so far.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Remaining">Estimate of the time left.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Step, int Steps, double Loss,
    double Accuracy, double ImagesPerSecond, TimeSpan Elapsed, TimeSpan Remaining)
{
    /// <summary>Whether the epoch is being evaluated: then steps are test images, and the rate is theirs.</summary>
    public bool IsEvaluation { get; init; }
}

/// <summary>One finished epoch.</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Rate">Learning rate of its last step.</param>
/// <param name="TrainLoss">Mean training loss.</param>
/// <param name="TrainAccuracy">Training accuracy, on the augmented images as they were seen.</param>
/// <param name="TestLoss">Mean test loss.</param>
/// <param name="TestAccuracy">Test accuracy.</param>
/// <param name="TestTop5">Test top-5 accuracy.</param>
/// <param name="Seconds">Time of training and evaluation.</param>
/// <param name="ImagesPerSecond">Training images a second, evaluation apart.</param>
public sealed record EpochRecord(int Epoch, double Rate, double TrainLoss, double TrainAccuracy, double TestLoss,
    double TestAccuracy, double TestTop5, double Seconds, double ImagesPerSecond = 0);

/// <summary>What a training gave.</summary>
/// <param name="History">Every epoch, those before a resume included.</param>
/// <param name="Final">Test metrics of the last epoch.</param>
/// <param name="BestEpoch">Epoch with the best test accuracy.</param>
/// <param name="BestAccuracy">That accuracy.</param>
/// <param name="Seconds">Time of this run.</param>
public sealed record TrainingResult(IReadOnlyList<EpochRecord> History, Metrics Final, int BestEpoch,
    double BestAccuracy, double Seconds);
