using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>A thread's place in a part.</summary>
internal struct StripPlace
{
    /// <summary>Image.</summary>
    public int N;

    /// <summary>Plane of the part.</summary>
    public int C;

    /// <summary>Strip along the rows.</summary>
    public int Line;

    /// <summary>Strip along the columns.</summary>
    public int Column;

    /// <summary>Strip of the plane.</summary>
    public int Strip;
}

/// <summary>How parts of one form are computed. A kernel is compiled for the forms that it meets, so that it takes no
/// more registers than they need.</summary>
internal interface IStripForm
{
    /// <summary>Whether a part has this form.</summary>
    static abstract bool Has(int form, int kernel);

    /// <summary>Computes and stores a thread's outputs.</summary>
    static abstract void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue;
}

/// <summary>Parts of the first form, and others.</summary>
internal struct Forms<TFirst, TOthers> : IStripForm
    where TFirst : struct, IStripForm
    where TOthers : struct, IStripForm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(int form, int kernel) => TFirst.Has(form, kernel) || TOthers.Has(form, kernel);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        if (TFirst.Has(part.Form, part.Row.Kernel))
        {
            TFirst.Run<T, TElement, TLoad, TStore, TEpilogue>(x, w, y, part, views, g, at);
        }
        else
        {
            TOthers.Run<T, TElement, TLoad, TStore, TEpilogue>(x, w, y, part, views, g, at);
        }
    }
}

/// <summary>Plain convolutions: 4×4 outputs of a channel.</summary>
internal struct PlainForm<TWindow> : IStripForm
    where TWindow : struct, IStripWindow
{
    public static bool Has(int form, int kernel) => form == StripForm.Plain && kernel == TWindow.Kernel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int taps = TWindow.Kernel * TWindow.Kernel, group = at.C / g.ResultPerGroup, h = 4 * at.Line;
        int start = group * g.SourcePerGroup * g.ResultPerGroup + (at.C - group * g.ResultPerGroup) * g.ResultStep;
        int source = part.Row.First + group * g.SourcePerGroup;
        StripRows sum = default;
        for (int q = 0; q < g.SourcePerGroup; q++)
        {
            StripView v = StripKernels.View<T, TEpilogue>(views, g, at.N, source + q,
                part.Row.Weight + (start + q * g.SourceStep) * taps, taps);
            v.Top = TWindow.Stride * h - TWindow.Kernel / 2;
            v.Left = TWindow.Stride * 4 * at.Column;
            sum = TWindow.Add<T, TElement, TLoad>(x, w, v, sum);
        }

        StripKernels.Store<T, TElement, TStore, TEpilogue>(y, views, g, at, part.Row.First + at.C, h, 1, sum);
    }
}

/// <summary>Sub-pixel parts, r = 2: 4 rows of one parity × 4 columns of a channel. Taps are two pixels apart; the phase
/// of a pixel says which.</summary>
internal struct SubForm<TWindow> : IStripForm
    where TWindow : struct, IStripWindow
{
    public static bool Has(int form, int kernel) => form == StripForm.Sub && kernel == TWindow.Kernel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int taps = TWindow.Kernel * TWindow.Kernel, width = g.SourcePerGroup, group = at.C / width;
        int parity = at.Line & 1, h = (at.Line >> 1) * 8 + parity;
        int start = (2 * parity * part.Row.Channels + group * width) * width + (at.C - group * width) * g.ResultStep;
        StripRows sum = default;
        for (int q = 0; q < width; q++)
        {
            StripView v = StripKernels.View<T, TEpilogue>(views, g, at.N, part.Row.First + group * width + q,
                part.Row.Weight + (start + q * g.SourceStep) * taps, taps);
            v.Second = v.Start + part.Row.Channels * width * taps;
            v.Top = h - TWindow.Kernel / 2 * 2;
            v.Left = 4 * at.Column;
            sum = TWindow.Add<T, TElement, TLoad>(x, w, v, sum);
        }

        StripKernels.Store<T, TElement, TStore, TEpilogue>(y, views, g, at, part.Row.First + at.C, h, 2, sum);
    }
}

/// <summary>Super-pixel parts, r = 2: 2×4 outputs of four channels, which are 4×8 of the fine map.</summary>
internal struct SuperForm<TWindow> : IStripForm
    where TWindow : struct, IFineWindow
{
    public static bool Has(int form, int kernel) => form == StripForm.Super && kernel == TWindow.Kernel;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int taps = TWindow.Kernel * TWindow.Kernel, width = g.SourcePerGroup, group = at.C / width;
        int start = group * width * width + (at.C - group * width) * g.ResultStep, h = 2 * at.Line;
        FineRows sum = default;
        for (int q = 0; q < width; q++)
        {
            FineView v = default;
            v.N = at.N;
            v.Channel = part.Row.First + group * width + q;
            v.Far = part.Row.Transformed;
            v.Top = h;
            v.Left = 4 * at.Column;
            v.Step = g.TapStep;
            v.Start = part.Row.Weight + (start + q * g.SourceStep) * taps + (g.TapStep < 0 ? taps - 1 : 0);
            sum = TWindow.Add<T, TElement, TLoad, TEpilogue>(x, w, views, g, v, sum);
        }

        int o = part.Row.First + at.C, far = part.Row.Transformed;
        StripKernels.Two<T, TElement, TStore, TEpilogue>(y, views, g, at, o, h, sum.Even.A, sum.Even.C);
        StripKernels.Two<T, TElement, TStore, TEpilogue>(y, views, g, at, o + far, h, sum.Odd.A, sum.Odd.C);
        StripKernels.Two<T, TElement, TStore, TEpilogue>(y, views, g, at, o + 2 * far, h, sum.Even.B, sum.Even.D);
        StripKernels.Two<T, TElement, TStore, TEpilogue>(y, views, g, at, o + 3 * far, h, sum.Odd.B, sum.Odd.D);
    }
}

/// <summary>Parts of any geometry: one output.</summary>
internal struct AnyForm : IStripForm
{
    public static bool Has(int form, int kernel) => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<T, TElement, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y,
        StripPart part, EpilogueViews<T> views, StripShape g, StripPlace at)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue => StripAny.Output<T, TElement, TEpilogue>(x, w, y, part.Row,
        views, g, at.N, at.C, at.Line, at.Column, at.Strip);
}
