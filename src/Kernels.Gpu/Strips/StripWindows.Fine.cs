using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>Outputs of a thread on the fine map: four rows, even and odd columns.</summary>
internal struct FineRows
{
    public StripRows Even;
    public StripRows Odd;
}

/// <summary>What one channel of the fine map adds to a thread's outputs. Its rows are rows of two planes: even columns
/// and odd columns.</summary>
internal interface IFineWindow
{
    /// <summary>Taps along each axis.</summary>
    static abstract int Kernel { get; }

    /// <summary>Adds a channel.</summary>
    static abstract FineRows Add<T, TElement, TLoad, TEpilogue>(ArrayView<T> x, ArrayView<float> w,
        EpilogueViews<T> views, StripShape g, FineView v, FineRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TEpilogue : struct, IEpilogue;
}

/// <summary>3×3 taps on the fine map: 6 of its rows for four.</summary>
internal struct Fine3x3 : IFineWindow
{
    public static int Kernel => 3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FineRows Add<T, TElement, TLoad, TEpilogue>(ArrayView<T> x, ArrayView<float> w,
        EpilogueViews<T> views, StripShape g, FineView v, FineRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TEpilogue : struct, IEpilogue
    {
        StripLine e0 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top - 1);
        StripLine o0 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top - 1);
        StripLine e1 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top);
        StripLine o1 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top);
        StripLine e2 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top);
        StripLine o2 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top);
        StripLine e3 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top + 1);
        StripLine o3 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top + 1);
        Row3 w0 = Row3.Load(w, v.Start, v.Step, 1f);
        sum.Even.A = Row3.FineEven(sum.Even.A, w0, e0, o0);
        sum.Odd.A = Row3.FineOdd(sum.Odd.A, w0, e0, o0);
        sum.Even.B = Row3.FineEven(sum.Even.B, w0, e1, o1);
        sum.Odd.B = Row3.FineOdd(sum.Odd.B, w0, e1, o1);
        sum.Even.C = Row3.FineEven(sum.Even.C, w0, e2, o2);
        sum.Odd.C = Row3.FineOdd(sum.Odd.C, w0, e2, o2);
        sum.Even.D = Row3.FineEven(sum.Even.D, w0, e3, o3);
        sum.Odd.D = Row3.FineOdd(sum.Odd.D, w0, e3, o3);
        StripLine e4 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top + 1);
        StripLine o4 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top + 1);
        Row3 w1 = Row3.Load(w, v.Start + 3 * v.Step, v.Step, 1f);
        sum.Even.A = Row3.FineEven(sum.Even.A, w1, e1, o1);
        sum.Odd.A = Row3.FineOdd(sum.Odd.A, w1, e1, o1);
        sum.Even.B = Row3.FineEven(sum.Even.B, w1, e2, o2);
        sum.Odd.B = Row3.FineOdd(sum.Odd.B, w1, e2, o2);
        sum.Even.C = Row3.FineEven(sum.Even.C, w1, e3, o3);
        sum.Odd.C = Row3.FineOdd(sum.Odd.C, w1, e3, o3);
        sum.Even.D = Row3.FineEven(sum.Even.D, w1, e4, o4);
        sum.Odd.D = Row3.FineOdd(sum.Odd.D, w1, e4, o4);
        StripLine e5 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top + 2);
        StripLine o5 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top + 2);
        Row3 w2 = Row3.Load(w, v.Start + 6 * v.Step, v.Step, 1f);
        sum.Even.A = Row3.FineEven(sum.Even.A, w2, e2, o2);
        sum.Odd.A = Row3.FineOdd(sum.Odd.A, w2, e2, o2);
        sum.Even.B = Row3.FineEven(sum.Even.B, w2, e3, o3);
        sum.Odd.B = Row3.FineOdd(sum.Odd.B, w2, e3, o3);
        sum.Even.C = Row3.FineEven(sum.Even.C, w2, e4, o4);
        sum.Odd.C = Row3.FineOdd(sum.Odd.C, w2, e4, o4);
        sum.Even.D = Row3.FineEven(sum.Even.D, w2, e5, o5);
        sum.Odd.D = Row3.FineOdd(sum.Odd.D, w2, e5, o5);
        return sum;
    }
}

