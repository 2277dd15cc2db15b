using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Argument checks of the kernel families. Every message names the kernel, the argument, what was expected
/// and what was found.</summary>
public static class Guard
{
    /// <summary>Largest number of elements of one tensor: positions are 32-bit integers in every kernel.</summary>
    public const long MaxLength = int.MaxValue;

    /// <summary>Demands <c>value ≥ 1</c>.</summary>
    public static void Positive(int value, string kernel,
        [CallerArgumentExpression(nameof(value))] string argument = "")
    {
        if (value < 1)
        {
            Fail($"{kernel}: {argument} is {value}, expected at least 1.");
        }
    }

    /// <summary>Demands a shape whose axes are all positive and whose length fits an <see cref="int"/>.</summary>
    public static void Positive(Shape shape, string kernel,
        [CallerArgumentExpression(nameof(shape))] string argument = "")
    {
        if (shape.N < 1 || shape.C < 1 || shape.H < 1 || shape.W < 1)
        {
            Fail($"{kernel}: {argument} has shape {shape}, expected every axis to be at least 1.");
        }

        if ((Int128)shape.N * shape.C * shape.H * shape.W > MaxLength)
        {
            Fail($"{kernel}: {argument} has shape {shape}, more than {MaxLength} elements.");
        }
    }

    /// <summary>Demands that a condition of the geometry holds.</summary>
    public static void That([DoesNotReturnIf(false)] bool condition, string kernel, string message)
    {
        if (!condition)
        {
            Fail($"{kernel}: {message}");
        }
    }

    /// <summary>Demands a span of exactly the length of a shape. No checked shape is empty: an empty one comes from
    /// arguments that are a default value and were never constructed.</summary>
    public static void Length<T>(ReadOnlySpan<T> span, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(span))] string argument = "")
    {
        if (span.Length != shape.Length || span.IsEmpty)
        {
            FailLength(kernel, argument, span.Length, shape);
        }
    }

    /// <inheritdoc cref="Length{T}(ReadOnlySpan{T}, Shape, string, string)"/>
    public static void Length<T>(Span<T> span, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(span))] string argument = "") =>
        Length((ReadOnlySpan<T>)span, shape, kernel, argument);

    /// <summary>Demands a span of exactly the length of a shape, or an empty one.</summary>
    public static void LengthOrEmpty<T>(ReadOnlySpan<T> span, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(span))] string argument = "")
    {
        if (!span.IsEmpty)
        {
            Length(span, shape, kernel, argument);
        }
    }

    /// <summary>Demands scratch memory of at least the given length.</summary>
    public static void Scratch<T>(Span<T> scratch, int length, string kernel)
    {
        if (scratch.Length < length)
        {
            Fail($"{kernel}: scratch has {scratch.Length} elements, expected at least {length}.");
        }
    }

    /// <summary>Demands that what is written does not overlap what is read.</summary>
    public static void NoOverlap<T>(ReadOnlySpan<T> read, Span<T> written, string kernel,
        [CallerArgumentExpression(nameof(read))] string readName = "",
        [CallerArgumentExpression(nameof(written))] string writtenName = "")
    {
        if (read.Overlaps(written))
        {
            Fail($"{kernel}: {writtenName} overlaps {readName}, expected separate memory.");
        }
    }

    /// <summary>Demands that what is written is exactly what is read (in place) or does not overlap it.</summary>
    public static void SameOrSeparate<T>(ReadOnlySpan<T> read, Span<T> written, string kernel,
        [CallerArgumentExpression(nameof(read))] string readName = "",
        [CallerArgumentExpression(nameof(written))] string writtenName = "")
    {
        if (read.Overlaps(written, out int offset) && offset != 0)
        {
            Fail($"{kernel}: {writtenName} overlaps {readName} by a shift, expected the same or separate memory.");
        }
    }

    /// <summary>Demands that what is written, scratch memory too, overlaps none of the other operands.</summary>
    public static void Separate<T>(Span<T> written, string kernel, ReadOnlySpan<T> a, ReadOnlySpan<T> b = default,
        ReadOnlySpan<T> c = default, ReadOnlySpan<T> d = default, ReadOnlySpan<T> e = default,
        ReadOnlySpan<T> f = default, ReadOnlySpan<T> g = default,
        [CallerArgumentExpression(nameof(written))] string writtenName = "",
        [CallerArgumentExpression(nameof(a))] string aName = "",
        [CallerArgumentExpression(nameof(b))] string bName = "",
        [CallerArgumentExpression(nameof(c))] string cName = "",
        [CallerArgumentExpression(nameof(d))] string dName = "",
        [CallerArgumentExpression(nameof(e))] string eName = "",
        [CallerArgumentExpression(nameof(f))] string fName = "",
        [CallerArgumentExpression(nameof(g))] string gName = "")
    {
        NoOverlap(a, written, kernel, aName, writtenName);
        NoOverlap(b, written, kernel, bName, writtenName);
        NoOverlap(c, written, kernel, cName, writtenName);
        NoOverlap(d, written, kernel, dName, writtenName);
        NoOverlap(e, written, kernel, eName, writtenName);
        NoOverlap(f, written, kernel, fName, writtenName);
        NoOverlap(g, written, kernel, gName, writtenName);
    }

    /// <summary>Throws a <see cref="ShapeException"/>.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Fail(string message) => throw new ShapeException(message);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FailLength(string kernel, string argument, long got, Shape shape) =>
        throw new ShapeException(shape.Length == 0
            ? $"{kernel}: {argument} would have shape {shape}; the arguments are a default value, expected constructed "
                + "ones."
            : $"{kernel}: {argument} has {got} elements, expected {shape.Length} for shape {shape}.");
}
