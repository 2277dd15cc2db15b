namespace MuxKernels;

/// <summary>The processor: float32, NCHW, the span kernels on a pool of threads.</summary>
public sealed partial class CpuDevice : Device
{
    private readonly BufferPool<AlignedBuffer<float>> pool = new();
    private readonly WorkPool? work;
    private bool isDisposed;

    /// <summary>One for each thread that calls: two sessions may compute at once.</summary>
    private readonly ThreadLocal<AlignedBuffer<float>?> scratch = new(trackAllValues: true);

    /// <summary>A device with its own threads.</summary>
    /// <param name="threads">Threads that work together; 0 means one for each processor.</param>
    public CpuDevice(int threads = 0)
    {
        int count = threads == 0 ? Environment.ProcessorCount : threads;
        work = count == 1 ? null : new WorkPool(count);
        Threads = count;
    }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <summary>Threads that work together.</summary>
    public int Threads { get; }

    /// <summary>The device's threads; null means the calling thread alone.</summary>
    public WorkPool? Work => work;

    /// <inheritdoc/>
    public override DeviceBuffer Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int capacity = BufferPool<AlignedBuffer<float>>.Capacity(length);
        return new CpuBuffer(this, length, pool.TryTake(capacity) ?? new AlignedBuffer<float>(capacity));
    }

    /// <inheritdoc/>
    public override void Return(DeviceBuffer buffer)
    {
        CpuBuffer cpu = (CpuBuffer)buffer;
        if (cpu.Memory is { } memory)
        {
            cpu.Memory = null;
            pool.Put(memory.Length, memory);
        }
    }

    /// <summary>The numbers of a view. The span is valid until its buffer is returned.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public static Span<float> Span(View view)
    {
        if (view.Buffer is null)
        {
            return [];
        }

        CpuBuffer buffer = view.Buffer as CpuBuffer
            ?? throw new InvalidOperationException($"This memory belongs to {view.Buffer.Device.Name}, expected cpu.");
        ObjectDisposedException.ThrowIf(buffer.Memory is null, buffer);
        return buffer.Memory.Span.Slice(view.Offset, view.Length);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from, View to) => from.CopyTo(Span(to));

    /// <inheritdoc/>
    public override void Read(View from, Span<float> to) => Span(from).CopyTo(to);

    /// <inheritdoc/>
    public override void Fill(View to, float value) => Span(to).Fill(value);

    /// <inheritdoc/>
    public override void Copy(View from, View to) => Span(from).CopyTo(Span(to));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        work?.Dispose();
        foreach (AlignedBuffer<float>? memory in scratch.Values)
        {
            memory?.Dispose();
        }

        scratch.Dispose();
        foreach (AlignedBuffer<float> buffer in pool.Drain())
        {
            buffer.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Scratch memory of at least this length, valid until this thread's next call.</summary>
    private Span<float> Scratch(int length)
    {
        AlignedBuffer<float>? memory = scratch.Value;
        if (memory is null || memory.Length < length)
        {
            memory?.Dispose();
            scratch.Value = null;
            scratch.Value = memory = new AlignedBuffer<float>(length);
        }

        return memory.Span[..length];
    }

    private sealed class CpuBuffer(Device device, int length, AlignedBuffer<float> memory)
        : DeviceBuffer(device, length)
    {
        public AlignedBuffer<float>? Memory { get; set; } = memory;
    }
}
