using System.Runtime.InteropServices;

namespace MuxKernels.Peers;

/// <summary>Geometry of a convolution with square kernels and equal padding on all sides.</summary>
/// <param name="X">Input.</param>
/// <param name="OutChannels">Output channels.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="Stride">Stride.</param>
/// <param name="Padding">Zeros on each side.</param>
/// <param name="Groups">Groups of channels.</param>
public readonly record struct PeerConvolution(Shape X, int OutChannels, int Kernel, int Stride, int Padding, int Groups)
{
    /// <summary>Output.</summary>
    public Shape Y => new(X.N, OutChannels, (X.H + 2 * Padding - Kernel) / Stride + 1,
        (X.W + 2 * Padding - Kernel) / Stride + 1);

    /// <summary>Weights of all groups, <c>[O, C/groups, k, k]</c>.</summary>
    public Shape Weight => new(OutChannels, X.C / Groups, Kernel, Kernel);
}

/// <summary>
/// A float32 convolution of oneDNN as an expert sets it up: layouts of its own choice, weights packed once, reorders
/// outside of <see cref="Run"/>, one thread. Several parts are added up in one output: the first writes it, the others
/// add to it (a convolution of two channels a group written as two depthwise ones).
/// </summary>
public sealed unsafe class OneDnnConvolution : IDisposable
{
    private readonly List<nint> memories = [];
    private readonly List<nint> primitives = [];
    private readonly List<(nint Primitive, nint X, nint W)> parts = [];
    private readonly PeerConvolution geometry;

    /// <summary>Source, weights and destination of each part, in the order of execution.</summary>
    private OneDnn.DnnlArgument* arguments;
    private readonly nint y, plainX, plainY;
    private readonly nint readY;
    private readonly List<nint> writeX = [];

