using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace MuxKernels;

/// <summary>What is kept for one accelerator: compiled kernels and the small tables that they read. It lives as long as
/// the accelerator; the tables are freed with it.</summary>
internal sealed partial class GpuKernels
{
    /// <summary>Threads of a group where a kernel has no wish of its own.</summary>
    public const int GroupSize = 128;

    private static readonly ConditionalWeakTable<Accelerator, GpuKernels> All = [];

    private readonly Accelerator accelerator;
    private readonly ConcurrentDictionary<MethodInfo, Delegate> kernels = [];
    private readonly ConcurrentDictionary<object, MemoryBuffer> tables = [];
    private readonly Lock gate = new();

    private GpuKernels(Accelerator accelerator) => (this.accelerator, TensorCores) =
        (accelerator, accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80);

    /// <summary>Whether <see cref="TensorTiles"/> run here.</summary>
    public bool TensorCores { get; set; }

    /// <summary>Tiles that keep the largest devices busy; below, groups split the depth of a product. The same on every
    /// device, so that all choose the same kernels.</summary>
    internal int ManyTiles { get; set; } = 264;

    /// <summary>Makes launches of kernels; null for the accelerator's own compiler. Whoever executes kernels elsewhere
    /// than the accelerator does, sets it.</summary>
    internal Func<Delegate, Delegate>? Loader { get; set; }

    /// <summary>Copies of tables to the accelerator: one for each table, when it is first used.</summary>
    public HostTransfers TableTransfers { get; private set; }

    /// <summary>The kernels of a stream's accelerator.</summary>
    public static GpuKernels Of(AcceleratorStream stream) =>
        All.GetValue(stream.Accelerator, static a => new GpuKernels(a));

    /// <summary>Groups that cover <paramref name="count"/> elements.</summary>
    public static KernelConfig Cover(AcceleratorStream stream, int count)
    {
        int threads = Math.Min(GroupSize, stream.Accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(Ceiling(count, threads), threads);
    }

    /// <summary>Groups that cover <paramref name="planes"/> planes of <paramref name="pixels"/> pixels, each group a
    /// run of one plane: group q works on plane q / blocks.</summary>
    public static KernelConfig CoverPlanes(AcceleratorStream stream, int planes, int pixels, out int blocks)
    {
        int threads = Math.Min(pixels <= 64 ? 64 : GroupSize, stream.Accelerator.MaxNumThreadsPerGroup);
        blocks = Ceiling(pixels, threads);
        return new KernelConfig(checked(planes * blocks), threads);
    }

    /// <summary>Groups that cover <paramref name="planes"/> planes of rows × columns pixels, each group a rectangle of
    /// one plane: its plane, block of rows and block of columns are the grid's axes; columns are the fast axis.
    /// </summary>
    public static KernelConfig CoverMaps(AcceleratorStream stream, int planes, int rows, int columns)
    {
        int threads = Math.Min(GroupSize, stream.Accelerator.MaxNumThreadsPerGroup), width = 8, height = 1;
        while (width < columns && width < 64 && 2 * width <= threads)
        {
            width *= 2;
        }

        while (height < rows && 2 * height * width <= threads)
        {
            height *= 2;
        }

        return new KernelConfig(new Index3D(planes, Ceiling(rows, height), Ceiling(columns, width)),
            new Index3D(width, height, 1));
    }

    /// <summary><c>⌈a/b⌉</c> of positive numbers.</summary>
    public static int Ceiling(int a, int b) => (int)(((long)a + b - 1) / b);

    /// <summary>A compiled kernel with two arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2> Get<T1, T2>(Action<T1, T2> body)
        where T1 : struct
        where T2 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2>)Find(body, () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with three arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3> Get<T1, T2, T3>(Action<T1, T2, T3> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3>)Find(body, () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with four arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4> Get<T1, T2, T3, T4>(Action<T1, T2, T3, T4> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>)Find(body, () => accelerator.LoadKernel(body));

    /// <summary>A compiled kernel with five arguments.</summary>
    public Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5> Get<T1, T2, T3, T4, T5>(
        Action<T1, T2, T3, T4, T5> body)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct =>
        (Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>)Find(body, () => accelerator.LoadKernel(body));

    /// <summary>A table in device memory that depends on <paramref name="key"/> alone.</summary>
    public ArrayView<T> Table<T>(object key, Func<T[]> rows)
        where T : unmanaged
    {
        if (!tables.TryGetValue(key, out MemoryBuffer? buffer))
        {
            lock (gate)
            {
                buffer = tables.GetOrAdd(key, _ => Upload<T>(rows()));
            }
        }

        return ((MemoryBuffer1D<T, Stride1D.Dense>)buffer).View;
    }

    private MemoryBuffer1D<T, Stride1D.Dense> Upload<T>(ReadOnlySpan<T> rows)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D<T>(rows.Length);
        buffer.View.BaseView.CopyFromCPU(accelerator.DefaultStream, rows);
        TableTransfers = TableTransfers.Up(buffer.LengthInBytes);
        return buffer;
    }

    private Delegate Find(Delegate body, Func<Delegate> load)
    {
        if (!kernels.TryGetValue(body.Method, out Delegate? kernel))
        {
            lock (gate)
            {
                kernel = kernels.GetOrAdd(body.Method, _ => Loader?.Invoke(body) ?? load());
            }
        }

        return kernel;
    }
}
