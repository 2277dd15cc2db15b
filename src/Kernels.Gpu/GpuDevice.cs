using System.Globalization;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace MuxKernels;

/// <summary>
/// A device behind ILGPU: <c>cuda:0</c>, <c>opencl:0</c>, or <c>ilgpu-cpu</c>, ILGPU's simulation of a GPU for checks
/// at tiny shapes. Operations are launched in order on one stream; only <see cref="Device.Read(View, Span{float})"/>,
/// <see cref="SumOfSquares"/> and <see cref="Synchronize"/> wait. Memory comes from a pool that is freed with the
/// device.
/// </summary>
public sealed partial class GpuDevice : Device
{
    private readonly BufferPool<MemoryBuffer1D<float, Stride1D.Dense>> pool = new();
    private readonly BufferPool<MemoryBuffer1D<float, Stride1D.Dense>> retired = new();
    private readonly Context? context;
    private readonly CudaStream? ownStream;
    private readonly long memoryLimit;
    private MemoryBuffer1D<float, Stride1D.Dense>? scratch;
    private MemoryBuffer1D<double, Stride1D.Dense>? bands;
    private HostTransfers transfers;
    private long allocated;
    private bool isCaptured;

    /// <summary>A device on the caller's own accelerator, which stays the caller's: dispose the device first.</summary>
    /// <param name="accelerator">Where kernels run; its context should have been made with <c>EnableAlgorithms</c> and
    /// <c>Optimize(OptimizationLevel.O2)</c>.</param>
    /// <param name="name">The device's name in messages.</param>
    /// <param name="memoryLimit">Bytes that the device takes at most; 0 for all there are.</param>
    public GpuDevice(Accelerator accelerator, string name, long memoryLimit = 0)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentOutOfRangeException.ThrowIfNegative(memoryLimit);
        (Accelerator, Name, Stream) = (accelerator, name, accelerator.DefaultStream);
        if (accelerator is CudaAccelerator cuda)
        {
            // CUDA records no launches of the default stream. This one waits for it, and it for this one.
            Stream = ownStream = cuda.CreateStream(StreamFlags.CU_STREAM_DEFAULT);
        }

