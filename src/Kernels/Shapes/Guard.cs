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
    public static void Positive(int value, string kernel, [CallerArgumentExpression(nameof(value))] string argument = "")
    {
        if (value < 1)
        {
            Fail($"{kernel}: {argument} is {value}, expected at least 1.");
        }
    }

    /// <summary>Demands a shape whose axes are all positive and whose length fits an <see cref="int"/>.</summary>
    public static void Positive(Shape shape, string kernel, [CallerArgumentExpression(nameof(shape))] string argument = "")
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

    /// <summary>Demands a span of exactly the length of a shape.</summary>
    public static void Length<T>(ReadOnlySpan<T> span, Shape shape, string kernel,
        [CallerArgumentExpression(nameof(span))] string argument = "")
    {
        if (span.Length != shape.Length)
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

    /// <summary>Throws a <see cref="ShapeException"/>.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Fail(string message) => throw new ShapeException(message);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FailLength(string kernel, string argument, long got, Shape shape) =>
        throw new ShapeException(
            $"{kernel}: {argument} has {got} elements, expected {shape.Length} for shape {shape}.");
}
