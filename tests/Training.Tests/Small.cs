using MuxKernels.Data;
using MuxKernels.Layers;

namespace MuxKernels.Training.Tests;

/// <summary>A network and images small enough to be trained many times.</summary>
internal static class Small
{
    public static NetworkSpec Spec { get; } = new()
    {
        Name = "small",
        StemChannels = 8,
        HeadChannels = 32,
        ImageChannels = 1,
        ImageSize = 32,
        Classes = 10,
        Dropout = 0.2,
        DropConnect = 0.2,
        Blocks = BlockGrammar.Parse("ir_k3.5_s2_e2_c16_se0.5_nsw ir_k3_s1_e2_c16_nre mux_k3_e6_c16_se0.5_m-1.0.1 "
            + "ir_k3_s2_e2_c24_nhs mux_k3_e2_c24_g2"),
    };

    public static ImageDataset Train { get; } = FashionMnist.Train.Take(192);

    public static ImageDataset Test { get; } = FashionMnist.Test.Take(64);

    public static TrainingOptions Options { get; } = new() { Epochs = 3, BatchSize = 32, Rate = 0.05, Seed = 7 };

    /// <summary>Trains and returns every number of the state dictionary.</summary>
    public static (TrainingResult Result, float[] State) Run(TrainingOptions options, int threads = 1,
        CancellationToken cancellation = default, Action<EpochRecord>? epochDone = null)
    {
        using CpuDevice device = new(threads);
        using MuxNet network = new(Spec);
        TrainingResult result = new Trainer(network, device, Train, Test, options)
            .Run(epochDone: epochDone, cancellation: cancellation);
        return (result, State(network));
    }

    public static float[] State(MuxNet network)
    {
        List<float> all = [];
        foreach (StateEntry entry in network.State())
        {
            if (entry.Counter is { } counter)
            {
                all.Add(counter.Value);
                continue;
            }

            float[] values = new float[entry.Shape.Length];
            entry.Data.Buffer!.Device.Read(entry.Data, values);
            all.AddRange(values);
        }

        return [.. all];
    }
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mux-training-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
