using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>A prepared training step of a network, wherever it runs.</summary>
public interface ITrainingPlan : IDisposable
{
    /// <summary>Shape of a batch.</summary>
    Shape Input { get; }

    /// <summary>Number of classes.</summary>
    int Classes { get; }

    /// <summary>The steps, in their order.</summary>
    IReadOnlyList<TrainingPlanStep> Steps { get; }

    /// <summary>Bytes of maps and their gradients.</summary>
    long ArenaBytes { get; }

    /// <summary>All bytes that the plan owns.</summary>
    long Bytes { get; }

    /// <summary>One step: the loss of a batch; gradients of all parameters are added to what is there, running
    /// statistics move on.</summary>
    /// <param name="images">The batch.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="logits">Where the logits go, <c>[N, K]</c>; empty if nobody wants them.</param>
    /// <param name="seed">Seed of dropout's coins.</param>
    /// <param name="times">Where the milliseconds of each of <see cref="Steps"/> go; empty if nobody wants
    /// them.</param>
    /// <returns>The mean loss.</returns>
    float Step(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<float> logits = default, ulong seed = 0,
        Span<double> times = default);
}

/// <summary>Makes the training plan that a network's device has: <see cref="TrainingPlan"/> on the processor,
/// <see cref="DeviceTrainingPlan"/> elsewhere.</summary>
public static class TrainingPlans
{
    /// <summary>Prepares a training step.</summary>
    /// <param name="network">A network with memory on a device; the plan keeps it.</param>
    /// <param name="input">Shape of a batch, <c>[N, C, H, W]</c>.</param>
    /// <param name="smoothing">Label smoothing of the cross-entropy.</param>
    /// <param name="recompute">On the processor: whether normalisation and swish are computed again where a map is
    /// read.</param>
    /// <exception cref="NotSupportedException">There is no plan; train the network by a session.</exception>
    public static ITrainingPlan Of(MuxNet network, Shape input, float smoothing = 0f,
        Recompute recompute = Recompute.Auto)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Store?.Device is null or CpuDevice or ReferenceDevice or MetaDevice
            ? TrainingPlan.Of(network, input, smoothing, recompute)
            : DeviceTrainingPlan.Of(network, input, smoothing);
    }
}
