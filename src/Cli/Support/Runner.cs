using System.Diagnostics;
using MuxKernels.Autograd;
using MuxKernels.Inference;
using MuxKernels.Layers;

namespace MuxKernels.Cli;

/// <summary>A network that gives logits for batches of one shape: by a plan, or layer by layer.</summary>
internal sealed class Runner : IDisposable
{
    private readonly MuxNet network;
    private readonly Device device;

    /// <param name="engine">How the network is run.</param>
    /// <param name="network">The network, with memory on the device.</param>
    /// <param name="device">The device.</param>
    /// <param name="shape">Shape of the images; N is the largest batch.</param>
    public Runner(Engine engine, MuxNet network, Device device, Shape shape)
    {
        (this.network, this.device) = (network, device);
        long start = Stopwatch.GetTimestamp();
        Plan = engine != Engine.Eager
            ? NetworkPlan.Of(network, device, shape, engine == Engine.Plan16)
            : null;
        TimeToPlanMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>The plan; null where the network runs layer by layer.</summary>
    public INetworkPlan? Plan { get; }

    /// <summary>Time it took to make the plan.</summary>
    public double TimeToPlanMs { get; }

    /// <summary>Logits of up to as many images as the largest batch.</summary>
    public void Of(Shape shape, ReadOnlySpan<float> x, Span<float> y)
    {
        if (Plan is not null)
        {
            Plan.Run(x, y);
            return;
        }

        using Session session = new(device);
        device.Read(network.Invoke(session.Input(shape, x)).Data, y);
    }

    /// <inheritdoc/>
    public void Dispose() => Plan?.Dispose();
}
