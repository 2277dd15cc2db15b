using System.Numerics;

namespace MuxKernels;

public static unsafe partial class DenseConv
{
    /// <summary><c>y[n,o,h,v] = b[o] + Σ_{i,kh,kw} w[o,i,kh,kw]·x[n,i,h·s+kh·d−top,v·s+kw·d−left]</c> in plain loops,
    /// summed in double; taps outside the map are not read.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, bias, y);
        (int channels, int outputs, Window at) = (args.X.C, args.Y.C, args.Window);
        int index = 0;
        for (int n = 0; n < args.X.N; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int h = 0; h < at.OutHeight; h++)
                {
                    for (int v = 0; v < at.OutWidth; v++)
                    {
                        double sum = bias.IsEmpty ? 0 : double.CreateTruncating(bias[o]);
                        for (int i = 0; i < channels; i++)
                        {
                            for (int tap = 0; tap < at.Taps; tap++)
                            {
                                int p = Pixel(at, h, v, tap);
                                if (p >= 0)
                                {
                                    sum += double.CreateTruncating(w[(o * channels + i) * at.Taps + tap])
                                        * double.CreateTruncating(x[(n * channels + i) * args.X.Pixels + p]);
                                }
                            }
                        }

                        y[index++] = T.CreateTruncating(sum);
                    }
                }
            }
        }
    }

    /// <summary><c>dx[n,i,·] = Σ_{o,kh,kw} w[o,i,kh,kw]·dy[n,o,h,v]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx);
        (int channels, int outputs, Window at) = (args.X.C, args.Y.C, args.Window);
        double[] map = new double[args.X.Pixels];
        for (int n = 0; n < args.X.N; n++)
        {
            for (int i = 0; i < channels; i++)
            {
                Array.Clear(map);
                for (int o = 0; o < outputs; o++)
                {
                    for (int h = 0; h < at.OutHeight; h++)
                    {
                        for (int v = 0; v < at.OutWidth; v++)
                        {
                            int q = ((n * outputs + o) * at.OutHeight + h) * at.OutWidth + v;
                            for (int tap = 0; tap < at.Taps; tap++)
                            {
                                int p = Pixel(at, h, v, tap);
                                if (p >= 0)
                                {
                                    map[p] += double.CreateTruncating(w[(o * channels + i) * at.Taps + tap])
                                        * double.CreateTruncating(dy[q]);
                                }
                            }
                        }
                    }
                }

                for (int p = 0; p < map.Length; p++)
                {
                    dx[(n * channels + i) * map.Length + p] = T.CreateTruncating(map[p]);
                }
            }
        }
    }

    /// <summary><c>dw[o,i,kh,kw] += Σ_{n,h,v} dy[n,o,h,v]·x[n,i,h·s+kh·d−top,v·s+kw·d−left]</c> in plain loops, summed
    /// in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw);
        (int channels, int outputs, Window at) = (args.X.C, args.Y.C, args.Window);
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < channels; i++)
            {
                for (int tap = 0; tap < at.Taps; tap++)
                {
                    int index = (o * channels + i) * at.Taps + tap;
                    double sum = double.CreateTruncating(dw[index]);
                    for (int n = 0; n < args.X.N; n++)
                    {
                        for (int h = 0; h < at.OutHeight; h++)
                        {
                            for (int v = 0; v < at.OutWidth; v++)
                            {
                                int p = Pixel(at, h, v, tap);
                                if (p >= 0)
                                {
                                    int q = ((n * outputs + o) * at.OutHeight + h) * at.OutWidth + v;
                                    sum += double.CreateTruncating(dy[q])
                                        * double.CreateTruncating(x[(n * channels + i) * args.X.Pixels + p]);
                                }
                            }
                        }
                    }

                    dw[index] = T.CreateTruncating(sum);
                }
            }
        }
    }

    /// <inheritdoc cref="ConvBias.BackwardReference{T}"/>
    public static void BackwardBiasReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> db)
        where T : struct, IFloatingPointIeee754<T> => ConvBias.BackwardReference(args.Y, dy, db);

    /// <summary>The input pixel that a tap of output pixel (h, v) reads, or −1 outside the map.</summary>
    private static int Pixel(in Window at, int h, int v, int tap)
    {
        int row = h * at.Stride + tap / at.Kernel * at.Dilation - at.PadTop;
        int column = v * at.Stride + tap % at.Kernel * at.Dilation - at.PadLeft;
        return (uint)row < (uint)at.Height && (uint)column < (uint)at.Width ? row * at.Width + column : -1;
    }
}
