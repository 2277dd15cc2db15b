using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>One output of a part of any geometry: every tap's place on the map is worked out.</summary>
internal static class StripAny
{
    /// <summary>Computes and stores pixel (h, v) of channel c of a part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output<T, TElement, TEpilogue>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y, PartRow part,
        EpilogueViews<T> views, StripShape g, int n, int c, int h, int v, int strip)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        int r = part.Scale == 0 ? 1 : g.Factor, t = c, row = h, column = v, phase = 0;
        if (part.Scale < 0)
        {
            row = h / r;
            column = v / r;
            phase = (h - row * r) * r + v - column * r;
            t = phase * part.Channels + c;
        }
        else if (part.Scale > 0)
        {
            phase = c / part.Transformed;
            t = c - phase * part.Transformed;
            row = h * r + phase / r;
            column = v * r + phase % r;
        }

        int group = t / g.ResultPerGroup, first = group * g.SourcePerGroup;
        int start = group * g.SourcePerGroup * g.ResultPerGroup + (t - group * g.ResultPerGroup) * g.ResultStep;
        float sum = 0f;
        for (int q = 0; q < g.SourcePerGroup; q++)
        {
            sum += Channel<T, TElement, TEpilogue>(x, w, part, views, g, n, first + q,
                part.Weight + (start + q * g.SourceStep) * part.Kernel * part.Kernel,
                row * g.Stride - part.Top, column * g.Stride - part.Left, r);
        }

        int o = part.First + c, plane = n * g.ResultC + EpilogueViews<T>.Output(views, o);
        float scale = EpilogueViews<T>.ScaleOf(views, o);
        float shift = EpilogueViews<T>.ShiftOf(views, o);
        float stored = StripStore.One<T, TElement, TEpilogue>(y, views, scale, shift, (plane * g.OutH + h) * g.OutW + v,
            true, sum);
        if (TEpilogue.HasSums)
        {
            views.Sums[(n * g.Channels + o) * g.Strips + strip] = stored;
        }
    }

    /// <summary>The taps over one rearranged channel, from (row, column) on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Channel<T, TElement, TEpilogue>(ArrayView<T> x, ArrayView<float> w, PartRow part,
        EpilogueViews<T> views, StripShape g, int n, int t, int start, int row, int column, int r)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        int phase = part.Scale < 0 ? t / part.Channels : 0, i = phase / r, j = phase - i * r;
        int c = part.First + t - phase * part.Channels;
        float sum = 0f;
        for (int u = 0; u < part.Kernel; u++)
        {
            for (int q = 0; q < part.Kernel; q++)
            {
                int a = row + u * g.Dilation, b = column + q * g.Dilation, channel = c;
                if (a >= 0 && b >= 0)
                {
                    if (part.Scale < 0)
                    {
                        a = a * r + i;
                        b = b * r + j;
                    }
                    else if (part.Scale > 0)
                    {
                        int fineA = a, fineB = b;
                        a /= r;
                        b /= r;
                        channel = c + ((fineA - a * r) * r + fineB - b * r) * part.Transformed;
                    }

                    if (a < g.H && b < g.W)
                    {
                        int plane = n * g.SourceC + EpilogueViews<T>.Input(views, channel);
                        float value = TElement.Load(x, (plane * g.H + a) * g.W + b);
                        if (TEpilogue.HasGate)
                        {
                            value *= views.Gate[n * g.GateC + channel];
                        }

                        sum += w[start + u * part.Kernel + q] * value;
                    }
                }
            }
        }

        return sum;
    }
}