        this.memoryLimit = memoryLimit > 0 ? Math.Min(memoryLimit, accelerator.MemorySize) : accelerator.MemorySize;
    }

    private GpuDevice(Context context, Accelerator accelerator, string name, long memoryLimit)
        : this(accelerator, name, memoryLimit) => this.context = context;

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Where kernels run.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The stream that every operation is launched on.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>Bytes taken from the accelerator, in use or pooled.</summary>
    public long AllocatedBytes => Interlocked.Read(ref allocated);

    /// <summary>Copies between the host and this device, those of the kernels' small tables among them.</summary>
    public HostTransfers Transfers
    {
        get
        {
            HostTransfers tables = GpuKernels.Of(Stream).TableTransfers;
            return transfers with
            {
                Uploads = transfers.Uploads + tables.Uploads,
                UploadedBytes = transfers.UploadedBytes + tables.UploadedBytes,
            };
        }
    }

    /// <summary>The devices of a kind that are present.</summary>
    /// <param name="kind"><c>cuda</c>, <c>opencl</c> or <c>ilgpu-cpu</c>.</param>
    public static IReadOnlyList<DeviceEntry> List(string kind)
    {
        using Context context = Create(kind);
        return [.. Present(context, kind).Select((d, i) => new DeviceEntry(
            kind == "ilgpu-cpu" ? kind : $"{kind}:{i}", Describe(d)))];
    }

    /// <summary>Opens a device. The caller disposes it.</summary>
    /// <param name="name"><c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>, <c>opencl:1</c> or <c>ilgpu-cpu</c>.</param>
    /// <param name="memoryLimit">Bytes that the device takes at most; 0 for all there are.</param>
    /// <exception cref="ArgumentException">No such device; the message says which there are.</exception>
    public static GpuDevice Open(string name, long memoryLimit = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        string[] parts = name.Split(':');
        int index = 0;
        if (parts.Length > 2 || parts[0] is not ("cuda" or "opencl" or "ilgpu-cpu") || (parts.Length == 2
            && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ArgumentException(
                $"'{name}' is no GPU device, expected cuda, opencl (with an index, as opencl:1) or ilgpu-cpu.",
                nameof(name));
        }

        return Open(parts[0], index, memoryLimit);
    }

    /// <inheritdoc/>
    public override DeviceBuffer Rent(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int capacity = BufferPool<MemoryBuffer1D<float, Stride1D.Dense>>.Capacity(length);
        return new GpuBuffer(this, length, pool.TryTake(capacity) ?? Allocate(capacity));
    }

    /// <inheritdoc/>
    public override void Return(DeviceBuffer buffer)
    {
        GpuBuffer gpu = (GpuBuffer)buffer;
        if (gpu.Memory is { } memory)
        {
            gpu.Memory = null;
            pool.Put((int)memory.Length, memory);
        }
    }

    /// <summary>The device memory of a view: what the public GPU entry points of the families take.</summary>
    /// <exception cref="InvalidOperationException">The memory belongs to another device.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public ArrayView<float> Memory(View view)
    {
        if (view.Buffer is null)
        {
            return ArrayView<float>.Empty;
        }

        if (!ReferenceEquals(view.Buffer.Device, this))
        {
            throw new InvalidOperationException($"This memory belongs to {view.Buffer.Device.Name}, expected {Name}.");
        }

        GpuBuffer buffer = (GpuBuffer)view.Buffer;
        ObjectDisposedException.ThrowIf(buffer.Memory is null, buffer);
        return buffer.Memory.View.BaseView.SubView(view.Offset, view.Length);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> from, View to)
    {
        CheckLength(from.Length, to, nameof(Write));
        if (from.Length > 0)
        {
            // The forms of ILGPU's copies that take spans pin them; those that take references do not.
            Memory(to).CopyFromCPU(Stream, from);
            transfers = transfers.Up(from.Length * (long)sizeof(float));
        }
    }

    /// <inheritdoc/>
    public override void Read(View from, Span<float> to)
    {
        CheckLength(to.Length, from, nameof(Read));
        if (to.Length > 0)
        {
            Memory(from).CopyToCPU(Stream, to);
            transfers = transfers.Down(to.Length * (long)sizeof(float));
        }
    }

    /// <inheritdoc/>
    public override void Fill(View to, float value)
    {
        if (!to.IsEmpty)
        {
            Elementwise.Fill(Stream, Memory(to), value);
        }
    }

    /// <inheritdoc/>
    public override void Copy(View from, View to)
    {
        CheckLength(from.Length, to, nameof(Copy));
        if (!to.IsEmpty)
        {
            Memory(from).CopyTo(Stream, Memory(to));
        }
    }

    /// <inheritdoc/>
    public override void Accumulate(View x, View sum)
    {
        CheckLength(x.Length, sum, nameof(Accumulate));
        if (!sum.IsEmpty)
        {
            Elementwise.Accumulate(Stream, Memory(x), Memory(sum));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OperationMissingException">The device has no float64.</exception>
    public override double SumOfSquares(View x)
    {
        if (x.IsEmpty)
        {
            return 0;
        }

        if (Accelerator.Capabilities is CLCapabilityContext { Float64: false })
        {
            throw new OperationMissingException(
                $"The device {Name} has no float64, which {nameof(SumOfSquares)} needs.");
        }

        bands ??= Accelerator.Allocate1D<double>(Elementwise.SumBands + 1);
        ArrayView<double> partial = bands.View.BaseView.SubView(0, Elementwise.SumBands);
        ArrayView<double> total = bands.View.BaseView.SubView(Elementwise.SumBands, 1);
        Elementwise.SumOfSquares(Stream, Memory(x), partial);
        Elementwise.SumBandsUp(Stream, partial, total);
        double sum = 0;
        total.CopyToCPU(Stream, new Span<double>(ref sum));
        transfers = transfers.Down(sizeof(double));
        return sum;
    }

    /// <inheritdoc/>
    public override void Synchronize() => Stream.Synchronize();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Stream.Synchronize();
        Drain();
        foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in retired.Drain())
        {
            buffer.Dispose();
        }

        scratch?.Dispose();
        bands?.Dispose();
        ownStream?.Dispose();
        (scratch, bands) = (null, null);
        if (context is not null)
        {
            Accelerator.Dispose();
            context.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Scratch memory of at least this length, valid for the next launches; the stream keeps them in order.
    /// </summary>
    internal ArrayView<float> Scratch(int length)
    {
        if (scratch is null || scratch.Length < length)
        {
            if (scratch is not null)
            {
                // What was recorded goes on writing to the memory that it was recorded with.
                (isCaptured ? retired : pool).Put((int)scratch.Length, scratch);
                scratch = null;
            }

            int capacity = BufferPool<MemoryBuffer1D<float, Stride1D.Dense>>.Capacity(length);
            scratch = pool.TryTake(capacity) ?? Allocate(capacity);
        }

        return scratch.View.BaseView.SubView(0, length);
    }

    private MemoryBuffer1D<float, Stride1D.Dense> Allocate(int capacity)
    {
        long bytes = (long)capacity * sizeof(float);
        if (AllocatedBytes + bytes > memoryLimit)
        {
            Drain();
        }

        if (AllocatedBytes + bytes <= memoryLimit)
        {
            try
            {
                return Count(Accelerator.Allocate1D<float>(capacity));
            }
            catch (Exception e) when (e is CudaException or CLException)
            {
                Drain();
                try
                {
                    return Count(Accelerator.Allocate1D<float>(capacity));
                }
                catch (Exception again) when (again is CudaException or CLException)
                {
                    throw new InsufficientMemoryException(NoMemory(bytes), again);
                }
            }
        }

        throw new InsufficientMemoryException(NoMemory(bytes));
    }

    private MemoryBuffer1D<float, Stride1D.Dense> Count(MemoryBuffer1D<float, Stride1D.Dense> buffer)
    {
        Interlocked.Add(ref allocated, buffer.LengthInBytes);
        return buffer;
    }

    private string NoMemory(long bytes) => $"{FullName} can't give {bytes:N0} bytes more: "
        + $"{AllocatedBytes:N0} of {memoryLimit:N0} bytes are in use.";

    private void Drain()
    {
        Stream.Synchronize();
        foreach (MemoryBuffer1D<float, Stride1D.Dense> buffer in pool.Drain())
        {
            Interlocked.Add(ref allocated, -buffer.LengthInBytes);
            buffer.Dispose();
        }
    }

    private void CheckLength(int length, View view, string operation) => Guard.That(length == view.Length, Name,
        $"{operation} of {length} elements and a view of {view.Length}, expected equal lengths.");

    private sealed class GpuBuffer(Device device, int length, MemoryBuffer1D<float, Stride1D.Dense> memory)
        : DeviceBuffer(device, length)
    {
        public MemoryBuffer1D<float, Stride1D.Dense>? Memory { get; set; } = memory;
    }
}
