using System.Runtime.InteropServices;

namespace MuxKernels.Interop;

/// <summary>One tensor to be written. It refers to the caller's memory and is read when the file is written.</summary>
public sealed class SafeTensor
{
    private readonly Source source;

    private SafeTensor(string name, SafeTensorType type, IReadOnlyList<long> shape, int elements, Source source)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        (Name, Type, Shape, this.source) = (name, type, [.. shape], source);
        Guard.That(Shape.All(axis => axis >= 0), nameof(SafeTensor),
            $"'{name}' has shape [{string.Join(", ", Shape)}], expected no negative axis.");
        Guard.That(Shape.Aggregate(Int128.One, (product, axis) => product > long.MaxValue ? product : product * axis) ==
            elements, nameof(SafeTensor),
            $"'{name}' has {elements} elements, which do not fill shape [{string.Join(", ", Shape)}].");
        Length = (long)elements * type.Size();
    }

    /// <summary>Some of the elements. A tensor may have more bytes than a span holds.</summary>
    private delegate ReadOnlySpan<byte> Source(int start, int count);

    /// <summary>Name in the file.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public SafeTensorType Type { get; }

    /// <summary>Lengths of the axes; none for a single number.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes of all elements.</summary>
    public long Length { get; }

    /// <summary>Number of elements.</summary>
    internal int Count => (int)(Length / Type.Size());

    /// <summary>Some of the elements, in this machine's byte order.</summary>
    internal ReadOnlySpan<byte> Bytes(int start, int count) => source(start, count);

    /// <summary>A tensor of float, double, Half, bool or an integer type; the file gets the same type.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="shape">Lengths of the axes; none for a single number.</param>
    /// <param name="data">Elements in row-major order.</param>
    /// <exception cref="ShapeException">Elements that do not fill the shape.</exception>
    /// <exception cref="NotSupportedException">A type that the format does not have.</exception>
    public static SafeTensor Of<T>(string name, IReadOnlyList<long> shape, ReadOnlyMemory<T> data)
        where T : unmanaged =>
        new(name, SafeTensorTypes.Of(typeof(T))
            ?? throw new NotSupportedException($"SafeTensor.Of: '{name}' has elements of type {typeof(T).Name}."),
            shape, data.Length, (start, count) => MemoryMarshal.AsBytes(data.Span.Slice(start, count)));

    /// <inheritdoc cref="Of{T}(string, IReadOnlyList{long}, ReadOnlyMemory{T})"/>
    public static SafeTensor Of<T>(string name, Shape shape, ReadOnlyMemory<T> data)
        where T : unmanaged =>
        Of(name, Array.ConvertAll(shape.Axes, axis => (long)axis), data);

    /// <summary>A tensor of elements given as bytes, for types that the language does not have.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">Lengths of the axes; none for a single number.</param>
    /// <param name="data">Elements in row-major order, in this machine's byte order.</param>
    /// <exception cref="ShapeException">Bytes that do not fill the shape.</exception>
    public static SafeTensor Raw(string name, SafeTensorType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> data)
    {
        Guard.That(data.Length % type.Size() == 0, nameof(SafeTensor),
            $"'{name}' has {data.Length} bytes, expected a multiple of {type.Size()} for {type}.");
        return new SafeTensor(name, type, shape, data.Length / type.Size(),
            (start, count) => data.Span.Slice(start * type.Size(), count * type.Size()));
    }
}
