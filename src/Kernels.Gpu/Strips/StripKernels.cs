using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>
/// k×k convolutions over maps that stay where they are: dense, depthwise, group-wise, mixed and multiplexed, all parts
/// in one launch. A thread computes 4×4 outputs of a channel: it holds taps, rows and outputs in registers, walks down
/// the rows that they read and loads each of them once, as three (stride 2: four) 16-byte quads where rows are
/// multiples of four numbers. A sub-pixel part is a convolution with taps two pixels apart, one set of taps for each
/// phase; a super-pixel part is a convolution of the fine map, whose even and odd columns are rows of two planes. With
/// the taps backwards the same kernel is the gradient of the input at stride 1.
/// </summary>
internal static class StripKernels
{
    /// <summary>One thread for a strip of 4×4 outputs, of 2×4 of four channels (super-pixel), or for one output.
    /// </summary>
    internal static void StripKernel<T, TElement, TForm, TLoad, TStore, TEpilogue>(ArrayView<T> x, ArrayView<float> w,
        ArrayView<T> y, ArrayView<StripPart> parts, EpilogueViews<T> views, StripShape g)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TForm : struct, IStripForm
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int block = Grid.IdxX, found = 0;
        while (found + 1 < g.Parts && block >= parts[found + 1].FirstBlock)
        {
            found++;
        }

        StripPart part = parts[found];
        int item = (block - part.FirstBlock) * Group.DimX + Group.IdxX;
        if (item >= part.Items)
        {
            return;
        }

        int rest = FastDivide.Quotient(item, part.Columns), planes = FastDivide.Quotient(rest, part.Lines);
        StripPlace at = default;
        at.Column = item - rest * part.Columns.Divisor;
        at.Line = rest - planes * part.Lines.Divisor;
        at.N = FastDivide.Quotient(planes, part.Planes);
        at.C = planes - at.N * part.Planes.Divisor;
        at.Strip = at.Line * part.Columns.Divisor + at.Column;
        TForm.Run<T, TElement, TLoad, TStore, TEpilogue>(x, w, y, part, views, g, at);
    }

    /// <summary>Channel c of the source with its taps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripView View<T, TEpilogue>(EpilogueViews<T> views, StripShape g, int n, int c, int start, int taps)
        where T : unmanaged
        where TEpilogue : struct, IEpilogue
    {
        StripView v = default;
        v.Plane = (n * g.SourceC + EpilogueViews<T>.Input(views, c)) * g.H * g.W;
        v.Height = g.H;
        v.Width = g.W;
        v.Step = g.TapStep;
        v.Start = start + (g.TapStep < 0 ? taps - 1 : 0);
        v.Gate = TEpilogue.HasGate ? views.Gate[n * g.GateC + c] : 1f;
        return v;
    }

    /// <summary>Four rows of channel o, <paramref name="step"/> rows apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T, TElement, TStore, TEpilogue>(ArrayView<T> y, EpilogueViews<T> views, StripShape g,
        StripPlace at, int o, int h, int step, StripRows rows)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int plane = at.N * g.ResultC + EpilogueViews<T>.Output(views, o), v = 4 * at.Column;
        float scale = EpilogueViews<T>.ScaleOf(views, o), shift = EpilogueViews<T>.ShiftOf(views, o);
        float sum = TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h, v, rows.A);
        sum += TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h + step, v, rows.B);
        sum += TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h + 2 * step, v, rows.C);
        sum += TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h + 3 * step, v, rows.D);
        if (TEpilogue.HasSums)
        {
            views.Sums[(at.N * g.Channels + o) * g.Strips + at.Strip] = sum;
        }
    }

    /// <summary>Two rows of channel o.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Two<T, TElement, TStore, TEpilogue>(ArrayView<T> y, EpilogueViews<T> views, StripShape g,
        StripPlace at, int o, int h, Float4 a, Float4 b)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue
    {
        int plane = at.N * g.ResultC + EpilogueViews<T>.Output(views, o), v = 4 * at.Column;
        float scale = EpilogueViews<T>.ScaleOf(views, o), shift = EpilogueViews<T>.ShiftOf(views, o);
        float sum = TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h, v, a);
        sum += TStore.Quad<T, TElement, TEpilogue>(y, views, g, plane, scale, shift, h + 1, v, b);
        if (TEpilogue.HasSums)
        {
            views.Sums[(at.N * g.Channels + o) * g.Strips + at.Strip] = sum;
        }
    }
}
