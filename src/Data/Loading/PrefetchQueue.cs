using System.Runtime.ExceptionServices;

namespace MuxKernels.Data;

/// <summary>
/// Makes the batches of one epoch on threads of its own, at most <c>prefetch</c> of them ahead of the consumer. Which
/// thread makes a batch is left to chance; what is in it and the order in which they are handed out are not.
/// </summary>
internal sealed class PrefetchQueue : IDisposable
{
    private readonly object gate = new();
    private readonly Loader loader;
    private readonly int epoch;
    private readonly int[] order;
    private readonly CancellationToken outer;
    private readonly CancellationTokenSource stop;
    private readonly CancellationTokenRegistration wake;
    private readonly Dictionary<int, Batch> ready = [];
    private readonly Thread[] threads;
    private readonly Dictionary<int, ExceptionDispatchInfo> failed = [];
    private int next, taken;

    public PrefetchQueue(Loader loader, int epoch, CancellationToken cancellation)
    {
        (this.loader, this.epoch, outer) = (loader, epoch, cancellation);
        order = loader.Order(epoch);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        wake = stop.Token.Register(Wake);
        threads = new Thread[Math.Min(loader.Options.Threads, Math.Max(1, loader.Batches))];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = $"MuxKernels loader {i}" };
            threads[i].Start(loader.NewScratch());
        }
    }

    /// <summary>Waits for a batch; an error of the thread that made it surfaces here.</summary>
    public Batch Take(int number)
    {
        lock (gate)
        {
            Batch? batch;
            while (!ready.Remove(number, out batch))
            {
                outer.ThrowIfCancellationRequested();
                if (failed.TryGetValue(number, out ExceptionDispatchInfo? error))
                {
                    error.Throw();
                }

                Monitor.Wait(gate);
            }

            taken = number + 1;
            Monitor.PulseAll(gate);
            return batch;
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        wake.Dispose();
        stop.Dispose();
        foreach (Batch batch in ready.Values)
        {
            loader.Return(batch);
        }
    }

    private void Work(object? scratch)
    {
        while (Claim() is int number)
        {
            try
            {
                Batch batch = loader.Rent(number);
                loader.Fill(batch, epoch, order, (float[])scratch!, stop.Token);
                lock (gate)
                {
                    ready.Add(number, batch);
                }
            }
            catch (Exception e)
            {
                // Thrown again where the batch is asked for; after a cancellation nobody asks.
                lock (gate)
                {
                    failed.Add(number, ExceptionDispatchInfo.Capture(e));
                }
            }

            Wake();
        }
    }

    /// <summary>Number of the next batch to make, once there is room for it; null when there is nothing left to do.
    /// </summary>
    private int? Claim()
    {
        lock (gate)
        {
            while (next < loader.Batches && next >= taken + loader.Options.Prefetch && !stop.IsCancellationRequested)
            {
                Monitor.Wait(gate);
            }

            return next < loader.Batches && !stop.IsCancellationRequested ? next++ : null;
        }
    }

    private void Wake()
    {
        lock (gate)
        {
            Monitor.PulseAll(gate);
        }
    }
}
