using MuxKernels.Autograd;
using MuxKernels.Inference;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>
/// A prepared training step of a network on a device: a flat list of launches on one arena, forward, loss and all
/// gradients. Where the device can, runs of launches are recorded once and launched together. The numbers are those of
/// a recorded session on the same device, to the bit. On the processor, use <see cref="TrainingPlan"/>.
/// </summary>
/// <remarks>The plan reads the network's parameters where they are and adds to their gradients; it is for one batch
/// shape. A step waits for the device once, for the loss and the logits. Operators of one's own that throw coins throw
/// the same ones at every step.</remarks>
public sealed class DeviceTrainingPlan : ITrainingPlan
{
    private readonly Device device;
    private readonly LoweredDeviceTraining lowered;
    private readonly DeviceBuffer arena;
    private readonly Counter[] counters;
    private readonly (int First, int Count)[] runs;
    private readonly DeviceGraph?[] recorded;
    private int taken;
    private bool isDisposed;

    private DeviceTrainingPlan(Device device, LoweredDeviceTraining lowered, Shape input, int classes,
        Counter[] counters)
    {
        (this.device, this.lowered, Input, Classes, this.counters) = (device, lowered, input, classes, counters);
        int length = checked((int)ArenaPlanner.Place([.. lowered.Slots.Select(s => s.Region)]));
        arena = device.Rent(length);
        foreach (Slot slot in lowered.Slots.Where(s => s.Region.Dies >= 0))
        {
            slot.View = arena.View.Slice(slot.Region.Offset, slot.Length);
        }

        ArenaBytes = sizeof(float) * (long)length;
        Steps = [.. lowered.Steps.Select(s => new TrainingPlanStep(s.Name, s.Phase, s.MultiplyAdds))];
        runs = [.. Runs(lowered.Steps)];
        recorded = new DeviceGraph?[runs.Length];
    }

    /// <inheritdoc/>
    public Shape Input { get; }

    /// <inheritdoc/>
    public int Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TrainingPlanStep> Steps { get; }

    /// <inheritdoc/>
    public long ArenaBytes { get; }

    /// <inheritdoc/>
    public long Bytes => ArenaBytes;

    /// <summary>Runs of launches that were recorded and are launched together; 0 on devices that record nothing.
    /// </summary>
    public int RecordedRuns => recorded.Count(r => r is not null);

    /// <summary>Whether each step asks the device's clock for <see cref="Phases"/>, for which it waits twice.</summary>
    public bool TimesPhases { get; set; }

    /// <summary>Milliseconds of the last step's launches, forward and backward, with
    /// <see cref="TimesPhases"/>.</summary>
    public (double Forward, double Backward) Phases { get; private set; }

    /// <summary>Prepares a training step.</summary>
    /// <param name="network">A network with memory on a device; the plan keeps it.</param>
    /// <param name="input">Shape of a batch, <c>[N, C, H, W]</c>.</param>
    /// <param name="smoothing">Label smoothing of the cross-entropy.</param>
    /// <exception cref="InvalidOperationException">The network has no memory yet.</exception>
    /// <exception cref="OutOfMemoryException">The device has not that much memory.</exception>
    public static DeviceTrainingPlan Of(MuxNet network, Shape input, float smoothing = 0f)
    {
        ArgumentNullException.ThrowIfNull(network);
        Device device = network.Store?.Device
            ?? throw new InvalidOperationException("The network has no memory yet; call Materialize first.");
        using MetaDevice meta = new();
        using Session session = new(meta, training: true, record: true);
        Tensor x = session.Placeholder(input), labels = session.Placeholder(Shape.Vector(input.N));
        Counter[] counters = [.. network.State().Select(e => e.Counter).OfType<Counter>()];
        long[] counts = [.. counters.Select(c => c.Value)];
        Tensor logits = network.Invoke(x), loss = logits.CrossEntropy(labels, smoothing);
        for (int i = 0; i < counts.Length; i++)
        {
            counters[i].Value = counts[i]; // A record of shapes is no training step.
        }

        return new DeviceTrainingPlan(device,
            DeviceTrainingLowering.Of(new RecordGraph(session.Record, loss), x, labels, logits, device), input,
            logits.Shape.C, counters);
    }

    /// <inheritdoc/>
    public float Step(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<float> logits = default,
        ulong seed = 0, Span<double> times = default)
    {
        const string Name = "DeviceTrainingPlan.Step";
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Guard.Length(images, Input, Name);
        Guard.Length(labels, Shape.Vector(Input.N), Name);
        if (!logits.IsEmpty)
        {
            Guard.Length(logits, Shape.Matrix(Input.N, Classes), Name);
        }

        Guard.That(times.IsEmpty || times.Length == Steps.Count, Name,
            $"times has {times.Length} elements, expected {Steps.Count}.");
        device.Write(images, lowered.Images.View);
        device.Write(labels, lowered.Labels.View);
        foreach (Counter counter in counters)
        {
            counter.Value++;
        }

        if (times.IsEmpty)
        {
            Launch(seed);
        }
        else
        {
            Timed(seed, times);
        }

        if (!logits.IsEmpty)
        {
            device.Read(lowered.Logits.View, logits);
        }

        float loss = 0f;
        device.Read(lowered.Loss.View, new Span<float>(ref loss));
        return loss;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            device.Synchronize();
            foreach (DeviceGraph? graph in recorded)
            {
                graph?.Dispose();
            }

            device.Return(arena);
        }
    }

    private void Launch(ulong seed)
    {
        int back = Array.FindIndex(runs, r => lowered.Steps[r.First].Phase == TrainingPhase.Backward);
        if (TimesPhases)
        {
            double forward = device.Time(() => LaunchRuns(0, back, seed));
            Phases = (forward, device.Time(() => LaunchRuns(back, runs.Length, seed)));
        }
        else
        {
            LaunchRuns(0, runs.Length, seed);
        }

        if (++taken == 1)
        {
            Record(); // Kernels and tables are there now.
        }
    }

    /// <summary>Records every run without coins. Nothing is computed by it.</summary>
    private void Record()
    {
        for (int r = 0; r < runs.Length; r++)
        {
            (int First, int Count) run = runs[r];
            if (!lowered.Steps[run.First].IsRandom)
            {
                recorded[r] = device.Capture(() => LaunchRun(run, 0));
            }
        }
    }

    private void LaunchRuns(int first, int end, ulong seed)
    {
        for (int r = first; r < end; r++)
        {
            if (recorded[r] is { } graph)
            {
                graph.Launch();
                continue;
            }

            LaunchRun(runs[r], seed);
        }
    }

    private void LaunchRun((int First, int Count) run, ulong seed)
    {
        for (int s = run.First; s < run.First + run.Count; s++)
        {
            lowered.Steps[s].Launch(seed);
        }
    }

    private void Timed(ulong seed, Span<double> times)
    {
        for (int s = 0; s < times.Length; s++)
        {
            DeviceTrainingStep step = lowered.Steps[s];
            times[s] = device.Time(() => step.Launch(seed));
        }
    }

    /// <summary>Runs of steps of one phase without coins, and each step with coins alone.</summary>
    private static IEnumerable<(int First, int Count)> Runs(IReadOnlyList<DeviceTrainingStep> steps)
    {
        for (int first = 0; first < steps.Count;)
        {
            int end = first + 1;
            while (!steps[first].IsRandom && end < steps.Count && !steps[end].IsRandom
                && steps[end].Phase == steps[first].Phase)
            {
                end++;
            }

            yield return (first, end - first);
            first = end;
        }
    }
}
