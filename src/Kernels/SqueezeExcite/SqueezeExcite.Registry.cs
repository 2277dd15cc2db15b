using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class SqueezeExcite
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("squeeze-excite.forward")
        {
            Inputs = static a =>
            [
                new("x", a.X), new("w1", a.ReduceWeight), new("b1", a.ReduceBias), new("w2", a.ExpandWeight),
                new("b2", a.ExpandBias),
            ],
            Outputs = static a => [new("y", a.Y), new("saved", a.Saved)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                ForwardReference<double>(a, i[0], i[1], i[2], i[3], i[4], o[0], o[1]),
            Bound = ForwardBound,
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(ForwardOf<Simd512, Vector512<float>>, ForwardOf<Simd256, Vector256<float>>,
            ForwardOf<Simd128, Vector128<float>>),
        new KernelOperation<Args>("squeeze-excite.backward")
        {
            Inputs = static a =>
            [
                new("dy", a.Y), new("x", a.X), new("w1", a.ReduceWeight), new("w2", a.ExpandWeight),
                new("saved", a.Saved),
            ],
            Outputs = static a =>
            [
                new("dx", a.X), new("dw1", a.ReduceWeight), new("db1", a.ReduceBias), new("dw2", a.ExpandWeight),
                new("db2", a.ExpandBias),
            ],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                BackwardReference<double>(a, i[0], i[1], i[2], i[3], i[4], o[0], o[1], o[2], o[3], o[4]),
            Bound = BackwardBound,
            MultiplyAdds = static a => 2 * a.MultiplyAdds,
            BytesMoved = static a => 5 * sizeof(float) * a.X.Length,
        }.WithWidths(BackwardOf<Simd512, Vector512<float>>, BackwardOf<Simd256, Vector256<float>>,
            BackwardOf<Simd128, Vector128<float>>),
    ];

    private static double Depth(int length) => Math.Min(length, Reductions.Band) / 4.0 + 8;

    /// <summary>Each step is a sum: D additions on its longest path over the magnitudes of its terms, and what its
    /// operands carry: <c>em → e₁ = Σ|W₁|em + D·u·(Σ|W₁m| + |b₁|) → eh (activation) → e₂ likewise → eg (gate)</c>,
    /// <c>|x|·eg + u·|y|</c>.</summary>
    private static double[][] ForwardBound(in Args args, double[][] inputs, double[][] expected)
    {
        int channels = args.X.C, reduced = args.Reduced, pixels = args.X.Pixels, kept = args.Saved.C;
        double u = ErrorBound.Unit;
        double[] y = new double[expected[0].Length], saved = new double[expected[1].Length];
        for (int n = 0; n < args.X.N; n++)
        {
            Span<double> error = saved.AsSpan(n * kept, kept);
            ReadOnlySpan<double> value = expected[1].AsSpan(n * kept, kept);
            for (int c = 0; c < channels; c++)
            {
                double size = 0;
                for (int p = 0; p < pixels; p++)
                {
                    size += Math.Abs(inputs[0][(n * channels + c) * pixels + p]) / pixels;
                }

                error[c] = Depth(pixels) * u * size + ErrorBound.Tiny;
            }

            for (int r = 0; r < reduced; r++)
            {
                error[channels + r] = LayerError(inputs[1].AsSpan(r * channels, channels), value[..channels],
                    error[..channels], inputs[2][r]);
                error[channels + reduced + r] = Activation.ValueError(args.Activation, value[channels + r],
                    error[channels + r]);
            }

            int h = channels + reduced, a2 = h + reduced;
            for (int c = 0; c < channels; c++)
            {
                error[a2 + c] = LayerError(inputs[3].AsSpan(c * reduced, reduced), value.Slice(h, reduced),
                    error.Slice(h, reduced), inputs[4][c]);
                double gate = Activation.ValueError(args.Gate, value[a2 + c], error[a2 + c]);
                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    y[at] = Math.Abs(inputs[0][at]) * gate + 2 * u * Math.Abs(expected[0][at]) + ErrorBound.Tiny;
                }
            }
        }

        return [y, saved];
    }

    private static double LayerError(ReadOnlySpan<double> w, ReadOnlySpan<double> a, ReadOnlySpan<double> errors,
        double bias)
    {
        double carried = 0, size = Math.Abs(bias);
        for (int i = 0; i < w.Length; i++)
        {
            carried += Math.Abs(w[i]) * errors[i];
            size += Math.Abs(w[i] * a[i]);
        }

        return carried + Depth(w.Length) * ErrorBound.Unit * size + ErrorBound.Tiny;
    }

    /// <summary>As forward: δ₂ (a banded dot product times the gate's slope), δ₁, <c>W₁ᵀδ₁</c> and dx, then the sums
    /// over images, each with its terms' own errors and one rounding for each addition.</summary>
    private static double[][] BackwardBound(in Args args, double[][] inputs, double[][] expected)
    {
        int channels = args.X.C, reduced = args.Reduced, pixels = args.X.Pixels, kept = args.Saved.C, images = args.X.N;
        double u = ErrorBound.Unit;
        double[][] bounds = [.. expected.Select(y => new double[y.Length])];
        double[] d1 = new double[reduced], e1 = new double[reduced];
        double[] d2 = new double[channels], e2 = new double[channels];
        for (int n = 0; n < images; n++)
        {
            double[] saved = inputs[4];
            int save = n * kept, hidden = save + channels + reduced, last = hidden + reduced;
            for (int c = 0; c < channels; c++)
            {
                double sum = 0, size = 0, a2 = saved[last + c];
                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    sum += inputs[0][at] * inputs[1][at];
                    size += Math.Abs(inputs[0][at] * inputs[1][at]);
                }

                double slope = Activation.Slope(args.Gate, a2);
                d2[c] = sum * slope;
                e2[c] = Depth(pixels) * u * size * Math.Abs(slope) + size * Activation.SlopeError(args.Gate, a2, 0)
                    + 2 * u * Math.Abs(d2[c]) + ErrorBound.Tiny;
            }

            for (int r = 0; r < reduced; r++)
            {
                double sum = 0, size = 0, carried = 0, a1 = saved[save + channels + r];
                for (int c = 0; c < channels; c++)
                {
                    double w = inputs[3][c * reduced + r];
                    sum += w * d2[c];
                    size += Math.Abs(w * d2[c]);
                    carried += Math.Abs(w) * e2[c];
                }

                double slope = Activation.Slope(args.Activation, a1);
                d1[r] = sum * slope;
                e1[r] = Math.Abs(slope) * (carried + (channels + 2) * u * size)
                    + (size + carried) * Activation.SlopeError(args.Activation, a1, 0)
                    + 2 * u * Math.Abs(d1[r]) + ErrorBound.Tiny;
                bounds[2][r] += e1[r] + images * u * Math.Abs(d1[r]);
                for (int c = 0; c < channels; c++)
                {
                    bounds[1][r * channels + c] += Math.Abs(saved[save + c])
                        * (e1[r] + (images + 2) * u * Math.Abs(d1[r])) + ErrorBound.Tiny;
                }
            }

            for (int c = 0; c < channels; c++)
            {
                double back = 0, gate = Activation.Value(args.Gate, saved[last + c]);
                for (int r = 0; r < reduced; r++)
                {
                    double w = Math.Abs(inputs[2][r * channels + c]);
                    back += w * (e1[r] + (reduced + 2) * u * Math.Abs(d1[r]));
                    bounds[3][c * reduced + r] += Math.Abs(saved[hidden + r])
                        * (e2[c] + (images + 2) * u * Math.Abs(d2[c])) + ErrorBound.Tiny;
                }

                bounds[4][c] += e2[c] + images * u * Math.Abs(d2[c]);
                double gates = Activation.ValueError(args.Gate, saved[last + c], 0) + 2 * u * gate;
                for (int p = 0; p < pixels; p++)
                {
                    int at = (n * channels + c) * pixels + p;
                    bounds[0][at] = Math.Abs(inputs[0][at]) * gates + back / pixels + 2 * u * Math.Abs(expected[0][at])
                        + ErrorBound.Tiny;
                }
            }
        }

        return bounds;
    }

    private static void ForwardOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Forward<TSimd, TVector>(args, i[0], i[1], i[2], i[3], i[4], o[0], o[1], pool);

    private static void BackwardOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Backward<TSimd, TVector>(args, i[0], i[1], i[2], i[3], i[4], o[0], o[1], o[2], o[3], o[4],
            new float[args.ScratchLength], pool);
}
