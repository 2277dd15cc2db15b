using System.Runtime.InteropServices;
using System.Text;

namespace MuxKernels.Peers;

/// <summary>
/// A model in ONNX Runtime with inputs and outputs of fixed shapes in memory of its own: <see cref="Run()"/> does what
/// the C API's <c>Run</c> does and nothing else.
/// </summary>
public sealed unsafe class OrtSession : IDisposable
{
    private const int Float = 1;
    private const int AllOptimizations = 99;
    private const int Sequential = 0;
    private const int ArenaAllocator = 1;
    private const int DefaultMemory = 0;

    private readonly List<nint> names = [];
    private readonly List<NativeMemoryBlock> blocks = [];
    private readonly int inputCount;
    private readonly Shape[] inputShapes;
    private readonly Shape[] outputShapes;

    /// <summary>Native arrays of names and values, inputs first.</summary>
    private nint* nameTable;
    private nint* values;
    private nint session;

    /// <summary>Loads a model.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="options">Threads; null for one.</param>
    /// <param name="inputs">A shape for each input, in the model's order.</param>
    /// <exception cref="PeerException">The library is missing, or it refuses the model; another number of inputs; an
    /// output that is not of floats.</exception>
    public OrtSession(ReadOnlySpan<byte> model, OrtOptions? options, params ReadOnlySpan<Shape> inputs)
    {
        inputShapes = inputs.ToArray();
        try
        {
            session = Create(model, options ?? new OrtOptions());
            inputCount = Count(OrtFunction.SessionGetInputCount);
            int outputCount = Count(OrtFunction.SessionGetOutputCount);
            if (inputCount != inputs.Length)
            {
                throw new PeerException(
                    $"ONNX Runtime: the model has {inputCount} inputs, got {inputs.Length} shapes.");
            }

            outputShapes = new Shape[outputCount];
            nameTable = (nint*)NativeMemory.AllocZeroed((nuint)(inputCount + outputCount), (nuint)sizeof(nint));
            values = (nint*)NativeMemory.AllocZeroed((nuint)(inputCount + outputCount), (nuint)sizeof(nint));
            for (int i = 0; i < inputCount; i++)
            {
                nameTable[i] = Name(OrtFunction.SessionGetInputName, i);
                values[i] = Tensor(inputShapes[i].Axes);
            }

            for (int i = 0; i < outputCount; i++)
            {
                nameTable[inputCount + i] = Name(OrtFunction.SessionGetOutputName, i);
            }

            Run();
            for (int i = 0; i < outputCount; i++)
            {
                int[] axes = Axes(values[inputCount + i]);
                ReleaseValue(ref values[inputCount + i]);
                values[inputCount + i] = Tensor(axes);
                outputShapes[i] = axes.Length is 1 or 2 or 4 ? Shape.Of(axes) : Shape.Vector(axes.Aggregate(1,
                    static (all, axis) => checked(all * axis)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="OrtSession(ReadOnlySpan{byte}, OrtOptions?, ReadOnlySpan{Shape})"/>
    /// <param name="path">An ONNX file.</param>
    /// <param name="options">Threads; null for one.</param>
    /// <param name="inputs">A shape for each input, in the model's order.</param>
    public static OrtSession Open(string path, OrtOptions? options, params ReadOnlySpan<Shape> inputs)
    {
        byte[] model = File.ReadAllBytes(path);
        try
        {
            return new OrtSession(model, options, inputs);
        }
        catch (PeerException e)
        {
            throw new PeerException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Shape of each output.</summary>
    public IReadOnlyList<Shape> Outputs => outputShapes;

    /// <summary>Memory of an input; <see cref="Run()"/> reads it.</summary>
    public Span<float> Input(int index = 0) => blocks[index].Span;

    /// <summary>Memory of an output; <see cref="Run()"/> writes it.</summary>
    public ReadOnlySpan<float> Output(int index = 0) => blocks[inputCount + index].Span;

    /// <summary>Computes the outputs of the inputs.</summary>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(session == 0, this);
        var run = (delegate* unmanaged[Cdecl]<nint, nint, nint*, nint*, nuint, nint*, nuint, nint*, nint>)
            OnnxRuntime.Function(OrtFunction.Run);
        OnnxRuntime.Check(run(session, 0, nameTable, values, (nuint)inputCount, nameTable + inputCount,
            (nuint)outputShapes.Length, values + inputCount), "run");
    }

    /// <summary>Copies the input in, runs, and copies the output out.</summary>
    /// <exception cref="ArgumentException">Another number of elements than the model's first input or output.
    /// </exception>
    public void Run(ReadOnlySpan<float> x, Span<float> y)
    {
        Expect(x.Length, Input().Length, nameof(x), inputShapes[0]);
        Expect(y.Length, Output().Length, nameof(y), outputShapes[0]);
        x.CopyTo(Input());
        Run();
        Output().CopyTo(y);
    }

    /// <summary>Ends the session and gives its memory back.</summary>
    public void Dispose()
    {
        for (int i = 0; values != null && i < inputCount + (outputShapes?.Length ?? 0); i++)
        {
            ReleaseValue(ref values[i]);
        }

        if (session != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxRuntime.Function(OrtFunction.ReleaseSession))(session);
            session = 0;
        }

        foreach (NativeMemoryBlock block in blocks)
        {
            block.Dispose();
        }

        foreach (nint name in names)
        {
            Marshal.FreeCoTaskMem(name);
        }

        NativeMemory.Free(nameTable);
        NativeMemory.Free(values);
        nameTable = values = null;
        blocks.Clear();
        names.Clear();
    }

    private static void Expect(int got, int expected, string argument, Shape shape)
    {
        if (got != expected)
        {
            throw new ArgumentException(
                $"OrtSession.Run: {argument} has {got} elements, expected {expected} for shape {shape}.", argument);
        }
    }

    private static nint Create(ReadOnlySpan<byte> model, OrtOptions options)
    {
        nint settings = 0, made = 0;
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint*, nint>)
            OnnxRuntime.Function(OrtFunction.CreateSessionOptions))(&settings), "session options");
        try
        {
            Set(settings, OrtFunction.SetSessionGraphOptimizationLevel, AllOptimizations);
            Set(settings, OrtFunction.SetSessionExecutionMode, Sequential);
            Set(settings, OrtFunction.SetIntraOpNumThreads, options.Threads);
            Set(settings, OrtFunction.SetInterOpNumThreads, 1);
            Set(settings, OrtFunction.EnableMemPattern);
            Set(settings, OrtFunction.EnableCpuMemArena);
            if (!options.Spins)
            {
                AddEntry(settings, "session.intra_op.allow_spinning", "0");
            }

            SetPath(settings, OrtFunction.SetOptimizedModelFilePath, options.OptimizedModelFile);
            SetPath(settings, OrtFunction.EnableProfiling, options.ProfilePrefix);
            fixed (byte* bytes = model)
            {
                OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, byte*, nuint, nint, nint*, nint>)
                    OnnxRuntime.Function(OrtFunction.CreateSessionFromArray))(OnnxRuntime.Environment, bytes,
                    (nuint)model.Length, settings, &made), "load model");
            }

            return made;
        }
        finally
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxRuntime.Function(OrtFunction.ReleaseSessionOptions))(settings);
        }
    }

    private static void Set(nint settings, OrtFunction function) => OnnxRuntime.Check(
        ((delegate* unmanaged[Cdecl]<nint, nint>)OnnxRuntime.Function(function))(settings), function.ToString());

    private static void Set(nint settings, OrtFunction function, int value) => OnnxRuntime.Check(
        ((delegate* unmanaged[Cdecl]<nint, int, nint>)OnnxRuntime.Function(function))(settings, value),
        function.ToString());

    private static void SetPath(nint settings, OrtFunction function, string? path)
    {
        if (path is null)
        {
            return;
        }

        byte[] narrow = Encoding.UTF8.GetBytes(path + '\0'), wide = Encoding.Unicode.GetBytes(path + '\0');
        fixed (byte* text = OperatingSystem.IsWindows() ? wide : narrow)
        {
            OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, byte*, nint>)OnnxRuntime.Function(function))(settings,
                text), function.ToString());
        }
    }

    private static void AddEntry(nint settings, string key, string value)
    {
        fixed (byte* k = Encoding.UTF8.GetBytes(key + '\0'), v = Encoding.UTF8.GetBytes(value + '\0'))
        {
            OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, byte*, byte*, nint>)
                OnnxRuntime.Function(OrtFunction.AddSessionConfigEntry))(settings, k, v), $"{key} = {value}");
        }
    }

    private static void ReleaseValue(ref nint value)
    {
        if (value != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxRuntime.Function(OrtFunction.ReleaseValue))(value);
            value = 0;
        }
    }

    private static int[] Axes(nint value)
    {
        nint info = 0;
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, nint*, nint>)
            OnnxRuntime.Function(OrtFunction.GetTensorTypeAndShape))(value, &info), "shape of an output");
        try
        {
            int type = 0;
            nuint count = 0;
            OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, int*, nint>)
                OnnxRuntime.Function(OrtFunction.GetTensorElementType))(info, &type), "type of an output");
            OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)
                OnnxRuntime.Function(OrtFunction.GetDimensionsCount))(info, &count), "axes of an output");
            if (type != Float)
            {
                throw new PeerException($"ONNX Runtime: an output has element type {type}, expected floats (1).");
            }

            long[] axes = new long[(int)count];
            fixed (long* to = axes)
            {
                OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, long*, nuint, nint>)
                    OnnxRuntime.Function(OrtFunction.GetDimensions))(info, to, count), "axes of an output");
            }

            return [.. axes.Select(static axis => checked((int)axis))];
        }
        finally
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)
                OnnxRuntime.Function(OrtFunction.ReleaseTensorTypeAndShapeInfo))(info);
        }
    }

    private int Count(OrtFunction function)
    {
        nuint count = 0;
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)OnnxRuntime.Function(function))(session,
            &count), function.ToString());
        return (int)count;
    }

    /// <summary>The name of an input or output, as memory of this session.</summary>
    private nint Name(OrtFunction function, int index)
    {
        nint allocator = 0, text = 0;
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint*, nint>)
            OnnxRuntime.Function(OrtFunction.GetAllocatorWithDefaultOptions))(&allocator), "allocator");
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, nuint, nint, nint*, nint>)
            OnnxRuntime.Function(function))(session, (nuint)index, allocator, &text), function.ToString());
        nint copy = Marshal.StringToCoTaskMemUTF8(Marshal.PtrToStringUTF8(text));
        names.Add(copy);
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<nint, nint, nint>)
            OnnxRuntime.Function(OrtFunction.AllocatorFree))(allocator, text), "free a name");
        return copy;
    }

    /// <summary>A tensor over memory of this session.</summary>
    private nint Tensor(int[] axes)
    {
        NativeMemoryBlock block = new(axes.Aggregate(1L, static (all, axis) => checked(all * axis)));
        blocks.Add(block);
        nint info = 0, value = 0;
        OnnxRuntime.Check(((delegate* unmanaged[Cdecl]<int, int, nint*, nint>)
            OnnxRuntime.Function(OrtFunction.CreateCpuMemoryInfo))(ArenaAllocator, DefaultMemory, &info),
            "memory info");
        try
        {
            long[] wide = [.. axes.Select(static axis => (long)axis)];
            fixed (long* shape = wide)
            {
                OnnxRuntime.Check(
                    ((delegate* unmanaged[Cdecl]<nint, void*, nuint, long*, nuint, int, nint*, nint>)
                    OnnxRuntime.Function(OrtFunction.CreateTensorWithDataAsOrtValue))(info, block.Pointer,
                    (nuint)block.Length * sizeof(float), shape, (nuint)axes.Length, Float, &value), "tensor");
            }

            return value;
        }
        finally
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxRuntime.Function(OrtFunction.ReleaseMemoryInfo))(info);
        }
    }
}
