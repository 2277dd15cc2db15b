using System.Diagnostics;

namespace MuxKernels;

public abstract partial class Device : IDisposable
{
    /// <summary>Short name: <c>cpu</c>, <c>reference</c>, <c>meta</c>, <c>cuda:0</c> …</summary>
    public abstract string Name { get; }

    /// <summary>Whether there are numbers here; where there are none, operators are recorded and not
    /// computed.</summary>
    public virtual bool Computes => true;

    /// <summary>Memory from the device's pool; its contents are undefined.</summary>
    /// <exception cref="OutOfMemoryException">The device has not that much memory; the message has the
    /// sizes.</exception>
    public abstract DeviceBuffer Rent(int length);

    /// <summary>Gives memory back to the pool.</summary>
    public abstract void Return(DeviceBuffer buffer);

    /// <summary>Copies numbers of the host to the device.</summary>
    public abstract void Write(ReadOnlySpan<float> from, View to);

    /// <summary>Copies numbers of the device to the host; waits for what was launched before.</summary>
    public abstract void Read(View from, Span<float> to);

    /// <summary>Copies numbers of the host to the device, in double where the device works in double.</summary>
    public virtual void Write(ReadOnlySpan<double> from, View to)
    {
        float[] narrow = new float[from.Length];
        for (int i = 0; i < narrow.Length; i++)
        {
            narrow[i] = (float)from[i];
        }

        Write(narrow, to);
    }

    /// <summary>Copies numbers of the device to the host, in double where the device works in double.</summary>
    public virtual void Read(View from, Span<double> to)
    {
        float[] narrow = new float[from.Length];
        Read(from, narrow);
        for (int i = 0; i < narrow.Length; i++)
        {
            to[i] = narrow[i];
        }
    }

    /// <summary>Sets every element.</summary>
    public virtual void Fill(View to, float value) => Missing(nameof(Fill));

    /// <summary><c>to ← from</c> on the device.</summary>
    public virtual void Copy(View from, View to) => Missing(nameof(Copy));

    /// <summary><c>sum += x</c>.</summary>
    public virtual void Accumulate(View x, View sum) => Missing(nameof(Accumulate));

    /// <summary><c>Σ x²</c> in double, cut into bands by length, for the global norm of gradients.</summary>
    public virtual double SumOfSquares(View x)
    {
        Missing(nameof(SumOfSquares));
        return 0;
    }

    /// <summary>Waits until everything launched before is done.</summary>
    public virtual void Synchronize()
    {
    }

    /// <summary>Milliseconds that the device takes for what an action launches: by its own clock where it has one, else
    /// from the call to the end of the last launch.</summary>
    public virtual double Time(Action launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        Synchronize();
        long start = Stopwatch.GetTimestamp();
        launches();
        Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>What the device can do at best, measured now; null where nobody has written how.</summary>
    public virtual DeviceLimits? MeasureLimits() => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the device's memory and threads.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Called for an operation that the device has no body for.</summary>
    /// <exception cref="OperationMissingException">Always, on a device that computes.</exception>
    protected virtual void Missing(string operation) =>
        throw new OperationMissingException($"The device {Name} has no {operation} yet; run this on cpu.");
}
