using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>The end of an output: epilogue and store.</summary>
internal static class StripStore
{
    /// <summary>Stores one pixel where it is <paramref name="inside"/>; returns it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float One<T, TElement, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, float scale, float shift, int i,
        bool inside, float z)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        float stored = 0f;
        if (inside)
        {
            stored = Norm<TEpilogue>(z, scale, shift);
            if (TEpilogue.HasResidual)
            {
                stored += TElement.Load(e.Residual, i);
            }

            if (!TEpilogue.HasSums || (e.Flags & EpilogueViews<T>.StoreFlag) != 0)
            {
                TElement.Store(y, i, stored);
            }
        }

        return stored;
    }

    /// <summary>Norm and activation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Norm<TEpilogue>(float z, float scale, float shift)
        where TEpilogue : struct, IEpilogue
    {
        if (TEpilogue.HasNorm)
        {
            z = z * scale + shift;
        }

        return TEpilogue.Activate(z);
    }
}

/// <summary>How four neighbouring outputs are stored.</summary>
internal interface IStripStore
{
    /// <summary>Stores columns v … v + 3 of row h of a plane; returns their sum.</summary>
    static abstract float Quad<T, TElement, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, StripShape g, int plane,
        float scale, float shift, int h, int v, Float4 z)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue;
}

/// <summary>At once: rows are multiples of four numbers.</summary>
internal struct WideStore : IStripStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Quad<T, TElement, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, StripShape g, int plane,
        float scale, float shift, int h, int v, Float4 z)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        float sum = 0f;
        if (h < g.OutH)
        {
            int i = (plane * g.OutH + h) * g.OutW + v;
            z = new Float4(StripStore.Norm<TEpilogue>(z.X, scale, shift), StripStore.Norm<TEpilogue>(z.Y, scale, shift),
                StripStore.Norm<TEpilogue>(z.Z, scale, shift), StripStore.Norm<TEpilogue>(z.W, scale, shift));
            if (TEpilogue.HasResidual)
            {
                z = Float4.Add(z, TElement.LoadQuad(e.Residual, i));
            }

            if (!TEpilogue.HasSums || (e.Flags & EpilogueViews<T>.StoreFlag) != 0)
            {
                TElement.StoreQuad(y, i, z);
            }

            sum = z.X + z.Y + (z.Z + z.W);
        }

        return sum;
    }
}

/// <summary>Number by number.</summary>
internal struct NarrowStore : IStripStore
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Quad<T, TElement, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, StripShape g, int plane,
        float scale, float shift, int h, int v, Float4 z)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        float sum = 0f;
        if (h < g.OutH)
        {
            int i = (plane * g.OutH + h) * g.OutW + v;
            sum = StripStore.One<T, TElement, TEpilogue>(y, e, scale, shift, i, v < g.OutW, z.X)
                + StripStore.One<T, TElement, TEpilogue>(y, e, scale, shift, i + 1, v + 1 < g.OutW, z.Y)
                + (StripStore.One<T, TElement, TEpilogue>(y, e, scale, shift, i + 2, v + 2 < g.OutW, z.Z)
                + StripStore.One<T, TElement, TEpilogue>(y, e, scale, shift, i + 3, v + 3 < g.OutW, z.W));
        }

        return sum;
    }
}
