using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>How a group of threads brings slices of an operand into shared memory: four numbers at a time, along the
/// depth or along the index.</summary>
internal interface IProductLoad
{
    /// <summary>Whether four numbers lie along the depth.</summary>
    static abstract bool AlongDepth { get; }

    /// <summary>Whether they are one access.</summary>
    static abstract bool Wide { get; }

    /// <summary>Four numbers from (k, i) on; zero beyond the depth <paramref name="end"/> or the operand. In the index
    /// form k lies at <paramref name="row"/>.</summary>
    static abstract Float4 Load<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T>;
}

/// <summary>Along the depth, 16 bytes at once: rows and images are multiples of four numbers.</summary>
internal struct DepthQuads : IProductLoad
{
    public static bool AlongDepth => true;

    public static bool Wide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        Float4 quad = default;
        if (k < end && i < o.Limit)
        {
            int n = FastDivide.Quotient(k, o.Padded);
            quad = TElement.LoadQuad(v, n * o.Image + i * o.Pixels + k - n * o.Padded.Divisor);
        }

        return quad;
    }
}

/// <summary>Along the depth, number by number.</summary>
internal struct DepthSingles : IProductLoad
{
    public static bool AlongDepth => true;

    public static bool Wide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(One<T, TElement>(v, o, k, end, i),
        One<T, TElement>(v, o, k + 1, end, i), One<T, TElement>(v, o, k + 2, end, i),
        One<T, TElement>(v, o, k + 3, end, i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int i)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        float value = 0f;
        if (k < end && i < o.Limit)
        {
            int n = FastDivide.Quotient(k, o.Padded);
            value = TElement.Load(v, n * o.Image + i * o.Pixels + k - n * o.Padded.Divisor);
        }

        return value;
    }
}

/// <summary>Along the index, 16 bytes at once: pixels and images are multiples of four numbers. </summary>
internal struct IndexQuads : IProductLoad
{
    public static bool AlongDepth => false;

    public static bool Wide => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        Float4 quad = default;
        int n = FastDivide.Quotient(i, o.Padded), p = i - n * o.Padded.Divisor;
        if (k < end && i < o.Limit && p < o.Pixels)
        {
            quad = TElement.LoadQuad(v, n * o.Image + row * o.Pixels + p);
        }

        return quad;
    }
}

/// <summary>Along the index, number by number.</summary>
internal struct IndexSingles : IProductLoad
{
    public static bool AlongDepth => false;

    public static bool Wide => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Load<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(One<T, TElement>(v, o, k, end, row, i),
        One<T, TElement>(v, o, k, end, row, i + 1), One<T, TElement>(v, o, k, end, row, i + 2),
        One<T, TElement>(v, o, k, end, row, i + 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T, TElement>(ArrayView<T> v, ProductOperand o, int k, int end, int row, int i)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        float value = 0f;
        int n = FastDivide.Quotient(i, o.Padded), p = i - n * o.Padded.Divisor;
        if (k < end && i < o.Limit && p < o.Pixels)
        {
            value = TElement.Load(v, n * o.Image + row * o.Pixels + p);
        }

        return value;
    }
}
