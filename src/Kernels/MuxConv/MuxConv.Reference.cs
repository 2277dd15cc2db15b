using System.Numerics;

namespace MuxKernels;

public static partial class MuxConv
{
    /// <summary>The definition in plain loops: each part is rearranged, convolved in groups and rearranged
    /// back.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x or w.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, y, "MuxConv.ForwardReference");
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            double[] weight = ToDouble(w.Slice(p.WeightOffset, (int)p.Weight.Length));
            for (int n = 0; n < args.X.N; n++)
            {
                double[] rearranged = Rearranged(args, p, args.X, p.InputMap, x, n);
                double[] convolved = new double[p.OutputMap.ImageLength];
                Convolve(p, Pass.Forward, rearranged, weight, convolved);
                RearrangeBack(args, p, args.Y, p.OutputMap, convolved, y, n);
            }
        }
    }

    /// <summary>The gradient of the input in plain loops: <c>dx ← Fᵀ(dy)</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="w">Weight, <c>args.Weight</c>.</param>
    /// <param name="dx">Gradient of x, <c>args.X</c>, written.</param>
    /// <exception cref="ShapeException">A span of another length, or dx overlaps dy or w.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx, "MuxConv.BackwardInputReference");
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            double[] weight = ToDouble(w.Slice(p.WeightOffset, (int)p.Weight.Length));
            for (int n = 0; n < args.X.N; n++)
            {
                double[] upstream = Rearranged(args, p, args.Y, p.OutputMap, dy, n);
                double[] gradient = new double[p.InputMap.ImageLength];
                Convolve(p, Pass.BackwardInput, gradient, weight, upstream);
                RearrangeBack(args, p, args.X, p.InputMap, gradient, dx, n);
            }
        }
    }

    /// <summary>The gradient of the weight in plain loops, added: <c>dw += ∂⟨dy, y⟩/∂w</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="dw">Gradient of w, <c>args.Weight</c>, added to.</param>
    /// <exception cref="ShapeException">A span of another length, or dw overlaps dy or x.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw, "MuxConv.BackwardWeightReference");
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxPart p = args.Part(part);
            double[] sums = new double[p.Weight.Length];
            for (int n = 0; n < args.X.N; n++)
            {
                double[] rearranged = Rearranged(args, p, args.X, p.InputMap, x, n);
                double[] upstream = Rearranged(args, p, args.Y, p.OutputMap, dy, n);
                Convolve(p, Pass.BackwardWeight, rearranged, sums, upstream);
            }

            for (int i = 0; i < sums.Length; i++)
            {
                T sum = dw[p.WeightOffset + i];
                dw[p.WeightOffset + i] = T.CreateTruncating(double.CreateTruncating(sum) + sums[i]);
            }
        }
    }

    private static void CheckForward<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, Span<T> y, string name)
    {
        Guard.Length(x, args.X, name);
        Guard.Length(w, args.Weight, name);
        Guard.Length(y, args.Y, name);
        Guard.NoOverlap(x, y, name);
        Guard.NoOverlap(w, y, name);
    }

    private static void CheckBackwardInput<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx,
        string name)
    {
        Guard.Length(dy, args.Y, name);
        Guard.Length(w, args.Weight, name);
        Guard.Length(dx, args.X, name);
        Guard.NoOverlap(dy, dx, name);
        Guard.NoOverlap(w, dx, name);
    }

    private static void CheckBackwardWeight<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw,
        string name)
    {
        Guard.Length(dy, args.Y, name);
        Guard.Length(x, args.X, name);
        Guard.Length(dw, args.Weight, name);
        Guard.NoOverlap(dy, dw, name);
        Guard.NoOverlap(x, dw, name);
    }

    /// <summary>One image's part on the transformed map; pixels that the image has not (padding to a multiple of r)
    /// are zero.</summary>
    private static double[] Rearranged<T>(in Args args, in MuxPart p, Shape image, Shape map, ReadOnlySpan<T> from,
        int n)
        where T : struct, IFloatingPointIeee754<T>
    {
        double[] to = new double[map.ImageLength];
        for (int i = 0; i < to.Length; i++)
        {
            int place = Place(args, p, image, map, n, i);
            to[i] = place < 0 ? 0 : double.CreateTruncating(from[place]);
        }

        return to;
    }

    /// <summary>The inverse of <see cref="Rearranged"/>; what the image has no pixel for is cropped.</summary>
    private static void RearrangeBack<T>(in Args args, in MuxPart p, Shape image, Shape map, double[] from, Span<T> to,
        int n)
        where T : struct, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < from.Length; i++)
        {
            int place = Place(args, p, image, map, n, i);
            if (place >= 0)
            {
                to[place] = T.CreateTruncating(from[i]);
            }
        }
    }

    /// <summary>Where element <paramref name="i"/> of the transformed map stands in the tensor, or −1.</summary>
    private static int Place(in Args args, in MuxPart p, Shape image, Shape map, int n, int i)
    {
        (int c, int h, int w, int r) = (i / map.Pixels, i / map.W % map.H, i % map.W, args.Factor);
        if (p.Scale < 0)
        {
            int phase = c / p.Channels;
            (c, h, w) = (c % p.Channels, h * r + phase / r, w * r + phase % r);
        }
        else if (p.Scale > 0)
        {
            (c, h, w) = ((h % r * r + w % r) * map.C + c, h / r, w / r);
        }

        return h < image.H && w < image.W
            ? ((n * image.C + p.FirstChannel + c) * image.H + h) * image.W + w
            : -1;
    }

    /// <summary>One image's part of a convolution on the transformed map: every product that it has goes into the map
    /// or the weight that <paramref name="pass"/> computes.</summary>
    private static void Convolve(in MuxPart p, Pass pass, double[] input, double[] weight, double[] output)
    {
        (Window window, int g, int k) = (p.Window, p.ChannelsPerGroup, p.Window.Kernel);
        for (int o = 0, y = 0; o < p.Transformed.C; o++)
        {
            for (int h = 0; h < window.OutHeight; h++)
            {
                for (int v = 0; v < window.OutWidth; v++, y++)
                {
                    for (int tap = 0, w = o * g * k * k; tap < g * k * k; tap++, w++)
                    {
                        (int i, int kh, int kw) = (tap / (k * k), tap / k % k, tap % k);
                        int row = h * window.Stride + kh * window.Dilation - window.PadTop;
                        int column = v * window.Stride + kw * window.Dilation - window.PadLeft;
                        if (row < 0 || row >= window.Height || column < 0 || column >= window.Width)
                        {
                            continue;
                        }

                        int x = ((o / g * g + i) * window.Height + row) * window.Width + column;
                        switch (pass)
                        {
                            case Pass.Forward:
                                output[y] += weight[w] * input[x];
                                break;
                            case Pass.BackwardInput:
                                input[x] += weight[w] * output[y];
                                break;
                            default:
                                weight[w] += output[y] * input[x];
                                break;
                        }
                    }
                }
            }
        }
    }

    private static double[] ToDouble<T>(ReadOnlySpan<T> from)
        where T : struct, IFloatingPointIeee754<T>
    {
        double[] to = new double[from.Length];
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = double.CreateTruncating(from[i]);
        }

        return to;
    }
}
