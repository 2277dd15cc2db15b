using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace MuxKernels;

/// <summary>Launches that were recorded on a CUDA stream and are launched together: a call of the driver instead of one
/// for each kernel.</summary>
internal sealed partial class CudaGraph : DeviceGraph
{
    /// <summary>The driver's name; Linux knows it as <c>libcuda.so.1</c>.</summary>
    private const string Driver = "nvcuda";

    /// <summary>Other threads may go on allocating while this one records.</summary>
    private const int ThreadLocalCapture = 1;

    private readonly CudaAccelerator accelerator;
    private readonly CudaStream stream;
    private nint executable;

    static CudaGraph() => NativeLibrary.SetDllImportResolver(typeof(CudaGraph).Assembly, Resolve);

    private CudaGraph(CudaAccelerator accelerator, CudaStream stream, nint executable) =>
        (this.accelerator, this.stream, this.executable) = (accelerator, stream, executable);

    /// <summary>Records what an action launches on a stream; null where the driver can't.</summary>
    public static CudaGraph? Record(CudaAccelerator accelerator, CudaStream stream, Action launches)
    {
        accelerator.Bind();
        stream.Synchronize();
        try
        {
            if (BeginCapture(stream.StreamPtr, ThreadLocalCapture) != 0)
            {
                return null;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null; // A driver older than graphs.
        }

        nint graph = 0, executable = 0;
        int result;
        try
        {
            launches();
        }
        finally
        {
            result = EndCapture(stream.StreamPtr, out graph);
        }

        try
        {
            return result == 0 && graph != 0 && Instantiate(out executable, graph, 0) == 0
                ? new CudaGraph(accelerator, stream, executable)
                : null;
        }
        finally
        {
            if (graph != 0)
            {
                _ = DestroyGraph(graph);
            }
        }
    }

    /// <inheritdoc/>
    public override void Launch()
    {
        ObjectDisposedException.ThrowIf(executable == 0, this);
        accelerator.Bind();
        int result = LaunchGraph(executable, stream.StreamPtr);
        if (result != 0)
        {
            throw new CudaException((CudaError)result);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (executable != 0)
        {
            accelerator.Bind();
            _ = DestroyExecutable(executable);
            executable = 0;
        }

        base.Dispose(disposing);
    }

    [LibraryImport(Driver, EntryPoint = "cuStreamBeginCapture_v2")]
    private static partial int BeginCapture(nint stream, int mode);

    [LibraryImport(Driver, EntryPoint = "cuStreamEndCapture")]
    private static partial int EndCapture(nint stream, out nint graph);

    [LibraryImport(Driver, EntryPoint = "cuGraphInstantiateWithFlags")]
    private static partial int Instantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Driver, EntryPoint = "cuGraphLaunch")]
    private static partial int LaunchGraph(nint executable, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuGraphExecDestroy")]
    private static partial int DestroyExecutable(nint executable);

    [LibraryImport(Driver, EntryPoint = "cuGraphDestroy")]
    private static partial int DestroyGraph(nint graph);

    private static nint Resolve(string library, Assembly assembly, DllImportSearchPath? path) =>
        library == Driver && !OperatingSystem.IsWindows() && NativeLibrary.TryLoad("libcuda.so.1", out nint handle)
            ? handle
            : 0;
}
