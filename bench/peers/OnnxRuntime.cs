using System.Runtime.InteropServices;
using System.Text;

namespace MuxKernels.Peers;

/// <summary>
/// ONNX Runtime's C API: finds the library, holds its function table and the one environment of the process.
/// <c>bench/peers/fetch-onnxruntime.sh</c> fetches the library; <c>MUX_ONNXRUNTIME</c> names another one.
/// </summary>
public static unsafe class OnnxRuntime
{
    /// <summary>Environment variable with the path of the shared library.</summary>
    public const string PathVariable = "MUX_ONNXRUNTIME";

    /// <summary>The version of the function table that is asked for. Entries keep their places from then on.</summary>
    private const uint ApiVersion = 16;

    private const int ErrorsOnly = 3;

    private static readonly string[] Names =
        ["libonnxruntime.so.1", "libonnxruntime.so", "libonnxruntime.1.dylib", "onnxruntime.dll"];

    private static readonly Lazy<Loaded> Library = new(Load);

    /// <summary>Whether the library is there and answers.</summary>
    public static bool IsAvailable => Library.Value.Missing.Length == 0;

    /// <summary>Why it is not available, in one sentence; empty where it is.</summary>
    public static string Missing => Library.Value.Missing;

    /// <summary>Its version, empty where it is missing.</summary>
    public static string Version => Library.Value.Version;

    /// <summary>The file that was loaded, empty where none was.</summary>
    public static string File => Library.Value.File;

    internal static nint Environment => Require().Environment;

    /// <summary>A function of the table by its place in <c>OrtApi</c>.</summary>
    internal static nint Function(OrtFunction function) => Require().Table[(int)function];

    /// <summary>Turns a status into an exception and gives it back to the library.</summary>
    internal static void Check(nint status, string what)
    {
        if (status != 0)
        {
            throw new PeerException($"ONNX Runtime: {what}: {TakeMessage(Require().Table, status)}");
        }
    }

    private static Loaded Require() => IsAvailable ? Library.Value : throw new PeerException(Missing);

    private static Loaded Load()
    {
        string? file = Find(out string missing);
        if (file is null)
        {
            return new Loaded(missing);
        }

        if (!NativeLibrary.TryLoad(file, out nint handle)
            || !NativeLibrary.TryGetExport(handle, "OrtGetApiBase", out nint export))
        {
            return new Loaded($"ONNX Runtime: {file} can't be loaded as its shared library.");
        }

        nint* root = ((delegate* unmanaged[Cdecl]<nint*>)export)();
        nint* table = ((delegate* unmanaged[Cdecl]<uint, nint*>)root[0])(ApiVersion);
        string version = Text(((delegate* unmanaged[Cdecl]<byte*>)root[1])());
        if (table == null)
        {
            return new Loaded($"ONNX Runtime: {file} is version {version}, which has no API version {ApiVersion}.");
        }

        nint environment = 0;
        fixed (byte* name = "muxkernels"u8)
        {
            nint status = ((delegate* unmanaged[Cdecl]<int, byte*, nint*, nint>)table[(int)OrtFunction.CreateEnv])(
                ErrorsOnly, name, &environment);
            if (status != 0)
            {
                return new Loaded($"ONNX Runtime: no environment: {TakeMessage(table, status)}");
            }
        }

        return new Loaded("", file, version, table, environment);
    }

    /// <summary>The library's file: the variable, the cache beside this project, the system's own.</summary>
    private static string? Find(out string missing)
    {
        missing = "";
        if (System.Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } given)
        {
            missing = $"ONNX Runtime: {PathVariable} is {given}, which is no file.";
            return System.IO.File.Exists(given) ? Path.GetFullPath(given) : null;
        }

        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        foreach (string start in new[] { AppContext.BaseDirectory, Directory.GetCurrentDirectory() })
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string cache = Path.Combine(folder.FullName, "bench", "peers", ".cache");
                string? found = !Directory.Exists(cache) ? null : Directory
                    .EnumerateFiles(cache, "*onnxruntime*", SearchOption.AllDirectories)
                    .Where(f => Names.Contains(Path.GetFileName(f), StringComparer.Ordinal)
                        && Path.GetFileName(Path.GetDirectoryName(f)) == architecture)
                    .Order(StringComparer.Ordinal).LastOrDefault();
                if (found is not null)
                {
                    return found;
                }
            }
        }

        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
            {
                NativeLibrary.Free(handle);
                return name;
            }
        }

        missing = "ONNX Runtime is not here: bench/peers/fetch-onnxruntime.sh fetches it, "
            + $"{PathVariable} names another copy.";
        return null;
    }

    private static string TakeMessage(nint* table, nint status)
    {
        string message = Text(((delegate* unmanaged[Cdecl]<nint, byte*>)table[(int)OrtFunction.GetErrorMessage])(
            status));
        ((delegate* unmanaged[Cdecl]<nint, void>)table[(int)OrtFunction.ReleaseStatus])(status);
        return message;
    }

    private static string Text(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>What loading led to.</summary>
    private sealed class Loaded(string missing, string file = "", string version = "", nint* table = null,
        nint environment = 0)
    {
        public string Missing { get; } = missing;

        public string File { get; } = file;

        public string Version { get; } = version;

        public nint* Table { get; } = table;

        public nint Environment { get; } = environment;
    }
}
