using System.Diagnostics;
using System.Runtime.Intrinsics;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Inference;

/// <summary>
/// A network prepared for inference on the processor: its record turned into a flat list of fused steps on
/// channel-blocked maps, with packed weights and one arena. A call allocates nothing; results have the same bits for
/// every number of threads. The plan keeps no reference to the network.
/// </summary>
/// <remarks>One call at a time; make a plan for each thread that runs networks side by side.</remarks>
public sealed unsafe class InferencePlan : INetworkPlan
{
    private readonly LoweredPlan plan;
    private readonly PlanExecution execution;
    private readonly WorkPool? pool;
    private readonly int minBatch;
    private int running;
    private bool isDisposed;

    private InferencePlan(Shape input, Shape output, LoweredPlan plan, int threads, int minBatch)
    {
        (Input, Output, this.plan, this.minBatch) = (input, output, plan, minBatch);
        execution = new PlanExecution(plan, input, output, threads);
        pool = threads == 1 ? null : new WorkPool(threads);
        Steps = [.. plan.Steps.Concat(plan.Tail is { } tail ? [tail] : []).Select(Describe)];
    }

    /// <summary>Shape of the input, with the largest batch.</summary>
    public Shape Input { get; }

    /// <summary>Shape of the output, with the largest batch.</summary>
    public Shape Output { get; }

    /// <summary>The steps, in order.</summary>
    public IReadOnlyList<PlanStep> Steps { get; }

    /// <summary>Threads that work together.</summary>
    public int Threads => WorkPool.Threads(pool);

    /// <summary>Bytes of packed weights and tables.</summary>
    public long WeightBytes => plan.Store.Bytes;

    /// <summary>Bytes of activations and scratch of all threads.</summary>
    public long ArenaBytes => execution.Bytes;

    /// <summary>All bytes that the plan owns.</summary>
    public long Bytes => WeightBytes + ArenaBytes;

    /// <summary>Prepares a network.</summary>
    /// <param name="network">The network, with weights.</param>
    /// <param name="input">Shape of its input; N is the largest batch of a call.</param>
    /// <param name="options">Threads and batches; null for one thread and a fixed batch.</param>
    /// <exception cref="ShapeException">The network does not take this shape, or the batch is out of range.</exception>
    /// <exception cref="InvalidOperationException">The network has no weights yet.</exception>
    public static InferencePlan Of(Module network, Shape input, PlanOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        options ??= new PlanOptions();
        Guard.Positive(input, nameof(InferencePlan));
        Guard.That(options.MinBatch >= 0 && options.MinBatch <= input.N, nameof(InferencePlan),
            $"MinBatch is {options.MinBatch}, expected 0 … {input.N}, the batch of the input {input}.");
        Guard.That(options.Threads is >= 0 and <= 1024, nameof(InferencePlan),
            $"Threads is {options.Threads}, expected 0 … 1024.");
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        using MetaDevice device = new();
        using Session session = new(device, training: false, record: true);
        Tensor x = session.Placeholder(input with { N = 1 });
        Tensor y = network.Invoke(x);
        Guard.That(y.Shape.N == 1, nameof(InferencePlan),
            $"the network gives {y.Shape} for one image {x.Shape}, expected one result for each image.");
        RecordGraph graph = new(session.Record, y);
        int lanes = options.Lanes != 0 ? options.Lanes : MachineProbe.VectorLanes;
        LoweredPlan plan = lanes switch
        {
            16 => Lowering<Simd512, Vector512<float>>.Of(graph, x, threads),
            8 => Lowering<Simd256, Vector256<float>>.Of(graph, x, threads),
            _ => Lowering<Simd128, Vector128<float>>.Of(graph, x, threads),
        };
        Shape output = y.Shape.Rank == 4 ? y.Shape with { N = input.N } : Shape.Matrix(input.N, y.Shape.C);
        try
        {
            return new InferencePlan(input, output, plan, threads, options.MinBatch == 0 ? input.N : options.MinBatch);
        }
        catch
        {
            plan.Store.Dispose();
            plan.Device?.Dispose();
            throw;
        }
    }

    /// <summary>Runs the network.</summary>
    /// <param name="x">Images, [n, C, H, W], n within the plan's range.</param>
    /// <param name="y">Results of the same n images.</param>
    /// <exception cref="ShapeException">Another number of values.</exception>
    /// <exception cref="InvalidOperationException">The plan is running on another thread.</exception>
    public void Run(ReadOnlySpan<float> x, Span<float> y)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        int n = Batch(x, y);
        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            throw new InvalidOperationException(
                "This plan is running on another thread; make a plan for each thread.");
        }

        try
        {
            fixed (float* px = x, py = y)
            {
                execution.Run(pool, px, py, n);
            }
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    /// <summary>Time of each step, the median of several runs on the calling thread, image by image.</summary>
    /// <param name="x">One image.</param>
    /// <param name="runs">Number of runs.</param>
    /// <returns>Milliseconds of each of <see cref="Steps"/>.</returns>
    public double[] Profile(ReadOnlySpan<float> x, int runs)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Guard.Length(x, Input with { N = 1 }, "InferencePlan.Profile");
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        double[][] times = [.. Steps.Select(_ => new double[runs])];
        float[] y = new float[Output.ImageLength];
        fixed (float* px = x, py = y)
        {
            for (int run = 0; run < runs; run++)
            {
                for (int s = 0; s < times.Length; s++)
                {
                    long start = Stopwatch.GetTimestamp();
                    execution.RunStep(s, px, py);
                    times[s][run] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                }
            }
        }

        foreach (double[] each in times)
        {
            Array.Sort(each);
        }

        return [.. times.Select(t => t[t.Length / 2])];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            pool?.Dispose();
            execution.Dispose();
            plan.Store.Dispose();
            plan.Device?.Dispose();
        }
    }

    private static PlanStep Describe(Step s) => new(s.Name, s.Kind, s.Layout, s.Tile, s.MultiplyAdds,
        s.VectorMultiplyAdds == 0 ? 1 : (double)s.MultiplyAdds / s.VectorMultiplyAdds, s.Activations, s.Bytes,
        s.IsMovement);

    private int Batch(ReadOnlySpan<float> x, Span<float> y)
    {
        long image = Input.ImageLength;
        int n = (int)(x.Length / image);
        if (x.Length % image != 0 || n < minBatch || n > Input.N)
        {
            Guard.That(false, "InferencePlan.Run", $"x has {x.Length} elements, expected those of "
                + (minBatch == Input.N ? $"{Input}." : $"{minBatch} … {Input.N} images {Input with { N = 1 }}."));
        }

        Guard.Length(y, Output.Rank == 2 ? Shape.Matrix(n, Output.C) : Output with { N = n }, "InferencePlan.Run");
        Guard.NoOverlap(x, y, "InferencePlan.Run");
        return n;
    }
}
