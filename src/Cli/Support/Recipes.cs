using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>A network and how it is trained.</summary>
/// <param name="Name">What <c>--recipe</c> calls it.</param>
/// <param name="Network">The network's name.</param>
/// <param name="Options">How it is trained.</param>
/// <param name="Data">Where the images of <c>--data</c> come from; null where embedded ones are used.</param>
internal sealed record Recipe(string Name, string Network, TrainingOptions Options, string? Data = null);

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

    /// <summary>All recipes; the first is taken where none is named.</summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        new Recipe("tiny", "muxnet-tiny", Tiny),
        new Recipe("cifar10", "muxnet-small", new TrainingOptions
        {
            Epochs = 40,
            BatchSize = 128,
            Rate = 0.15,
            WeightDecay = 5e-4,
            WarmupEpochs = 1.5,
            Smoothing = 0.1f,
            Average = 0.999,
            Crop = 4,
            Cutout = 8,
        }, "the binary version of CIFAR-10, cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html"),
    ];

    /// <summary>A recipe by name.</summary>
    /// <exception cref="UsageException">No such recipe.</exception>
    public static Recipe Get(string name) =>
        All.FirstOrDefault(r => string.Equals(r.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new UsageException(
            $"--recipe is '{name}', expected one of {string.Join(", ", All.Select(r => r.Name))}.");
}
