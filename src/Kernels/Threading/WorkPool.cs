using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>A loop body over independent pieces of work. Pieces must not depend on each other's order, and what a
/// piece computes must not depend on the number of threads.</summary>
public interface IWork
{
    /// <summary>Does one piece.</summary>
    /// <param name="index">Which piece.</param>
    /// <param name="worker">Which thread does it, 0 … threads − 1: choose scratch memory by it, nothing else.</param>
    void Run(int index, int worker);
}

/// <summary>
/// Threads of one session: they spin for a moment, then park, and run loops without allocating. The calling thread
/// works too. One loop runs at a time; the pool is not re-entrant.
/// </summary>
public sealed unsafe class WorkPool : IDisposable
{
    private const int SpinRounds = 200;
    private const int YieldRounds = 100;

    private readonly Thread[] threads;
    private readonly SemaphoreSlim[] wake;
    private readonly int[] parked;
    private readonly Lock gate = new();
    private readonly int rounds;
    private delegate*<void*, int, int, void> body;
    private void* work;
    private int count;
    private int next;
    private int busy;
    private int generation;
    private volatile bool stopped;
    private Exception? failure;

    /// <summary>Starts <paramref name="threads"/> − 1 threads.</summary>
    /// <param name="threads">Threads that work together, the caller among them; 0 means one for each processor.</param>
    public WorkPool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        ThreadCount = threads == 0 ? Environment.ProcessorCount : threads;
        // More threads than processors would spin in each other's way.
        rounds = ThreadCount <= Environment.ProcessorCount ? SpinRounds + YieldRounds : 0;
        this.threads = new Thread[ThreadCount - 1];
        wake = new SemaphoreSlim[ThreadCount - 1];
        parked = new int[ThreadCount - 1];
        for (int t = 0; t < this.threads.Length; t++)
        {
            int id = t;
            wake[t] = new SemaphoreSlim(0);
            this.threads[t] = new Thread(() => Loop(id)) { IsBackground = true, Name = $"mux {t + 1}" };
            this.threads[t].Start();
        }
    }

    /// <summary>Threads that work together, the caller among them.</summary>
    public int ThreadCount { get; }

    /// <summary>Threads of a pool, or 1 for the calling thread alone.</summary>
    public static int Threads(WorkPool? pool) => pool?.ThreadCount ?? 1;

    /// <summary>Runs <c>work.Run(0, ·) … work.Run(count − 1, ·)</c>, on the calling thread alone where
    /// <paramref name="pool"/> is null.</summary>
    public static void For<TWork>(WorkPool? pool, int count, TWork work)
        where TWork : struct, IWork
    {
        if (pool is null || pool.threads.Length == 0 || count <= 1)
        {
            for (int i = 0; i < count; i++)
            {
                work.Run(i, 0);
            }

            return;
        }

        pool.Run(&Invoke<TWork>, Unsafe.AsPointer(ref work), count);
    }

    /// <summary>Stops and joins the threads.</summary>
    public void Dispose()
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        Interlocked.Increment(ref generation);
        for (int t = 0; t < threads.Length; t++)
        {
            wake[t].Release();
        }

        for (int t = 0; t < threads.Length; t++)
        {
            threads[t].Join();
            wake[t].Dispose();
        }
    }

    private static void Invoke<TWork>(void* work, int index, int worker)
        where TWork : struct, IWork => Unsafe.AsRef<TWork>(work).Run(index, worker);

    private void Run(delegate*<void*, int, int, void> run, void* state, int pieces)
    {
        ObjectDisposedException.ThrowIf(stopped, this);
        lock (gate)
        {
            body = run;
            work = state;
            (count, next, failure) = (pieces, 0, null);
            Volatile.Write(ref busy, threads.Length);
            Interlocked.Increment(ref generation);
            for (int t = 0; t < threads.Length; t++)
            {
                if (Interlocked.Exchange(ref parked[t], 0) == 1)
                {
                    wake[t].Release();
                }
            }

            Work(0);
            for (int round = 0; Volatile.Read(ref busy) != 0; round++)
            {
                if (round < rounds)
                {
                    Thread.SpinWait(10);
                }
                else
                {
                    Thread.Yield();
                }
            }

            if (failure is not null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    private void Work(int worker)
    {
        try
        {
            for (int i = Interlocked.Increment(ref next) - 1; i < count; i = Interlocked.Increment(ref next) - 1)
            {
                body(work, i, worker);
            }
        }
#pragma warning disable CA1031 // Whatever a piece throws is thrown again on the calling thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, e, null);
            Volatile.Write(ref next, int.MaxValue / 2);
        }
    }

    private void Loop(int id)
    {
        int seen = 0;
        while (true)
        {
            // Spin for some ten microseconds, then give the processor to whoever wants it, then park.
            for (int round = 0; Volatile.Read(ref generation) == seen && round < rounds; round++)
            {
                if (round < SpinRounds)
                {
                    Thread.SpinWait(10);
                }
                else
                {
                    Thread.Yield();
                }
            }

            if (Volatile.Read(ref generation) == seen)
            {
                Volatile.Write(ref parked[id], 1);
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref generation) == seen)
                {
                    wake[id].Wait();
                }
                else if (Interlocked.Exchange(ref parked[id], 0) == 0)
                {
                    wake[id].Wait(); // The caller has already released us: take the token.
                }
            }

            if (stopped)
            {
                return;
            }

            int now = Volatile.Read(ref generation);
            if (now == seen)
            {
                continue;
            }

            seen = now;
            Work(id + 1);
            Interlocked.Decrement(ref busy);
        }
    }
}
