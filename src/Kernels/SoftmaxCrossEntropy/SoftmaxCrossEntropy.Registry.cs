using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class SoftmaxCrossEntropy
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("cross-entropy.forward")
        {
            Inputs = static a => [new("x", a.X), new("labels", a.Labels, ValueDomain.ClassIndex, a.X.C)],
            Outputs = static a => [new("y", Args.Y), new("softmax", a.Saved)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                ForwardReference<double>(a, i[0], i[1], o[0], o[1]),
            Bound = ForwardBound,
            BytesMoved = static a => 2 * sizeof(float) * a.X.Length,
        }.WithWidths(ForwardOf<Simd512, Vector512<float>>, ForwardOf<Simd256, Vector256<float>>,
            ForwardOf<Simd128, Vector128<float>>),
        new KernelOperation<Args>("cross-entropy.backward")
        {
            Inputs = static a =>
            [
                new("dy", Args.Y), new("softmax", a.Saved), new("labels", a.Labels, ValueDomain.ClassIndex, a.X.C),
            ],
            Outputs = static a => [new("dx", a.X)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                BackwardReference<double>(a, i[0], i[1], i[2], o[0]),
            Bound = BackwardBound,
            BytesMoved = static a => 2 * sizeof(float) * a.X.Length,
        }.WithWidths(BackwardOf<Simd512, Vector512<float>>, BackwardOf<Simd256, Vector256<float>>,
            BackwardOf<Simd128, Vector128<float>>),
    ];

    /// <summary>
    /// <c>x − m</c> is rounded once, so an exponential is off by <c>u·|x − m| + 4u</c> relatively (below e⁻⁸⁷
    /// absolutely by the smallest normal number), their sum by the weighted mean of that and D additions, the softmax
    /// by both. The loss is the sum's logarithm (error: the sum's relative one) and, with smoothing, the mean logit.
    /// </summary>
    private static double[][] ForwardBound(in Args args, double[][] inputs, double[][] expected)
    {
        const double Least = 1.2e-38;
        int classes = args.X.C;
        double u = ErrorBound.Unit, d = Math.Min(classes, Reductions.Band) / 16.0 + 12, loss = 0;
        double[] bound = new double[expected[1].Length];
        for (int n = 0; n < args.X.N; n++)
        {
            ReadOnlySpan<double> row = inputs[0].AsSpan(n * classes, classes);
            double largest = double.NegativeInfinity, sum = d * u + classes * Least, mean = 0;
            foreach (double x in row)
            {
                largest = Math.Max(largest, x);
                mean += Math.Abs(x) / classes;
            }

            for (int k = 0; k < classes; k++)
            {
                sum += expected[1][n * classes + k] * (u * (largest - row[k]) + 4 * u);
            }

            for (int k = 0; k < classes; k++)
            {
                int at = n * classes + k;
                bound[at] = expected[1][at] * (u * (largest - row[k]) + 6 * u + sum) + Least;
            }

            loss += (sum + args.Smoothing * d * u * mean) / args.X.N;
        }

        return [[loss + 2 * u * Math.Abs(expected[0][0]) + ErrorBound.Tiny], bound];
    }

    /// <summary><c>(p − t)·dL/N</c>: the roundings of t, of the difference, of the factor and of the product.</summary>
    private static double[][] BackwardBound(in Args args, double[][] inputs, double[][] expected)
    {
        double share = args.Smoothing / args.X.C, scale = Math.Abs(inputs[0][0]) / args.X.N;
        return [Array.ConvertAll(expected[0], y => ErrorBound.Unit * (4 * Math.Abs(y) + 2 * share * scale)
            + ErrorBound.Tiny)];
    }

    private static void ForwardOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Forward<TSimd, TVector>(args, i[0], i[1], o[0], o[1], pool);

    private static void BackwardOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Backward<TSimd, TVector>(args, i[0], i[1], i[2], o[0], pool);
}
