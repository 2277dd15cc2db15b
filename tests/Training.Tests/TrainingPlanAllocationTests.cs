using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

/// <summary>What a planned training step allocates. No other test runs at the same time.</summary>
[CollectionDefinition(nameof(TrainingPlanAllocationTests), DisableParallelization = true)]
[Collection(nameof(TrainingPlanAllocationTests))]
public class TrainingPlanAllocationTests
{
    [Theory]
    [InlineData("small", 1)]
    [InlineData("small", 2)]
    [InlineData("muxnet-xs", 2)]
    public void Steps_behind_the_first_allocate_nothing_on_any_thread(string name, int threads)
    {
        using CpuDevice device = new(threads);
        using MuxNet network = name == "small" ? new MuxNet(Small.Spec) : MuxNets.Build(name);
        network.Materialize(device, 3);
        Shape shape = new(4, network.Spec.ImageChannels, 32, 32);
        float[] images = new float[shape.Length], labels = new float[4], logits = new float[4 * network.Spec.Classes];
        Random random = new(5);
        for (int i = 0; i < images.Length; i++)
        {
            images[i] = random.NextSingle();
        }

        using TrainingPlan plan = TrainingPlan.Of(network, shape, 0.1f);
        double[] times = new double[plan.Steps.Count];
        plan.Step(images, labels, logits, 1, times);

        // Whoever runs the tests allocates now and then; a step that allocates does so every time.
        long least = long.MaxValue;
        for (int step = 0; step < 30 && least > 0; step++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            plan.Step(images, labels, logits, (ulong)step, times);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.Equal(0, least);
    }
}
