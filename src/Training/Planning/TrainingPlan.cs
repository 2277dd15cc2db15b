using System.Diagnostics;
using System.Runtime.Intrinsics;
using MuxKernels.Autograd;
using MuxKernels.Inference;
using MuxKernels.Layers;

namespace MuxKernels.Training;

/// <summary>A step of a <see cref="TrainingPlan"/>.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Phase">Where it belongs.</param>
/// <param name="MultiplyAdds">Multiply-adds for the batch; of both gradients on the way back.</param>
public readonly record struct TrainingPlanStep(string Name, TrainingPhase Phase, long MultiplyAdds);

/// <summary>
/// A prepared training step of a network: forward with batch statistics, cross-entropy, and all gradients, on
/// channel-blocked maps from the stem to the head in both directions. Of every convolution only the result before batch
/// normalisation is stored; normalisation, activation and gate are computed again where they are read. Results agree
/// with the recorded session's within rounding and have the same bits for every number of threads.
/// </summary>
/// <remarks>The plan reads the network's parameters where they are and adds to their gradients; it is for one batch
/// shape and one thread at a time.</remarks>
public sealed unsafe class TrainingPlan : ITrainingPlan
{
    /// <summary>Bytes of a map up to which <see cref="Recompute.Auto"/> keeps its sigmoids.</summary>
    public const long KeptBytesOfMap = 8 << 20;

    private readonly LoweredTraining lowered;
    private readonly AlignedBuffer<float> arena;
    private readonly AlignedBuffer<float> scratch;
    private readonly AlignedBuffer<float> shared;
    private readonly WorkPool? pool;
    private readonly TrainingContext context;
    private readonly Counter[] counters;
    private bool isDisposed;

    private TrainingPlan(LoweredTraining lowered, CpuDevice device, Shape input, int classes, Counter[] counters)
    {
        this.counters = counters;
        (this.lowered, Input, Classes) = (lowered, input, classes);
        long length = ArenaPlanner.Place(lowered.Regions);
        arena = new AlignedBuffer<float>(length);
        TrainingStep[] steps = [.. lowered.Forward, .. lowered.Backward];
        long most = steps.Max(s => s.ScratchLength);
        most = (most + 31) / 16 * 16;
        pool = device.Work;
        scratch = new AlignedBuffer<float>(most * WorkPool.Threads(pool));
        shared = new AlignedBuffer<float>(Math.Max(16, steps.Max(s => s.SharedLength)));
        lowered.Numbers.Allocate();
        foreach (Action prepare in lowered.Prepare)
        {
            prepare();
        }

        context = new TrainingContext(pool, arena.Pointer, scratch.Pointer, most, shared.Pointer);
        Steps =
        [
            new TrainingPlanStep("weights", TrainingPhase.Pack, 0),
            .. lowered.Forward.Select(Describe),
            .. lowered.Backward.Select(Describe),
        ];
    }

