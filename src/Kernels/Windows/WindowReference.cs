using System.Numerics;

namespace MuxKernels;

/// <summary>Window convolutions in plain loops, accumulated in double: what the engine is compared with.</summary>
internal static class WindowReference
{
    /// <summary><c>y = b + w ∗ x</c>.</summary>
    public static void Forward<T>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<T> input,
        ReadOnlySpan<T> w, ReadOnlySpan<T> bias, Span<T> output)
        where T : struct, IFloatingPointIeee754<T>
    {
        foreach (ref readonly WindowPart part in parts)
        {
            Window window = part.Window;
            int k = window.Kernel;
            for (int n = 0; n < x.N; n++)
            {
                for (int o = 0; o < part.Groups * part.Out; o++)
                {
                    int channel = part.Y / part.YPlane + o;
                    int to = n * (int)y.ImageLength + channel * part.YPlane;
                    for (int h = 0; h < window.OutHeight; h++)
                    {
                        for (int v = 0; v < window.OutWidth; v++)
                        {
                            double sum = bias.IsEmpty ? 0 : double.CreateTruncating(bias[channel]);
                            for (int i = 0; i < part.In; i++)
                            {
                                int from = n * (int)x.ImageLength + part.X + (o / part.Out * part.In + i) * part.XPlane;
                                int weight = part.W + (o * part.In + i) * window.Taps;
                                for (int tap = 0; tap < window.Taps; tap++)
                                {
                                    int at = At(window, h, v, tap / k, tap % k);
                                    if (at >= 0)
                                    {
                                        sum += double.CreateTruncating(w[weight + tap])
                                            * double.CreateTruncating(input[from + at]);
                                    }
                                }
                            }

                            output[to + h * window.OutWidth + v] = T.CreateTruncating(sum);
                        }
                    }
                }
            }
        }
    }

    /// <summary><c>dx[i, h', v'] = Σ_{o,kh,kw} w[o,i,kh,kw]·dy[o,h,v]</c> over the outputs that read
    /// <c>(h', v')</c>.</summary>
    public static void BackwardInput<T>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<T> dy,
        ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        foreach (ref readonly WindowPart part in parts)
        {
            Window window = part.Window;
            int k = window.Kernel;
            double[] plane = new double[x.Pixels];
            for (int c = 0; c < x.N * part.Groups * part.In; c++)
            {
                int n = c / (part.Groups * part.In), i = c % (part.Groups * part.In), group = i / part.In;
                Array.Clear(plane);
                for (int o = group * part.Out; o < (group + 1) * part.Out; o++)
                {
                    int from = n * (int)y.ImageLength + part.Y + o * part.YPlane;
                    int weight = part.W + (o * part.In + i % part.In) * window.Taps;
                    for (int p = 0; p < y.Pixels; p++)
                    {
                        for (int tap = 0; tap < window.Taps; tap++)
                        {
                            int at = At(window, p / y.W, p % y.W, tap / k, tap % k);
                            if (at >= 0)
                            {
                                plane[at] += double.CreateTruncating(w[weight + tap])
                                    * double.CreateTruncating(dy[from + p]);
                            }
                        }
                    }
                }

                int to = n * (int)x.ImageLength + part.X + i * part.XPlane;
                for (int p = 0; p < plane.Length; p++)
                {
                    dx[to + p] = T.CreateTruncating(plane[p]);
                }
            }
        }
    }

    /// <summary><c>dw[o,i,kh,kw] += Σ_{n,h,v} dy[n,o,h,v]·x[n,i,h',v']</c>.</summary>
    public static void BackwardWeight<T>(ReadOnlySpan<WindowPart> parts, Shape x, Shape y, ReadOnlySpan<T> dy,
        ReadOnlySpan<T> input, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        foreach (ref readonly WindowPart part in parts)
        {
            Window window = part.Window;
            int k = window.Kernel;
            for (int o = 0; o < part.Groups * part.Out; o++)
            {
                for (int i = 0; i < part.In; i++)
                {
                    for (int tap = 0; tap < window.Taps; tap++)
                    {
                        double sum = 0;
                        for (int n = 0; n < x.N; n++)
                        {
                            int from = n * (int)x.ImageLength + part.X + (o / part.Out * part.In + i) * part.XPlane;
                            int gradient = n * (int)y.ImageLength + part.Y + o * part.YPlane;
                            for (int p = 0; p < y.Pixels; p++)
                            {
                                int at = At(window, p / y.W, p % y.W, tap / k, tap % k);
                                if (at >= 0)
                                {
                                    sum += double.CreateTruncating(dy[gradient + p])
                                        * double.CreateTruncating(input[from + at]);
                                }
                            }
                        }

                        int to = part.W + (o * part.In + i) * window.Taps + tap;
                        dw[to] = T.CreateTruncating(double.CreateTruncating(dw[to]) + sum);
                    }
                }
            }
        }
    }

    /// <summary>Input pixel that output (h, v) reads with tap (kh, kw), or −1 on the padding.</summary>
    private static int At(Window window, int h, int v, int kh, int kw)
    {
        long row = (long)h * window.Stride + (long)kh * window.Dilation - window.PadTop;
        long column = (long)v * window.Stride + (long)kw * window.Dilation - window.PadLeft;
        return row >= 0 && row < window.Height && column >= 0 && column < window.Width
            ? (int)(row * window.Width + column)
            : -1;
    }
}
