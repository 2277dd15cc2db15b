using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>Slices of both operands of a product in shared memory, <c>[depth][index + gap]</c>: the gap keeps accesses
/// off each other's banks.</summary>
internal static class ProductSlices
{
    /// <summary>Elements that keep rows apart where numbers are stored transposed and read in quads.</summary>
    public const int Gap = 4;

    /// <summary>Quad e of a slice of <paramref name="depth"/> × <paramref name="size"/> numbers of the left operand.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Left<TLoad>(ArrayView<float> a, ProductOperand o, int e, int depth, int size, int k0, int end,
        int i0)
        where TLoad : struct, IProductLoad
    {
        int k = k0 + Depth<TLoad>(e, depth, size);
        return TLoad.Load<float, SingleElement>(a, o, k, end, k, i0 + Index<TLoad>(e, depth, size));
    }

    /// <summary>The same of the right operand, whose rows may be gated and lie anywhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Right<T, TElement, TLoad, TEpilogue>(ArrayView<T> b, EpilogueViews<T> views, ProductOperand o,
        int channels, int e, int depth, int size, int k0, int end, int i0)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IProductLoad
        where TEpilogue : struct, IEpilogue
    {
        int k = k0 + Depth<TLoad>(e, depth, size), i = i0 + Index<TLoad>(e, depth, size), row = k;
        if (!TLoad.AlongDepth && TEpilogue.HasNorm && k < end)
        {
            row = EpilogueViews<T>.Input(views, k);
        }

        Float4 quad = TLoad.Load<T, TElement>(b, o, k, end, row, i);
        if (TEpilogue.HasGate && k < end)
        {
            if (TLoad.Wide)
            {
                float gate = Gate(views, o, channels, k, i);
                quad = new Float4(quad.X * gate, quad.Y * gate, quad.Z * gate, quad.W * gate);
            }
            else
            {
                quad = new Float4(quad.X * Gate(views, o, channels, k, i), quad.Y * Gate(views, o, channels, k, i + 1),
                    quad.Z * Gate(views, o, channels, k, i + 2), quad.W * Gate(views, o, channels, k, i + 3));
            }
        }

        return quad;
    }

    /// <summary>Puts quad e into a slice that starts at <paramref name="start"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<TLoad>(ArrayView<Float4> slice, int start, int e, int depth, int size, Float4 quad)
        where TLoad : struct, IProductLoad
    {
        int pitch = size + Gap;
        PutAt<TLoad>(slice, start + Depth<TLoad>(e, depth, size) * pitch + Index<TLoad>(e, depth, size), pitch, quad);
    }

    /// <summary>Puts a quad at place i of a slice whose rows are <paramref name="pitch"/> elements apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutAt<TLoad>(ArrayView<Float4> slice, int i, int pitch, Float4 quad)
        where TLoad : struct, IProductLoad
    {
        if (TLoad.AlongDepth)
        {
            ArrayView<float> numbers = slice.Cast<float>();
            numbers[i] = quad.X;
            numbers[i + pitch] = quad.Y;
            numbers[i + 2 * pitch] = quad.Z;
            numbers[i + 3 * pitch] = quad.W;
        }
        else
        {
            slice[i >> 2] = quad;
        }
    }

    /// <summary>Where quad e begins along the depth of a slice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Depth<TLoad>(int e, int depth, int size)
        where TLoad : struct, IProductLoad => TLoad.AlongDepth ? e % (depth / 4) * 4 : e / (size / 4);

    /// <summary>Where it begins along the index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index<TLoad>(int e, int depth, int size)
        where TLoad : struct, IProductLoad => TLoad.AlongDepth ? e / (depth / 4) : e % (size / 4) * 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Gate<T>(EpilogueViews<T> views, ProductOperand o, int channels, int k, int i)
        where T : unmanaged
    {
        float gate = 0f;
        if (i < o.Limit)
        {
            gate = views.Gate[FastDivide.Quotient(i, o.Padded) * channels + k];
        }

        return gate;
    }
}
