using System.Runtime.InteropServices;

namespace MuxKernels.Peers;

/// <summary>
/// oneDNN's C API, version 2 (Debian: <c>libdnnl2</c>). <c>MUX_ONEDNN</c> names another copy. Its threads are OpenMP's;
/// here it is used with one.
/// </summary>
public static unsafe partial class OneDnn
{
    /// <summary>Environment variable with the path of the shared library.</summary>
    public const string PathVariable = "MUX_ONEDNN";

    internal const int Float = 3;
    internal const int FormatAny = 1;
    internal const int FormatImages = 5;
    internal const int FormatGroups = 7;
    internal const int Inference = 96;
    internal const int Direct = 1;
    internal const int ImplementationName = 8;
    internal const int SourceLayout = 129;
    internal const int WeightsLayout = 131;
    internal const int DestinationLayout = 133;
    internal const int Source = 1;
    internal const int Destination = 17;
    internal const int Weights = 33;

    /// <summary>Size of <c>dnnl_memory_desc_t</c>.</summary>
    internal const int LayoutBytes = 696;

    /// <summary>More than the size of <c>dnnl_convolution_desc_t</c>.</summary>
    internal const int DescriptorBytes = 16384;

    private const string Name = "libdnnl.so.2";
    private const string Threads = "libgomp.so.1";
    private const int Processor = 1;
    private const int InOrder = 1;

    private static readonly Lazy<(string Missing, nint Library, nint Engine, nint Stream)> State = new(Load);

    /// <summary>Whether the library is there and can be used.</summary>
    public static bool IsAvailable => State.Value.Missing.Length == 0;

    /// <summary>Why it is not available, in one sentence; empty where it is.</summary>
    public static string Missing => State.Value.Missing;

    /// <summary>Its version, empty where it is missing.</summary>
    public static string Version { get; private set; } = "";

    internal static nint Engine => IsAvailable ? State.Value.Engine : throw new PeerException(Missing);

    internal static nint Stream => IsAvailable ? State.Value.Stream : throw new PeerException(Missing);

    internal static void Check(int status, string what)
    {
        if (status != 0)
        {
            throw new PeerException($"oneDNN: {what}: " + status switch
            {
                1 => "out of memory",
                2 => "invalid arguments",
                3 => "not implemented",
                5 => "runtime error",
                _ => $"status {status}",
            });
        }
    }

    private static (string Missing, nint Library, nint Engine, nint Stream) Load()
    {
        string name = Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } given ? given : Name;
        if (!NativeLibrary.TryLoad(name, out nint library))
        {
            return ($"oneDNN is not here: {name} can't be loaded (Debian's package is libdnnl2, {PathVariable} names "
                + "another copy).", 0, 0, 0);
        }

        NativeLibrary.SetDllImportResolver(typeof(OneDnn).Assembly, (asked, _, _) => asked == Name ? library : 0);
        int* version = GetVersion(); // dnnl_version_t begins with major, minor, patch
        Version = $"{version[0]}.{version[1]}.{version[2]}";
        if (version[0] != 2)
        {
            return ($"oneDNN {Version} is here, expected version 2.", 0, 0, 0);
        }

        if (NativeLibrary.TryLoad(Threads, out nint openMp)
            && NativeLibrary.TryGetExport(openMp, "omp_set_num_threads", out nint setThreads))
        {
            ((delegate* unmanaged[Cdecl]<int, void>)setThreads)(1);
        }

        nint engine = 0, stream = 0;
        Check(CreateEngine(&engine, Processor, 0), "engine");
        Check(CreateStream(&stream, engine, InOrder), "stream");
        return ("", library, engine, stream);
    }

    [LibraryImport(Name, EntryPoint = "dnnl_version")]
    private static partial int* GetVersion();

    [LibraryImport(Name, EntryPoint = "dnnl_engine_create")]
    private static partial int CreateEngine(nint* engine, int kind, nuint index);

    [LibraryImport(Name, EntryPoint = "dnnl_stream_create")]
    private static partial int CreateStream(nint* stream, nint engine, uint flags);

    [LibraryImport(Name, EntryPoint = "dnnl_stream_wait")]
    internal static partial int Wait(nint stream);

    [LibraryImport(Name, EntryPoint = "dnnl_memory_desc_init_by_tag")]
    internal static partial int DescribeMemory(void* descriptor, int axes, long* extents, int type, int format);

    [LibraryImport(Name, EntryPoint = "dnnl_memory_create")]
    internal static partial int CreateMemory(nint* memory, void* descriptor, nint engine, nint handle);

    [LibraryImport(Name, EntryPoint = "dnnl_memory_get_data_handle")]
    internal static partial int Handle(nint memory, void** handle);

    [LibraryImport(Name, EntryPoint = "dnnl_memory_destroy")]
    internal static partial int DestroyMemory(nint memory);

    [LibraryImport(Name, EntryPoint = "dnnl_convolution_forward_desc_init")]
    internal static partial int DescribeConvolution(void* descriptor, int use, int algorithm, void* x, void* w,
        void* bias, void* y, long* strides, long* before, long* after);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_desc_create")]
    internal static partial int Prepare(nint* prepared, void* descriptor, nint attributes, nint engine, nint hint);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_desc_destroy")]
    internal static partial int DestroyPrepared(nint prepared);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_desc_query_md")]
    internal static partial void* Layout(nint prepared, int what, int index);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_desc_query")]
    internal static partial int Query(nint prepared, int what, int index, void* result);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_create")]
    internal static partial int CreatePrimitive(nint* primitive, nint prepared);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_destroy")]
    internal static partial int DestroyPrimitive(nint primitive);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_execute")]
    internal static partial int Execute(nint primitive, nint stream, int count, DnnlArgument* arguments);

    [LibraryImport(Name, EntryPoint = "dnnl_reorder_primitive_desc_create")]
    internal static partial int PrepareReorder(nint* prepared, void* from, nint fromEngine, void* to, nint toEngine,
        nint attributes);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_attr_create")]
    internal static partial int CreateAttributes(nint* attributes);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_attr_destroy")]
    internal static partial int DestroyAttributes(nint attributes);

    [LibraryImport(Name, EntryPoint = "dnnl_post_ops_create")]
    internal static partial int CreateEpilogue(nint* epilogue);

    [LibraryImport(Name, EntryPoint = "dnnl_post_ops_destroy")]
    internal static partial int DestroyEpilogue(nint epilogue);

    [LibraryImport(Name, EntryPoint = "dnnl_post_ops_append_sum")]
    internal static partial int AppendSum(nint epilogue, float scale);

    [LibraryImport(Name, EntryPoint = "dnnl_primitive_attr_set_post_ops")]
    internal static partial int SetEpilogue(nint attributes, nint epilogue);

    /// <summary><c>dnnl_exec_arg_t</c>.</summary>
    internal readonly struct DnnlArgument(int argument, nint memory)
    {
        public readonly int Argument = argument;
        public readonly nint Memory = memory;
    }
}
