using MuxKernels.Layers;

namespace MuxKernels.Inference;

/// <summary>A network prepared for inference, wherever it runs.</summary>
public interface INetworkPlan : IDisposable
{
    /// <summary>Shape of the input, with the largest batch.</summary>
    Shape Input { get; }

    /// <summary>Shape of the output, with the largest batch.</summary>
    Shape Output { get; }

    /// <summary>The steps, in order.</summary>
    IReadOnlyList<PlanStep> Steps { get; }

    /// <summary>Bytes of packed weights and tables.</summary>
    long WeightBytes { get; }

    /// <summary>Bytes of activations and scratch.</summary>
    long ArenaBytes { get; }

    /// <summary>All bytes that the plan owns.</summary>
    long Bytes { get; }

    /// <summary>Runs the network on memory of the host.</summary>
    /// <param name="x">Images, [n, C, H, W], n within the plan's range.</param>
    /// <param name="y">Results of the same n images.</param>
    /// <exception cref="ShapeException">Another number of values.</exception>
    void Run(ReadOnlySpan<float> x, Span<float> y);
}

/// <summary>Makes the plan that a device has: <see cref="InferencePlan"/> on the processor, <see cref="DevicePlan"/>
/// elsewhere.</summary>
public static class NetworkPlan
{
    /// <summary>Prepares a network for any number of images up to a batch.</summary>
    /// <param name="network">The network, with weights.</param>
    /// <param name="device">Where it will run.</param>
    /// <param name="input">Shape of its input; N is the largest batch of a call.</param>
    /// <param name="halfMaps">Whether maps are float16 in memory, where the device can.</param>
    /// <exception cref="ShapeException">The network does not take this shape.</exception>
    /// <exception cref="InvalidOperationException">The network has no weights yet.</exception>
    /// <exception cref="NotSupportedException">float16 on a device that has no such kernels.</exception>
    public static INetworkPlan Of(Module network, Device device, Shape input, bool halfMaps = false) =>
        device is CpuDevice cpu && !halfMaps
            ? InferencePlan.Of(network, input, new PlanOptions { Threads = cpu.Threads, MinBatch = 1 })
            : DevicePlan.Of(network, device, input, halfMaps);
}
