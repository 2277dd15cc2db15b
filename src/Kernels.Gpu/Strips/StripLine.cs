using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>Sixteen neighbouring numbers of a row, from four before column c on: what four outputs read. Zero beyond
/// the map.</summary>
internal struct StripLine(Float4 a, Float4 b, Float4 c, Float4 d)
{
    /// <summary>Columns c − 4 … c − 1.</summary>
    public Float4 A = a;

    /// <summary>Columns c … c + 3.</summary>
    public Float4 B = b;

    /// <summary>Columns c + 4 … c + 7.</summary>
    public Float4 C = c;

    /// <summary>Columns c + 8 … c + 11 (stride 2).</summary>
    public Float4 D = d;

    /// <summary>The line times a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine Times(StripLine l, float factor) => new(Float4.Times(l.A, factor),
        Float4.Times(l.B, factor), Float4.Times(l.C, factor), l.D);

    /// <summary>Columns c − 3 … c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Back3(StripLine l) => new(l.A.Y, l.A.Z, l.A.W, l.B.X);

    /// <summary>Columns c − 2 … c + 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Back2(StripLine l) => new(l.A.Z, l.A.W, l.B.X, l.B.Y);

    /// <summary>Columns c − 1 … c + 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 Back1(StripLine l) => new(l.A.W, l.B.X, l.B.Y, l.B.Z);

    /// <summary>Columns c + 1 … c + 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 On1(StripLine l) => new(l.B.Y, l.B.Z, l.B.W, l.C.X);

    /// <summary>Columns c + 2 … c + 5.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 On2(StripLine l) => new(l.B.Z, l.B.W, l.C.X, l.C.Y);

    /// <summary>Columns c + 3 … c + 6.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 On3(StripLine l) => new(l.B.W, l.C.X, l.C.Y, l.C.Z);
}

/// <summary>How rows are loaded.</summary>
internal interface IStripLoad
{
    /// <summary>Quads A … C of a row, of which element i is column c.</summary>
    static abstract StripLine Three<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T>;

    /// <summary>Quads A … D.</summary>
    static abstract StripLine Four<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T>;
}

/// <summary>Four numbers at once: rows are multiples of four numbers.</summary>
internal struct WideLoad : IStripLoad
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine Three<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(Quad<T, TElement>(x, i - 4, c - 4, width),
        Quad<T, TElement>(x, i, c, width), Quad<T, TElement>(x, i + 4, c + 4, width), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine Four<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(Quad<T, TElement>(x, i - 4, c - 4, width),
        Quad<T, TElement>(x, i, c, width), Quad<T, TElement>(x, i + 4, c + 4, width),
        Quad<T, TElement>(x, i + 8, c + 8, width));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Quad<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        Float4 quad = default;
        if (c >= 0 && c < width)
        {
            quad = TElement.LoadQuad(x, i);
        }

        return quad;
    }
}

/// <summary>Number by number; what a kernel does not use the compiler leaves out.</summary>
internal struct NarrowLoad : IStripLoad
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine Three<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(Quad<T, TElement>(x, i - 4, c - 4, width),
        Quad<T, TElement>(x, i, c, width), Quad<T, TElement>(x, i + 4, c + 4, width), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine Four<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(Quad<T, TElement>(x, i - 4, c - 4, width),
        Quad<T, TElement>(x, i, c, width), Quad<T, TElement>(x, i + 4, c + 4, width),
        new Float4(One<T, TElement>(x, i + 8, c + 8, width), One<T, TElement>(x, i + 9, c + 9, width), 0f, 0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Quad<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T> => new(One<T, TElement>(x, i, c, width),
        One<T, TElement>(x, i + 1, c + 1, width), One<T, TElement>(x, i + 2, c + 2, width),
        One<T, TElement>(x, i + 3, c + 3, width));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T, TElement>(ArrayView<T> x, int i, int c, int width)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        float value = 0f;
        if (c >= 0 && c < width)
        {
            value = TElement.Load(x, i);
        }

        return value;
    }
}
