using System.Runtime.Intrinsics.X86;

namespace MuxKernels.Inference;

/// <summary>
/// Runs the steps of a plan. As many images as fill all workers go one to a worker, without waiting for one another;
/// the rest are shared, step by step. Which worker does an item changes nothing about its numbers.
/// </summary>
internal sealed unsafe class PlanExecution : IDisposable
{
    /// <summary>Ints between two counters: two cache lines, so that neighbours do not disturb one another.</summary>
    private const int Apart = 32;

    private const int SpinRounds = 4000;

    private readonly Step[] steps;
    private readonly TailStep? tail;
    private readonly int workers;
    private readonly long arenaLength;
    private readonly int scratchLength;
    private readonly int tailLength;
    private readonly (long X, long Y) image;
    private readonly AlignedBuffer<float> arenas;
    private readonly AlignedBuffer<float> scratch;
    private readonly AlignedBuffer<float> tails;
    private readonly AlignedBuffer<int> counters;
    private readonly int stepCounters;
    private float* input;
    private float* output;
    private int images;
    private int whole;
    private int failed;

    public PlanExecution(LoweredPlan plan, Shape input, Shape output, int workers)
    {
        (steps, tail, this.workers) = ([.. plan.Steps], plan.Tail, workers);
        arenaLength = ArenaPlanner.Place(plan.Regions);
        plan.Store.Fill();
        FetchAhead(plan);
        scratchLength = steps.Max(s => s.ScratchLength) / 16 * 16 + 32;
        tailLength = (int)(plan.TailInput?.Length ?? 0);
        image = (input.ImageLength, output.Rank == 4 ? output.ImageLength : output.C);
        // Workers that never have an image of their own need no arena.
        int arenaCount = input.N >= workers ? workers : 1;
        arenas = new AlignedBuffer<float>(arenaCount * arenaLength);
        scratch = new AlignedBuffer<float>((long)workers * scratchLength);
        tails = new AlignedBuffer<float>((long)input.N * tailLength);
        stepCounters = workers + 1;
        counters = new AlignedBuffer<int>(((long)stepCounters * steps.Length + 4) * Apart);
    }

    /// <summary>Bytes of activations and scratch.</summary>
    public long Bytes => sizeof(float) * ((long)arenas.Length + scratch.Length + tails.Length)
        + sizeof(int) * (long)counters.Length;

    /// <summary>Runs n images.</summary>
    public void Run(WorkPool? pool, float* x, float* y, int n)
    {
        input = x;
        output = y;
        images = n;
        whole = n >= workers ? n / workers * workers : 0;
        failed = 0;
        counters.Span.Clear();
        WorkPool.For(pool, workers, new Work(this));
    }

    /// <summary>Runs one step for the first image, all items, on the calling thread.</summary>
    public void RunStep(int step, float* x, float* y)
    {
        input = x;
        output = y;
        images = 1;
        if (step == steps.Length)
        {
            RunTail(0, tail!.Items);
            return;
        }

        StepContext c = Context(0, 0, 0);
        for (int item = 0; item < steps[step].Items; item++)
        {
            steps[step].Run(item, c);
        }
    }

    public void Dispose()
    {
        arenas.Dispose();
        scratch.Dispose();
        tails.Dispose();
        counters.Dispose();
    }

    /// <summary>Each step with arithmetic enough fetches the weights up to the end of the next such step: they come
    /// from memory far slower than they are used, and the second cache holds them until then.</summary>
    private void FetchAhead(LoweredPlan plan)
    {
        const long MostFloats = 400_000;
        long end = plan.Store.Position;
        for (int s = steps.Length - 1; s >= 0; s--)
        {
            if (steps[s].Fetches)
            {
                long start = steps[s].PackedEnd;
                steps[s].Ahead = new Ahead(plan.Store.Memory.Pointer + start, Math.Min(end - start, MostFloats));
                end = start;
            }
        }
    }

    private StepContext Context(int imageIndex, int arena, int worker) => new(arenas.Pointer + arena * arenaLength,
        scratch.Pointer + (long)worker * scratchLength, input + imageIndex * image.X, output + imageIndex * image.Y,
        tails.Pointer + (long)imageIndex * tailLength, worker);

    private void RunWorker(int worker)
    {
        try
        {
            int* claims = counters.Pointer + stepCounters * steps.Length * Apart;
            int* arrivals = claims + Apart;
            for (int i = Next(claims); i < whole; i = Next(claims))
            {
                StepContext c = Context(i, worker, worker);
                foreach (Step step in steps)
                {
                    for (int item = 0; item < step.Items; item++)
                    {
                        step.Run(item, c);
                    }
                }
            }

            int meetings = 0;
            for (int i = whole; i < images; i++)
            {
                RunTogether(i, worker, arrivals, ref meetings);
            }

            if (tail is not null)
            {
                Meet(arrivals, ref meetings);
                int* items = claims + 2 * Apart;
                for (int item = Next(items); item < tail.Items; item = Next(items))
                {
                    RunTail(item, item + 1);
                }
            }
        }
        catch
        {
            Volatile.Write(ref failed, 1); // The others wait for nobody any more.
            throw;
        }
    }

    /// <summary>One image, step by step, items shared. A step begins when all items of the one before are
    /// done.</summary>
    private void RunTogether(int imageIndex, int worker, int* arrivals, ref int meetings)
    {
        if (imageIndex > whole)
        {
            Meet(arrivals, ref meetings);
            if (worker == 0)
            {
                new Span<int>(counters.Pointer, stepCounters * steps.Length * Apart).Clear();
            }
        }

        Meet(arrivals, ref meetings);
        StepContext c = Context(imageIndex, 0, worker);
        for (int s = 0; s < steps.Length; s++)
        {
            Step step = steps[s];
            int* next = counters.Pointer + s * stepCounters * Apart;
            int* finished = next + workers * Apart;
            int count = 0;

            // First the own run of items, whose rows the worker has in its caches, then what others have not begun.
            for (int w = 0; w < workers; w++)
            {
                int owner = worker + w < workers ? worker + w : worker + w - workers;
                int first = step.Items * owner / workers, end = step.Items * (owner + 1) / workers;
                for (int item = first + Next(next + owner * Apart); item < end;
                    item = first + Next(next + owner * Apart))
                {
                    step.Run(item, c);
                    count++;
                }
            }

            if (count > 0)
            {
                Interlocked.Add(ref *finished, count);
            }

            Await(finished, step.Items);
        }
    }

    private void RunTail(int first, int end)
    {
        for (int item = first; item < end; item++)
        {
            tail!.Run(item, tails.Pointer, tailLength, images, output);
        }
    }

    private static int Next(int* counter) => Interlocked.Increment(ref *counter) - 1;

    /// <summary>Waits until every worker has come here.</summary>
    private void Meet(int* arrivals, ref int meetings)
    {
        meetings++;
        Interlocked.Increment(ref *arrivals);
        Await(arrivals, meetings * workers);
    }

    private void Await(int* counter, int value)
    {
        for (int round = 0; Volatile.Read(ref *counter) < value && Volatile.Read(ref failed) == 0; round++)
        {
            if (round >= SpinRounds)
            {
                Thread.Yield();
            }
            else if (X86Base.IsSupported)
            {
                X86Base.Pause();
            }
            else
            {
                Thread.SpinWait(1);
            }
        }
    }

    private readonly struct Work(PlanExecution owner) : IWork
    {
        public void Run(int index, int worker) => owner.RunWorker(index);
    }
}
