using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>Recipes of the command line.</summary>
internal static class Recipes
{
    /// <summary>What <c>train</c> and <c>demo</c> do without options: muxnet-tiny on the embedded images.</summary>
    public static TrainingOptions Tiny { get; } = new()
    {
        Epochs = 7,
        BatchSize = 64,
        Rate = 0.1,
        WeightDecay = 5e-4,
        WarmupEpochs = 0.5,
    };
}
