using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Fully connected layer from packed weights, <c>y[n,o] = f(b[o] + Σᵢ w[o,i]·x[n,i])</c>: the classifier and both
/// layers of squeeze-excite. Four vectors of outputs are summed side by side, each in the order of i; what is left over
/// (1 … 3 vectors) in a few interleaved sums. A result depends neither on the other images nor on how outputs are
/// split.
/// </summary>
internal static unsafe class BlockedLinear<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int ColumnVectors = 4;

    /// <summary>Threads may share out the outputs at multiples of this.</summary>
    public static int OutputStep => ColumnVectors * TSimd.Lanes;

    /// <summary>Floats of the packed weights.</summary>
    public static int PackedLength(int depth, int outputs) => checked(depth * Blocks(outputs) * TSimd.Lanes);

    /// <summary>Packs weights: one vector of outputs after the other, <c>[depth][L]</c>, so that a tile reads as many
    /// places of memory side by side as it has vectors; one place alone is read at little more than half the speed.
    /// </summary>
    /// <param name="w"><c>[outputs][depth]</c>.</param>
    /// <param name="depth">Inputs.</param>
    /// <param name="outputs">Outputs.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats.</param>
    public static void Pack(ReadOnlySpan<float> w, int depth, int outputs, float* packed)
    {
        int lanes = Blocks(outputs) * TSimd.Lanes;
        for (int first = 0; first < lanes; first += TSimd.Lanes)
        {
            for (int i = 0; i < depth; i++)
            {
                for (int o = first; o < first + TSimd.Lanes; o++)
                {
                    *packed++ = o < outputs ? w[o * depth + i] : 0f;
                }
            }
        }
    }

    /// <summary>Computes some outputs of all images.</summary>
    /// <param name="x">Inputs of the first image.</param>
    /// <param name="xStride">Floats from one image's inputs to the next.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="depth">Inputs.</param>
    /// <param name="w">The packed weights of all outputs.</param>
    /// <param name="bias">The bias of all outputs, or null.</param>
    /// <param name="f">Activation.</param>
    /// <param name="y">Output 0 of the first image.</param>
    /// <param name="yStride">Floats from one image's outputs to the next.</param>
    /// <param name="firstOutput">First output, a multiple of <see cref="OutputStep"/>.</param>
    /// <param name="outputs">Number of outputs: a multiple of <see cref="OutputStep"/>, or up to the last one.</param>
    public static void Run(float* x, int xStride, int images, int depth, float* w, float* bias, ActivationKind f,
        float* y, int yStride, int firstOutput, int outputs)
    {
        for (int first = firstOutput, end = firstOutput + outputs; first < end; first += OutputStep)
        {
            int count = Math.Min(OutputStep, end - first);
            float* weights = w + (nint)first * depth;
            float* b = bias == null ? null : bias + first;
            switch (Blocks(count))
            {
                case 4:
                    Images(x, xStride, images, depth, weights, b, y + first, yStride, count);
                    break;
                case 3:
                    for (int n = 0; n < images; n++)
                    {
                        Three(x + (nint)n * xStride, depth, weights, b, y + (nint)n * yStride + first, count);
                    }

                    break;
                case 2:
                    for (int n = 0; n < images; n++)
                    {
                        Two(x + (nint)n * xStride, depth, weights, b, y + (nint)n * yStride + first, count);
                    }

                    break;
                default:
                    for (int n = 0; n < images; n++)
                    {
                        One(x + (nint)n * xStride, depth, weights, b, y + (nint)n * yStride + first, count);
                    }

                    break;
            }
        }

        if (f != ActivationKind.None)
        {
            for (int n = 0; n < images; n++)
            {
                float* row = y + (nint)n * yStride + firstOutput;
                Activation.Run<TSimd, TVector>(f, row, row, outputs);
            }
        }
    }

    private static int Blocks(int outputs) => (outputs + TSimd.Lanes - 1) / TSimd.Lanes;

    private static void Images(float* x, int xStride, int images, int depth, float* w, float* bias, float* y,
        int yStride, int count)
    {
        int n = 0, together = TSimd.Lanes >= 16 ? 4 : 2;
        for (; n <= images - together; n += together)
        {
            if (TSimd.Lanes >= 16)
            {
                Tile4x4(x + (nint)n * xStride, xStride, depth, w, bias, y + (nint)n * yStride, yStride, count);
            }
            else
            {
                Tile2x4(x + (nint)n * xStride, xStride, depth, w, bias, y + (nint)n * yStride, yStride, count);
            }
        }

        for (; n < images; n++)
        {
            Tile1x4(x + (nint)n * xStride, depth, w, bias, y + (nint)n * yStride, count);
        }
    }

    /// <summary>One image, four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x4(float* x, int depth, float* w, float* bias, float* y, int count)
    {
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0;
        nint vector = (nint)depth * TSimd.Lanes;
        float* w1 = w + vector, w2 = w1 + vector, w3 = w2 + vector;
        for (nint i = 0, at = 0; i < depth; i++, at += TSimd.Lanes)
        {
            TVector v = TSimd.Splat(x + i);
            a0 = TSimd.Fma(v, TSimd.Load(w + at), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w1 + at), a1);
            a2 = TSimd.Fma(v, TSimd.Load(w2 + at), a2);
            a3 = TSimd.Fma(v, TSimd.Load(w3 + at), a3);
        }

        Leave(a0, a1, a2, a3, bias, y, count);
    }

    /// <summary>Two images, four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x4(float* x, int xStride, int depth, float* w, float* bias, float* y, int yStride,
        int count)
    {
        float* x1 = x + xStride;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        nint vector = (nint)depth * TSimd.Lanes;
        float* w1 = w + vector, w2 = w1 + vector, w3 = w2 + vector;
        for (nint i = 0, at = 0; i < depth; i++, at += TSimd.Lanes)
        {
            TVector va = TSimd.Splat(x + i), vb = TSimd.Splat(x1 + i), u = TSimd.Load(w + at);
            a0 = TSimd.Fma(va, u, a0); b0 = TSimd.Fma(vb, u, b0);
            u = TSimd.Load(w1 + at);
            a1 = TSimd.Fma(va, u, a1); b1 = TSimd.Fma(vb, u, b1);
            u = TSimd.Load(w2 + at);
            a2 = TSimd.Fma(va, u, a2); b2 = TSimd.Fma(vb, u, b2);
            u = TSimd.Load(w3 + at);
            a3 = TSimd.Fma(va, u, a3); b3 = TSimd.Fma(vb, u, b3);
        }

        Leave(a0, a1, a2, a3, bias, y, count);
        Leave(b0, b1, b2, b3, bias, y + yStride, count);
    }

    /// <summary>Four images, four vectors: 16 sums, four numbers of x, one vector of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x4(float* x, int xStride, int depth, float* w, float* bias, float* y, int yStride,
        int count)
    {
        float* x1 = x + xStride, x2 = x1 + xStride, x3 = x2 + xStride;
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        TVector c0 = a0, c1 = a0, c2 = a0, c3 = a0, d0 = a0, d1 = a0, d2 = a0, d3 = a0;
        nint vector = (nint)depth * TSimd.Lanes;
        float* w1 = w + vector, w2 = w1 + vector, w3 = w2 + vector;
        for (nint i = 0, at = 0; i < depth; i++, at += TSimd.Lanes)
        {
            TVector va = TSimd.Splat(x + i), vb = TSimd.Splat(x1 + i), vc = TSimd.Splat(x2 + i),
                vd = TSimd.Splat(x3 + i), u = TSimd.Load(w + at);
            a0 = TSimd.Fma(va, u, a0); b0 = TSimd.Fma(vb, u, b0);
            c0 = TSimd.Fma(vc, u, c0); d0 = TSimd.Fma(vd, u, d0);
            u = TSimd.Load(w1 + at);
            a1 = TSimd.Fma(va, u, a1); b1 = TSimd.Fma(vb, u, b1);
            c1 = TSimd.Fma(vc, u, c1); d1 = TSimd.Fma(vd, u, d1);
            u = TSimd.Load(w2 + at);
            a2 = TSimd.Fma(va, u, a2); b2 = TSimd.Fma(vb, u, b2);
            c2 = TSimd.Fma(vc, u, c2); d2 = TSimd.Fma(vd, u, d2);
            u = TSimd.Load(w3 + at);
            a3 = TSimd.Fma(va, u, a3); b3 = TSimd.Fma(vb, u, b3);
            c3 = TSimd.Fma(vc, u, c3); d3 = TSimd.Fma(vd, u, d3);
        }

        Leave(a0, a1, a2, a3, bias, y, count);
        Leave(b0, b1, b2, b3, bias, y + yStride, count);
        Leave(c0, c1, c2, c3, bias, y + 2 * (nint)yStride, count);
        Leave(d0, d1, d2, d3, bias, y + 3 * (nint)yStride, count);
    }

    /// <summary>One image, three vectors, even and odd terms apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(float* x, int depth, float* w, float* bias, float* y, int count)
    {
        TVector a0 = TSimd.Zero, a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
        float* w1 = w + (nint)depth * TSimd.Lanes, w2 = w1 + (nint)depth * TSimd.Lanes;
        nint i = 0, at = 0;
        for (; i < depth - 1; i += 2, at += 2 * TSimd.Lanes)
        {
            TVector v = TSimd.Splat(x + i), u = TSimd.Splat(x + i + 1);
            a0 = TSimd.Fma(v, TSimd.Load(w + at), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w1 + at), a1);
            a2 = TSimd.Fma(v, TSimd.Load(w2 + at), a2);
            b0 = TSimd.Fma(u, TSimd.Load(w + at + TSimd.Lanes), b0);
            b1 = TSimd.Fma(u, TSimd.Load(w1 + at + TSimd.Lanes), b1);
            b2 = TSimd.Fma(u, TSimd.Load(w2 + at + TSimd.Lanes), b2);
        }

        if (i < depth)
        {
            TVector v = TSimd.Splat(x + i);
            a0 = TSimd.Fma(v, TSimd.Load(w + at), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w1 + at), a1);
            a2 = TSimd.Fma(v, TSimd.Load(w2 + at), a2);
        }

        a0 = TSimd.Add(a0, b0);
        a1 = TSimd.Add(a1, b1);
        a2 = TSimd.Add(a2, b2);
        Leave(a0, bias, y, TSimd.Lanes);
        Leave(a1, bias == null ? null : bias + TSimd.Lanes, y + TSimd.Lanes, TSimd.Lanes);
        Leave(a2, bias == null ? null : bias + 2 * TSimd.Lanes, y + 2 * TSimd.Lanes, count - 2 * TSimd.Lanes);
    }

    /// <summary>One image, two vectors, four sums of every fourth term.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* x, int depth, float* w, float* bias, float* y, int count)
    {
        TVector a0 = TSimd.Zero, a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        float* w1 = w + (nint)depth * TSimd.Lanes;
        nint i = 0, at = 0;
        for (; i < depth - 3; i += 4, at += 4 * TSimd.Lanes)
        {
            TVector v = TSimd.Splat(x + i);
            a0 = TSimd.Fma(v, TSimd.Load(w + at), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w1 + at), a1);
            v = TSimd.Splat(x + i + 1);
            b0 = TSimd.Fma(v, TSimd.Load(w + at + TSimd.Lanes), b0);
            b1 = TSimd.Fma(v, TSimd.Load(w1 + at + TSimd.Lanes), b1);
            v = TSimd.Splat(x + i + 2);
            c0 = TSimd.Fma(v, TSimd.Load(w + at + 2 * TSimd.Lanes), c0);
            c1 = TSimd.Fma(v, TSimd.Load(w1 + at + 2 * TSimd.Lanes), c1);
            v = TSimd.Splat(x + i + 3);
            d0 = TSimd.Fma(v, TSimd.Load(w + at + 3 * TSimd.Lanes), d0);
            d1 = TSimd.Fma(v, TSimd.Load(w1 + at + 3 * TSimd.Lanes), d1);
        }

        for (; i < depth; i++, at += TSimd.Lanes)
        {
            TVector v = TSimd.Splat(x + i);
            a0 = TSimd.Fma(v, TSimd.Load(w + at), a0);
            a1 = TSimd.Fma(v, TSimd.Load(w1 + at), a1);
        }

        a0 = TSimd.Add(TSimd.Add(a0, b0), TSimd.Add(c0, d0));
        a1 = TSimd.Add(TSimd.Add(a1, b1), TSimd.Add(c1, d1));
        Leave(a0, bias, y, TSimd.Lanes);
        Leave(a1, bias == null ? null : bias + TSimd.Lanes, y + TSimd.Lanes, count - TSimd.Lanes);
    }

    /// <summary>One image, one vector, four sums of every fourth term.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* x, int depth, float* w, float* bias, float* y, int count)
    {
        TVector a = TSimd.Zero, b = a, c = a, d = a;
        int i = 0;
        for (; i < depth - 3; i += 4, w += 4 * TSimd.Lanes)
        {
            a = TSimd.Fma(TSimd.Splat(x + i), TSimd.Load(w), a);
            b = TSimd.Fma(TSimd.Splat(x + i + 1), TSimd.Load(w + TSimd.Lanes), b);
            c = TSimd.Fma(TSimd.Splat(x + i + 2), TSimd.Load(w + 2 * TSimd.Lanes), c);
            d = TSimd.Fma(TSimd.Splat(x + i + 3), TSimd.Load(w + 3 * TSimd.Lanes), d);
        }

        for (; i < depth; i++, w += TSimd.Lanes)
        {
            a = TSimd.Fma(TSimd.Splat(x + i), TSimd.Load(w), a);
        }

        Leave(TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d)), bias, y, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Leave(TVector a0, TVector a1, TVector a2, TVector a3, float* bias, float* y, int count)
    {
        int lanes = TSimd.Lanes;
        Leave(a0, bias, y, lanes);
        Leave(a1, bias == null ? null : bias + lanes, y + lanes, lanes);
        Leave(a2, bias == null ? null : bias + 2 * lanes, y + 2 * lanes, lanes);
        Leave(a3, bias == null ? null : bias + 3 * lanes, y + 3 * lanes, count - 3 * lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Leave(TVector sum, float* bias, float* y, int count)
    {
        if (bias != null)
        {
            sum = TSimd.Add(sum, TSimd.LoadPartial(bias, count));
        }

        TSimd.StorePartial(sum, y, count);
    }
}