/// <summary>5×5 taps on the fine map: 8 of its rows for four.</summary>
internal struct Fine5x5 : IFineWindow
{
    public static int Kernel => 5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FineRows Add<T, TElement, TLoad, TEpilogue>(ArrayView<T> x, ArrayView<float> w,
        EpilogueViews<T> views, StripShape g, FineView v, FineRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
        where TEpilogue : struct, IEpilogue
    {
        StripLine e0 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top - 1);
        StripLine o0 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top - 1);
        StripLine e1 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top - 1);
        StripLine o1 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top - 1);
        StripLine e2 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top);
        StripLine o2 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top);
        StripLine e3 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top);
        StripLine o3 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top);
        Row5 w0 = Row5.Load(w, v.Start, v.Step, 1f);
        sum.Even.A = Row5.FineEven(sum.Even.A, w0, e0, o0);
        sum.Odd.A = Row5.FineOdd(sum.Odd.A, w0, e0, o0);
        sum.Even.B = Row5.FineEven(sum.Even.B, w0, e1, o1);
        sum.Odd.B = Row5.FineOdd(sum.Odd.B, w0, e1, o1);
        sum.Even.C = Row5.FineEven(sum.Even.C, w0, e2, o2);
        sum.Odd.C = Row5.FineOdd(sum.Odd.C, w0, e2, o2);
        sum.Even.D = Row5.FineEven(sum.Even.D, w0, e3, o3);
        sum.Odd.D = Row5.FineOdd(sum.Odd.D, w0, e3, o3);
        StripLine e4 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top + 1);
        StripLine o4 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top + 1);
        Row5 w1 = Row5.Load(w, v.Start + 5 * v.Step, v.Step, 1f);
        sum.Even.A = Row5.FineEven(sum.Even.A, w1, e1, o1);
        sum.Odd.A = Row5.FineOdd(sum.Odd.A, w1, e1, o1);
        sum.Even.B = Row5.FineEven(sum.Even.B, w1, e2, o2);
        sum.Odd.B = Row5.FineOdd(sum.Odd.B, w1, e2, o2);
        sum.Even.C = Row5.FineEven(sum.Even.C, w1, e3, o3);
        sum.Odd.C = Row5.FineOdd(sum.Odd.C, w1, e3, o3);
        sum.Even.D = Row5.FineEven(sum.Even.D, w1, e4, o4);
        sum.Odd.D = Row5.FineOdd(sum.Odd.D, w1, e4, o4);
        StripLine e5 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top + 1);
        StripLine o5 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top + 1);
        Row5 w2 = Row5.Load(w, v.Start + 10 * v.Step, v.Step, 1f);
        sum.Even.A = Row5.FineEven(sum.Even.A, w2, e2, o2);
        sum.Odd.A = Row5.FineOdd(sum.Odd.A, w2, e2, o2);
        sum.Even.B = Row5.FineEven(sum.Even.B, w2, e3, o3);
        sum.Odd.B = Row5.FineOdd(sum.Odd.B, w2, e3, o3);
        sum.Even.C = Row5.FineEven(sum.Even.C, w2, e4, o4);
        sum.Odd.C = Row5.FineOdd(sum.Odd.C, w2, e4, o4);
        sum.Even.D = Row5.FineEven(sum.Even.D, w2, e5, o5);
        sum.Odd.D = Row5.FineOdd(sum.Odd.D, w2, e5, o5);
        StripLine e6 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 0, v.Top + 2);
        StripLine o6 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 1, v.Top + 2);
        Row5 w3 = Row5.Load(w, v.Start + 15 * v.Step, v.Step, 1f);
        sum.Even.A = Row5.FineEven(sum.Even.A, w3, e3, o3);
        sum.Odd.A = Row5.FineOdd(sum.Odd.A, w3, e3, o3);
        sum.Even.B = Row5.FineEven(sum.Even.B, w3, e4, o4);
        sum.Odd.B = Row5.FineOdd(sum.Odd.B, w3, e4, o4);
        sum.Even.C = Row5.FineEven(sum.Even.C, w3, e5, o5);
        sum.Odd.C = Row5.FineOdd(sum.Odd.C, w3, e5, o5);
        sum.Even.D = Row5.FineEven(sum.Even.D, w3, e6, o6);
        sum.Odd.D = Row5.FineOdd(sum.Odd.D, w3, e6, o6);
        StripLine e7 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 2, v.Top + 2);
        StripLine o7 = StripLines.LoadGated<T, TElement, TLoad, TEpilogue>(x, views, g, v, 3, v.Top + 2);
        Row5 w4 = Row5.Load(w, v.Start + 20 * v.Step, v.Step, 1f);
        sum.Even.A = Row5.FineEven(sum.Even.A, w4, e4, o4);
        sum.Odd.A = Row5.FineOdd(sum.Odd.A, w4, e4, o4);
        sum.Even.B = Row5.FineEven(sum.Even.B, w4, e5, o5);
        sum.Odd.B = Row5.FineOdd(sum.Odd.B, w4, e5, o5);
        sum.Even.C = Row5.FineEven(sum.Even.C, w4, e6, o6);
        sum.Odd.C = Row5.FineOdd(sum.Odd.C, w4, e6, o6);
        sum.Even.D = Row5.FineEven(sum.Even.D, w4, e7, o7);
        sum.Odd.D = Row5.FineOdd(sum.Odd.D, w4, e7, o7);
        return sum;
    }
}
