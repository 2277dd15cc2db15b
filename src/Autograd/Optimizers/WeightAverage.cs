namespace MuxKernels.Autograd;

/// <summary>
/// Exponential moving average of a network's trained numbers and of its buffers (running statistics):
/// <c>a ← d·a + (1 − d)·p</c> after each step, with <c>d = min(decay, (1 + t)/(10 + t))</c> at step t = 0, 1, …, so
/// that a young average forgets where training began. An optimizer moves it on (<see cref="Optimizer.Average"/>).
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private bool isDisposed;

    /// <summary>An average that begins with what the network has now.</summary>
    /// <param name="store">The network's memory.</param>
    /// <param name="decay">What the average keeps at a step in the long run; above 0, below 1.</param>
    public WeightAverage(ParameterStore store, double decay)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (!(decay is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "Expected a number above 0 and below 1.");
        }

        (Store, Decay) = (store, decay);
        Values = store.Device.Rent(store.Values.Length).View;
        Buffers = store.Device.Rent(store.Buffers.Length).View;
        store.Device.Copy(store.Values, Values);
        store.Device.Copy(store.Buffers, Buffers);
    }

    /// <summary>The network's memory.</summary>
    public ParameterStore Store { get; }

    /// <summary>What the average keeps at a step in the long run.</summary>
    public double Decay { get; }

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>What the average keeps at the next step.</summary>
    public double NextDecay => Math.Min(Decay, (1.0 + Steps) / (10.0 + Steps));

    /// <summary>Averages of the trained numbers; those of training while <see cref="IsSwapped"/>.</summary>
    public View Values { get; }

    /// <summary>Averages of the buffers; those of training while <see cref="IsSwapped"/>.</summary>
    public View Buffers { get; }

    /// <summary>Whether the network has the averages, and the average the numbers of training.</summary>
    public bool IsSwapped { get; private set; }

    /// <summary>Changes the network's numbers for the averages, or back; no bit is lost.</summary>
    public void Swap()
    {
        Exchange(Store.Values, Values);
        Exchange(Store.Buffers, Buffers);
        IsSwapped = !IsSwapped;
    }

    /// <summary>Goes on after a checkpoint was loaded into <see cref="Values"/> and <see cref="Buffers"/>.</summary>
    public void Resume(long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        Steps = steps;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            Store.Device.Return(Values.Buffer!);
            Store.Device.Return(Buffers.Buffer!);
        }
    }

    /// <summary>Called after the optimizer's pass, which has moved the averages of the trained numbers on.</summary>
    internal void Move()
    {
        Store.Device.MovingAverageUpdate(new MovingAverage.Args(Buffers.Length, NextDecay), Store.Buffers, Buffers);
        Steps++;
    }

    private void Exchange(View a, View b)
    {
        DeviceBuffer kept = Store.Device.Rent(a.Length);
        Store.Device.Copy(a, kept.View);
        Store.Device.Copy(b, a);
        Store.Device.Copy(kept.View, b);
        Store.Device.Return(kept);
    }
}
