namespace MuxKernels;

/// <summary>Free buffers by length. Networks ask for the same lengths step after step; similar lengths share a
/// capacity class.</summary>
/// <typeparam name="TBuffer">A device's memory.</typeparam>
public sealed class BufferPool<TBuffer>
    where TBuffer : class
{
    private readonly SortedDictionary<int, Stack<TBuffer>> free = [];

    /// <summary>A free buffer of exactly this capacity, or null.</summary>
    public TBuffer? TryTake(int capacity)
    {
        lock (free)
        {
            return free.TryGetValue(capacity, out Stack<TBuffer>? stack) && stack.Count > 0 ? stack.Pop() : null;
        }
    }

    /// <summary>Puts a buffer back.</summary>
    public void Put(int capacity, TBuffer buffer)
    {
        lock (free)
        {
            if (!free.TryGetValue(capacity, out Stack<TBuffer>? stack))
            {
                free.Add(capacity, stack = new Stack<TBuffer>());
            }

            stack.Push(buffer);
        }
    }

    /// <summary>Takes out everything, to be freed.</summary>
    public IReadOnlyList<TBuffer> Drain()
    {
        lock (free)
        {
            List<TBuffer> all = [.. free.Values.SelectMany(s => s)];
            free.Clear();
            return all;
        }
    }

    /// <summary>Capacity class of a length: up to 1/8 above it, so that similar lengths share buffers.</summary>
    public static int Capacity(int length)
    {
        if (length <= 64)
        {
            return 64;
        }

        int step = 1 << Math.Max(4, 31 - System.Numerics.BitOperations.LeadingZeroCount((uint)length) - 3);
        long rounded = ((long)length + step - 1) / step * step;
        return (int)Math.Min(rounded, int.MaxValue);
    }
}
