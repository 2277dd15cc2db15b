using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>A channel of the source and its taps.</summary>
internal struct StripView
{
    /// <summary>First element of its plane.</summary>
    public int Plane;

    /// <summary>Its rows.</summary>
    public int Height;

    /// <summary>Its columns.</summary>
    public int Width;

    /// <summary>First row that is read; it may lie above the map.</summary>
    public int Top;

    /// <summary>Column c of the lines.</summary>
    public int Left;

    /// <summary>First tap.</summary>
    public int Start;

    /// <summary>First tap of odd columns (sub-pixel).</summary>
    public int Second;

    /// <summary>1, or −1 where taps are read backwards.</summary>
    public int Step;

    /// <summary>What taps are multiplied by.</summary>
    public float Gate;
}

/// <summary>A channel of the fine map and its taps.</summary>
internal struct FineView
{
    /// <summary>Image.</summary>
    public int N;

    /// <summary>Channel of the plane of even rows and even columns.</summary>
    public int Channel;

    /// <summary>Channels from plane to plane.</summary>
    public int Far;

    /// <summary>Row of the planes where the outputs start.</summary>
    public int Top;

    /// <summary>Column c of the lines.</summary>
    public int Left;

    /// <summary>First tap.</summary>
    public int Start;

    /// <summary>1, or −1 where taps are read backwards.</summary>
    public int Step;
}

/// <summary>Rows of a map as lines.</summary>
internal static class StripLines
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine LoadThree<T, TElement, TLoad>(ArrayView<T> x, StripView v, int row)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine line = default;
        if (row >= 0 && row < v.Height)
        {
            line = TLoad.Three<T, TElement>(x, v.Plane + row * v.Width + v.Left, v.Left, v.Width);
        }

        return line;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine LoadFour<T, TElement, TLoad>(ArrayView<T> x, StripView v, int row)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine line = default;
        if (row >= 0 && row < v.Height)
        {
            line = TLoad.Four<T, TElement>(x, v.Plane + row * v.Width + v.Left, v.Left, v.Width);
        }

        return line;
    }

    /// <summary>A row of one of the four planes of a fine map, times its gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripLine LoadGated<T, TElement, TLoad, TEpilogue>(ArrayView<T> x, EpilogueViews<T> views,
        StripShape g, FineView v, int phase, int row)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TEpilogue : struct, IEpilogue
    {
        StripLine line = default;
        if (row >= 0 && row < g.H)
        {
            int channel = v.Channel + phase * v.Far;
            int plane = v.N * g.SourceC + EpilogueViews<T>.Input(views, channel);
            line = TLoad.Three<T, TElement>(x, (plane * g.H + row) * g.W + v.Left, v.Left, g.W);
            if (TEpilogue.HasGate)
            {
                line = StripLine.Times(line, views.Gate[v.N * g.GateC + channel]);
            }
        }

        return line;
    }
}