    /// <summary>Shape of a batch.</summary>
    public Shape Input { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>The steps, in their order.</summary>
    public IReadOnlyList<TrainingPlanStep> Steps { get; }

    /// <summary>Bytes of maps.</summary>
    public long ArenaBytes => (long)arena.Length * sizeof(float);

    /// <summary>Bytes of maps, scratch, packed weights and sums.</summary>
    public long Bytes => ArenaBytes + ((long)scratch.Length + shared.Length) * sizeof(float)
        + lowered.Numbers.Bytes;

    /// <summary>Prepares a training step.</summary>
    /// <param name="network">A network with memory on a processor; the plan keeps it.</param>
    /// <param name="input">Shape of a batch, <c>[N, C, H, W]</c>.</param>
    /// <param name="smoothing">Label smoothing of the cross-entropy.</param>
    /// <param name="recompute">Whether normalisation and swish are computed again where a map is read.</param>
    /// <exception cref="NotSupportedException">The network has an operation without a form on channel-blocked maps, or
    /// is on another device: train it by a session.</exception>
    public static TrainingPlan Of(MuxNet network, Shape input, float smoothing = 0f,
        Recompute recompute = Recompute.Auto) => Of(network, input, smoothing, Lanes(), recompute);

    internal static TrainingPlan Of(MuxNet network, Shape input, float smoothing, int lanes,
        Recompute recompute = Recompute.Auto)
    {
        if (network.Store?.Device is not CpuDevice device)
        {
            throw new NotSupportedException("A training plan needs a network with memory on the processor.");
        }

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

        RecordGraph graph = new(session.Record, loss);
        NumberPool numbers = new();
        try
        {
            LoweredTraining lowered = lanes switch
            {
                16 => TrainingLowering<Simd512, Vector512<float>>.Of(graph, x, numbers, recompute),
                8 => TrainingLowering<Simd256, Vector256<float>>.Of(graph, x, numbers, recompute),
                _ => TrainingLowering<Simd128, Vector128<float>>.Of(graph, x, numbers, recompute),
            };
            return new TrainingPlan(lowered, device, input, logits.Shape.C, counters);
        }
        catch
        {
            numbers.Dispose();
            throw;
        }
    }

    /// <summary>One step: the loss of a batch; gradients of all parameters are added to what is there, running
    /// statistics move on.</summary>
    /// <param name="images">The batch.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="logits">Where the logits go, <c>[N, K]</c>; empty if nobody wants them.</param>
    /// <param name="seed">Seed of dropout's coins.</param>
    /// <param name="times">Where the milliseconds of each of <see cref="Steps"/> go; empty if nobody wants
    /// them.</param>
    /// <returns>The mean loss.</returns>
    public float Step(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<float> logits = default,
        ulong seed = 0, Span<double> times = default)
    {
        Check(images, labels);
        if (!logits.IsEmpty)
        {
            Guard.Length(logits, Shape.Matrix(Input.N, Classes), "TrainingPlan.Step");
        }

        if (!times.IsEmpty && times.Length != Steps.Count)
        {
            Guard.Fail($"TrainingPlan.Step: times has {times.Length} elements, expected {Steps.Count}.");
        }

        return Run(images, labels, logits, seed, times);
    }

    /// <summary>Times each step.</summary>
    /// <param name="images">The batch.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="runs">Training steps.</param>
    /// <returns>Median milliseconds of each of <see cref="Steps"/>.</returns>
    /// <remarks>Gradients and running statistics move on as by <see cref="Step"/>.</remarks>
    public double[] Profile(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, int runs)
    {
        Check(images, labels);
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        double[][] all = [.. Steps.Select(_ => new double[runs])];
        double[] once = new double[Steps.Count];
        for (int run = 0; run < runs; run++)
        {
            Run(images, labels, default, 0, once);
            for (int s = 0; s < once.Length; s++)
            {
                all[s][run] = once[s];
            }
        }

        foreach (double[] each in all)
        {
            Array.Sort(each);
        }

        return [.. all.Select(t => t[t.Length / 2])];
    }

    private float Run(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, Span<float> logits, ulong seed,
        Span<double> times)
    {
        long start = Stopwatch.GetTimestamp();
        int done = 0;
        fixed (float* px = images, plabels = labels)
        {
            context.Images = px;
            context.Labels = plabels;
            context.Seed = seed;
            context.IsBackward = false;
            foreach (Counter counter in counters)
            {
                counter.Value++;
            }

            WorkPool.For(pool, lowered.Pack.Length, new PackJob(lowered.Pack));
            Lap(ref start, ref done, times);
            foreach (TrainingStep step in lowered.Forward)
            {
                step.Run(context);
                Lap(ref start, ref done, times);
            }

            lowered.Logits.Span[..logits.Length].CopyTo(logits);
            context.IsBackward = true;
            foreach (TrainingStep step in lowered.Backward)
            {
                step.Run(context);
                Lap(ref start, ref done, times);
            }

            return context.Loss;
        }
    }

    private static void Lap(ref long start, ref int done, Span<double> times)
    {
        if (!times.IsEmpty)
        {
            long now = Stopwatch.GetTimestamp();
            times[done++] = Stopwatch.GetElapsedTime(start, now).TotalMilliseconds;
            start = now;
        }
    }

    private void Check(ReadOnlySpan<float> images, ReadOnlySpan<float> labels)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Guard.Length(images, Input, "TrainingPlan.Step");
        Guard.Length(labels, Shape.Vector(Input.N), "TrainingPlan.Step");
    }

    private static TrainingPlanStep Describe(TrainingStep step) => new(step.Name, step.Phase, step.MultiplyAdds);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            arena.Dispose();
            scratch.Dispose();
            shared.Dispose();
            lowered.Numbers.Dispose();
        }
    }

    private static int Lanes() => Simd512.IsSupported ? 16 : Simd256.IsSupported ? 8 : 4;

    private readonly struct PackJob(Action[] actions) : IWork
    {
        public void Run(int index, int worker) => actions[index]();
    }
}