    /// <summary>Prepares a convolution.</summary>
    /// <param name="geometry">Geometry of each part.</param>
    /// <param name="weights">Weights of each part, <c>[O, C/groups, k, k]</c>.</param>
    /// <exception cref="PeerException">The library is missing or can't do it.</exception>
    public OneDnnConvolution(PeerConvolution geometry, params ReadOnlySpan<float[]> weights)
    {
        this.geometry = geometry;
        try
        {
            (plainX, plainY) = (Memory(Plain(geometry.X)), Memory(Plain(geometry.Y)));
            byte[]? destination = null;
            List<string> names = [];
            foreach (float[] w in weights)
            {
                names.Add(Add(w, ref destination, ref y));
            }

            Implementation = string.Join(" + ", names.Distinct());
            readY = Reorder(destination!, Plain(geometry.Y));
            arguments = (OneDnn.DnnlArgument*)NativeMemory.AllocZeroed((nuint)(3 * parts.Count),
                (nuint)sizeof(OneDnn.DnnlArgument));
            for (int i = 0; i < parts.Count; i++)
            {
                arguments[3 * i] = new OneDnn.DnnlArgument(OneDnn.Source, parts[i].X);
                arguments[3 * i + 1] = new OneDnn.DnnlArgument(OneDnn.Weights, parts[i].W);
                arguments[3 * i + 2] = new OneDnn.DnnlArgument(OneDnn.Destination, y);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The library's name of what it runs: <c>jit:avx512_core</c>.</summary>
    public string Implementation { get; } = "";

    /// <summary>Converts an input to the library's layout.</summary>
    /// <param name="part">Index of the part that reads it.</param>
    /// <param name="x">Numbers, NCHW.</param>
    public void Write(int part, ReadOnlySpan<float> x)
    {
        Numbers(plainX, x.Length, geometry.X, nameof(x), out float* to);
        x.CopyTo(new Span<float>(to, x.Length));
        Execute(writeX[part], plainX, parts[part].X);
    }

    /// <summary>Computes; nothing else is done.</summary>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(arguments == null, this);
        for (int i = 0; i < parts.Count; i++)
        {
            OneDnn.Check(OneDnn.Execute(parts[i].Primitive, OneDnn.Stream, 3, arguments + 3 * i), "convolution");
        }

        OneDnn.Check(OneDnn.Wait(OneDnn.Stream), "convolution");
    }

    /// <summary>Converts the output from the library's layout to NCHW.</summary>
    public void Read(Span<float> result)
    {
        Numbers(plainY, result.Length, geometry.Y, nameof(result), out float* from);
        Execute(readY, y, plainY);
        new ReadOnlySpan<float>(from, result.Length).CopyTo(result);
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        foreach (nint primitive in primitives)
        {
            OneDnn.Check(OneDnn.DestroyPrimitive(primitive), "end of a primitive");
        }

        foreach (nint memory in memories)
        {
            OneDnn.Check(OneDnn.DestroyMemory(memory), "end of memory");
        }

        NativeMemory.Free(arguments);
        arguments = null;
        primitives.Clear();
        memories.Clear();
    }

    private static byte[] Describe(int format, params long[] axes)
    {
        byte[] descriptor = new byte[OneDnn.DescriptorBytes];
        fixed (byte* to = descriptor)
        fixed (long* extents = axes)
        {
            OneDnn.Check(OneDnn.DescribeMemory(to, axes.Length, extents, OneDnn.Float, format), "memory");
        }

        return descriptor;
    }

    private static byte[] Plain(Shape s) => Describe(OneDnn.FormatImages, s.N, s.C, s.H, s.W);

    private static byte[] Layout(nint prepared, int what) =>
        new ReadOnlySpan<byte>(OneDnn.Layout(prepared, what, 0), OneDnn.LayoutBytes).ToArray();

    private static void Execute(nint reorder, nint from, nint to)
    {
        OneDnn.DnnlArgument* arguments = stackalloc OneDnn.DnnlArgument[2]
        {
            new(OneDnn.Source, from), new(OneDnn.Destination, to),
        };
        OneDnn.Check(OneDnn.Execute(reorder, OneDnn.Stream, 2, arguments), "reorder");
        OneDnn.Check(OneDnn.Wait(OneDnn.Stream), "reorder");
    }

    private static void Numbers(nint memory, int length, Shape shape, string argument, out float* numbers)
    {
        if (length != shape.Length)
        {
            throw new ArgumentException($"OneDnnConvolution: {argument} has {length} elements, expected {shape.Length} "
                + $"for shape {shape}.", argument);
        }

        void* handle = null;
        OneDnn.Check(OneDnn.Handle(memory, &handle), "memory");
        numbers = (float*)handle;
    }

    private string Add(float[] w, ref byte[]? destination, ref nint output)
    {
        PeerConvolution g = geometry;
        bool grouped = g.Groups > 1;
        long[] axes = grouped
            ? [g.Groups, g.OutChannels / g.Groups, g.X.C / g.Groups, g.Kernel, g.Kernel]
            : [g.OutChannels, g.X.C, g.Kernel, g.Kernel];
        byte[] anyX = Describe(OneDnn.FormatAny, g.X.N, g.X.C, g.X.H, g.X.W);
        byte[] anyY = destination ?? Describe(OneDnn.FormatAny, g.Y.N, g.Y.C, g.Y.H, g.Y.W);
        byte[] anyW = Describe(OneDnn.FormatAny, axes), operation = new byte[OneDnn.DescriptorBytes];
        long* strides = stackalloc long[2] { g.Stride, g.Stride }, pad = stackalloc long[2] { g.Padding, g.Padding };
        nint prepared = 0, primitive = 0, attributes = destination is null ? 0 : SumAttributes();
        try
        {
            fixed (byte* o = operation, xs = anyX, ws = anyW, ys = anyY)
            {
                OneDnn.Check(OneDnn.DescribeConvolution(o, OneDnn.Inference, OneDnn.Direct, xs, ws, null, ys, strides,
                    pad, pad), "convolution");
                OneDnn.Check(OneDnn.Prepare(&prepared, o, attributes, OneDnn.Engine, 0), $"convolution {g}");
            }

            byte* name = null;
            OneDnn.Check(OneDnn.Query(prepared, OneDnn.ImplementationName, 0, &name), "name");
            OneDnn.Check(OneDnn.CreatePrimitive(&primitive, prepared), "convolution");
            primitives.Add(primitive);
            byte[] xLayout = Layout(prepared, OneDnn.SourceLayout), wLayout = Layout(prepared, OneDnn.WeightsLayout);
            if (destination is null)
            {
                destination = Layout(prepared, OneDnn.DestinationLayout);
                output = Memory(destination);
            }

            nint x = Memory(xLayout), packed = Memory(wLayout);
            writeX.Add(Reorder(Plain(g.X), xLayout));
            byte[] plain = Describe(grouped ? OneDnn.FormatGroups : OneDnn.FormatImages, axes);
            nint plainW = Memory(plain);
            Numbers(plainW, w.Length, g.Weight, nameof(w), out float* numbers);
            w.CopyTo(new Span<float>(numbers, w.Length));
            Execute(Reorder(plain, wLayout), plainW, packed);
            parts.Add((primitive, x, packed));
            return Marshal.PtrToStringUTF8((nint)name) ?? "";
        }
        finally
        {
            if (prepared != 0)
            {
                OneDnn.Check(OneDnn.DestroyPrepared(prepared), "end of a description");
            }

            if (attributes != 0)
            {
                OneDnn.Check(OneDnn.DestroyAttributes(attributes), "end of attributes");
            }
        }
    }

    /// <summary>Attributes of a part that adds to the output.</summary>
    private static nint SumAttributes()
    {
        nint attributes = 0, epilogue = 0;
        OneDnn.Check(OneDnn.CreateAttributes(&attributes), "attributes");
        OneDnn.Check(OneDnn.CreateEpilogue(&epilogue), "epilogue");
        OneDnn.Check(OneDnn.AppendSum(epilogue, 1), "sum");
        OneDnn.Check(OneDnn.SetEpilogue(attributes, epilogue), "sum");
        OneDnn.Check(OneDnn.DestroyEpilogue(epilogue), "epilogue");
        return attributes;
    }

    private nint Memory(byte[] descriptor)
    {
        nint memory = 0;
        fixed (byte* d = descriptor)
        {
            OneDnn.Check(OneDnn.CreateMemory(&memory, d, OneDnn.Engine, -1), "memory");
        }

        memories.Add(memory);
        return memory;
    }

    private nint Reorder(byte[] from, byte[] to)
    {
        nint prepared = 0, primitive = 0;
        fixed (byte* f = from, t = to)
        {
            OneDnn.Check(OneDnn.PrepareReorder(&prepared, f, OneDnn.Engine, t, OneDnn.Engine, 0), "reorder");
        }

        OneDnn.Check(OneDnn.CreatePrimitive(&primitive, prepared), "reorder");
        OneDnn.Check(OneDnn.DestroyPrepared(prepared), "end of a description");
        primitives.Add(primitive);
        return primitive;
    }
}
