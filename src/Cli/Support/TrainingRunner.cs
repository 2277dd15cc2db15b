using System.Diagnostics;
using MuxKernels.Autograd;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>Training steps of a network for batches of one shape, by a plan or layer by layer: forward,
/// backward, clipping, SGD with momentum, gradients set to zero.</summary>
internal sealed class TrainingRunner : IDisposable
{
    private const double ClipNorm = 5;

    private readonly MuxNet network;
    private readonly Device device;
    private readonly Sgd optimizer;

    private TrainingRunner(MuxNet network, Device device, ITrainingPlan? plan, string? obstacle, double timeToPlanMs)
    {
        (this.network, this.device, Plan, Obstacle, TimeToPlanMs) = (network, device, plan, obstacle, timeToPlanMs);
        optimizer = new Sgd(network.Store!, 0.001, 0.9, 4e-5);
        StepTimes = new double[plan?.Steps.Count ?? 0];
    }

    /// <summary>The plan; null where the network is trained layer by layer.</summary>
    public ITrainingPlan? Plan { get; }

    /// <summary>Why there is no plan although one was wanted; null for no reason.</summary>
    public string? Obstacle { get; }

    /// <summary>Time it took to make the plan.</summary>
    public double TimeToPlanMs { get; }

    /// <summary>Whether <see cref="StepTimes"/> are wanted where asking for them slows the steps down: on devices.
    /// </summary>
    public bool KeepsSteps { get; set; }

    /// <summary>Milliseconds of each step of the plan in the last training step.</summary>
    public double[] StepTimes { get; }

    /// <summary>A network to train.</summary>
    /// <param name="engine">How it is trained if it can be.</param>
    /// <param name="network">The network, with memory on the device.</param>
    /// <param name="device">The device.</param>
    /// <param name="shape">Shape of a batch.</param>
    /// <param name="recompute">Whether a plan computes normalisation and swish again where it reads a map.</param>
    public static TrainingRunner Of(Engine engine, MuxNet network, Device device, Shape shape,
        Recompute recompute = Recompute.Auto)
    {
        if (engine == Engine.Eager)
        {
            return new TrainingRunner(network, device, null, null, 0);
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            ITrainingPlan plan = TrainingPlans.Of(network, shape, recompute: recompute);
            return new TrainingRunner(network, device, plan, null,
                Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        catch (NotSupportedException e)
        {
            return new TrainingRunner(network, device, null, e.Message, 0);
        }
    }

    /// <summary>One training step.</summary>
    /// <param name="shape">Shape of the batch.</param>
    /// <param name="images">The batch.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="logits">Where the logits go, <c>[N, K]</c>.</param>
    /// <returns>The loss, and where the time went.</returns>
    public (float Loss, PhaseTimes Times) Step(Shape shape, float[] images, float[] labels, float[] logits)
    {
        (float loss, PhaseTimes times) = Plan is null
            ? Eager(shape, images, labels, logits)
            : Planned(Plan, images, labels, logits);
        long start = Stopwatch.GetTimestamp();
        optimizer.Step(ClipNorm); // It leaves the gradients zero for the next step.
        device.Synchronize();
        return (loss, times with { Optimizer = Stopwatch.GetElapsedTime(start).TotalMilliseconds });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Plan?.Dispose();
        optimizer.Dispose();
    }

    private (float Loss, PhaseTimes Times) Planned(ITrainingPlan plan, float[] images, float[] labels, float[] logits)
    {
        if (plan is DeviceTrainingPlan own && !KeepsSteps)
        {
            own.TimesPhases = true;
            float value = own.Step(images, labels, logits, seed: 1);
            return (value, default(PhaseTimes) with { Forward = own.Phases.Forward, Backward = own.Phases.Backward });
        }

        float loss = plan.Step(images, labels, logits, seed: 1, StepTimes);
        PhaseTimes times = default;
        for (int i = 0; i < StepTimes.Length; i++)
        {
            double ms = StepTimes[i];
            times = plan.Steps[i].Phase switch
            {
                TrainingPhase.Pack => times with { Pack = times.Pack + ms },
                TrainingPhase.Forward => times with { Forward = times.Forward + ms },
                _ => times with { Backward = times.Backward + ms },
            };
        }

        return (loss, times);
    }

    private (float Loss, PhaseTimes Times) Eager(Shape shape, float[] images, float[] labels, float[] logits)
    {
        long start = Stopwatch.GetTimestamp();
        using Session session = new(device, training: true, record: true, seed: 1);
        Tensor y = network.Invoke(session.Input(shape, images));
        Tensor loss = y.CrossEntropy(labels);
        device.Read(y.Data, logits);
        float value = loss.ToArray()[0];
        long middle = Stopwatch.GetTimestamp();
        session.Backward(loss);
        session.Clear();
        device.Synchronize();
        return (value, default(PhaseTimes) with
        {
            Forward = Stopwatch.GetElapsedTime(start, middle).TotalMilliseconds,
            Backward = Stopwatch.GetElapsedTime(middle).TotalMilliseconds,
        });
    }
}

/// <summary>Milliseconds of the parts of a training step.</summary>
/// <param name="Data">Preparation of the batch on one thread; a training does it in the background.</param>
/// <param name="Pack">Packing of the weights.</param>
/// <param name="Forward">From the images to the loss.</param>
/// <param name="Backward">From the loss to the gradients.</param>
/// <param name="Optimizer">Clipping, step, gradients set to zero.</param>
internal readonly record struct PhaseTimes(double Data, double Pack, double Forward, double Backward, double Optimizer)
{
    /// <summary>The training step without the preparation of the batch.</summary>
    public double Step => Pack + Forward + Backward + Optimizer;
}
