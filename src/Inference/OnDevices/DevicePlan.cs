using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Inference;

/// <summary>
/// A network prepared for inference on a device with fused convolutions (a GPU, or the reference): its record turned
/// into a flat list of launches on one arena, with weights of its own. Where the device can, the launches are recorded
/// once and launched together. The plan keeps no reference to the network. On the processor, use
/// <see cref="InferencePlan"/>.
/// </summary>
/// <example><code>
/// using DevicePlan plan = DevicePlan.Of(network, device, new Shape(16, 3, 224, 224));
/// plan.Run(images, logits);
/// </code></example>
/// <remarks>One call at a time, as on the device itself.</remarks>
public sealed class DevicePlan : INetworkPlan
{
    /// <summary>Launches of a step that are timed together.</summary>
    private const int InARow = 4;

    private readonly Device device;
    private readonly DeviceSteps plan;
    private readonly DeviceBuffer arena;
    private readonly DeviceBuffer weights;
    private DeviceGraph? recorded;
    private int runs;
    private bool isDisposed;

    private DevicePlan(Device device, DeviceSteps plan, Shape input, Shape output)
    {
        (this.device, this.plan, Input, Output) = (device, plan, input, output);
        int length = checked((int)ArenaPlanner.Place([.. plan.Slots.Select(s => s.Region)]));
        arena = device.Rent(length);
        try
        {
            weights = device.Rent(Math.Max(1, plan.Constants.Length));
        }
        catch
        {
            device.Return(arena);
            throw;
        }

        plan.Constants.Write(weights);
        foreach (Slot slot in plan.Slots.Where(s => s.Region.Dies >= 0))
        {
            slot.View = arena.View.Slice(slot.Region.Offset, slot.Length);
        }

        ArenaBytes = sizeof(float) * (long)length;
        Steps = [.. plan.Steps.Select(s => new PlanStep(s.Name, s.Kind, "NCHW", "", s.MultiplyAdds / input.N, 1, 0,
            s.Bytes / input.N, s.IsMovement))];
    }

    /// <summary>Shape of the input, with the largest batch.</summary>
    public Shape Input { get; }

    /// <summary>Shape of the output, with the largest batch.</summary>
    public Shape Output { get; }

    /// <summary>The steps, in order; figures are those of one image of a batch.</summary>
    public IReadOnlyList<PlanStep> Steps { get; }

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes => plan.Constants.Bytes;

    /// <summary>Bytes of activations.</summary>
    public long ArenaBytes { get; }

    /// <summary>All bytes that the plan owns on the device.</summary>
    public long Bytes => WeightBytes + ArenaBytes;

    /// <summary>Whether the launches were recorded and are launched together.</summary>
    public bool IsRecorded => recorded is not null;

    /// <summary>The device's memory of the input, for those who make images there.</summary>
    public View InputMemory => plan.Input.View;

    /// <summary>The device's memory of the output.</summary>
    public View OutputMemory => plan.Output.View;

    /// <summary>Prepares a network.</summary>
    /// <param name="network">The network, with weights, wherever they are.</param>
    /// <param name="device">Where it will run.</param>
    /// <param name="input">Shape of its input; every launch computes this batch.</param>
    /// <param name="halfMaps">Whether maps between convolutions are float16 in memory (arithmetic, weights, gates and
    /// pooled vectors stay float32): half the traffic, results to about 10⁻³.</param>
    /// <exception cref="ShapeException">The network does not take this shape.</exception>
    /// <exception cref="InvalidOperationException">The network has no weights yet.</exception>
    /// <exception cref="NotSupportedException">float16 on a device that has no such kernels.</exception>
    /// <exception cref="OutOfMemoryException">The device has not that much memory.</exception>
    public static DevicePlan Of(Module network, Device device, Shape input, bool halfMaps = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(device);
        Guard.Positive(input, nameof(DevicePlan));
        if (halfMaps && !device.HasHalfMaps)
        {
            throw new NotSupportedException($"The device {device.Name} has no convolutions of float16 maps.");
        }

        using MetaDevice meta = new();
        using Session session = new(meta, training: false, record: true);
        Tensor x = session.Placeholder(input);
        Tensor y = network.Invoke(x);
        Guard.That(y.Shape.N == input.N, nameof(DevicePlan),
            $"the network gives {y.Shape} for images {x.Shape}, expected one result for each image.");
        return new DevicePlan(device, DeviceLowering.Of(new RecordGraph(session.Record, y), x, device, halfMaps), input,
            y.Shape);
    }

    /// <summary>Runs the network: copies the images to the device, launches, copies the results back.</summary>
    /// <param name="x">Images, [n, C, H, W], 1 ≤ n ≤ the batch. Fewer images take the time of all.</param>
    /// <param name="y">Results of the same n images.</param>
    /// <exception cref="ShapeException">Another number of values.</exception>
    public void Run(ReadOnlySpan<float> x, Span<float> y)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        long image = Input.ImageLength, n = x.Length / image;
        Guard.That(x.Length % image == 0 && n >= 1 && n <= Input.N, nameof(DevicePlan),
            $"x has {x.Length} elements, expected those of 1 … {Input.N} images {Input with { N = 1 }}.");
        Guard.That(y.Length == n * (Output.Length / Output.N), nameof(DevicePlan),
            $"y has {y.Length} elements, expected {n * (Output.Length / Output.N)} for {n} images.");
        device.Write(x, InputMemory.Slice(0, x.Length));
        Launch();
        device.Read(OutputMemory.Slice(0, y.Length), y);
    }

    /// <summary>Launches the network on what <see cref="InputMemory"/> holds; the call does not wait.</summary>
    public void Launch()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (recorded is not null)
        {
            recorded.Launch();
            return;
        }

        LaunchSteps();
        if (++runs == 1)
        {
            recorded = device.Capture(LaunchSteps); // Kernels and tables are there now.
        }
    }

    /// <summary>Time of each step by the device's clock, the median of several runs. Each is launched a few times in a
    /// row, so that what memory holds afterwards has no meaning.</summary>
    /// <returns>Milliseconds of each of <see cref="Steps"/> for the whole batch.</returns>
    public double[] Profile(int runs)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        double[][] times = [.. plan.Steps.Select(_ => new double[runs])];
        for (int run = 0; run < runs; run++)
        {
            for (int s = 0; s < times.Length; s++)
            {
                Action launch = plan.Steps[s].Launch;
                times[s][run] = device.Time(() =>
                {
                    for (int i = 0; i < InARow; i++)
                    {
                        launch();
                    }
                }) / InARow;
            }
        }

        return [.. times.Select(t => t.Order().ElementAt(t.Length / 2))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            device.Synchronize();
            recorded?.Dispose();
            device.Return(weights);
            device.Return(arena);
        }
    }

    private void LaunchSteps()
    {
        foreach (DeviceStep step in plan.Steps)
        {
            step.Launch();
        }
    }
}
