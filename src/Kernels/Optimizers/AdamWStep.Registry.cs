using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class AdamWStep
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        // The state before the step is an input, after it an output.
        new KernelOperation<Args>("adamw.update")
        {
            Inputs = static a =>
            [
                new("gradient", Of(a)), new("parameter", Of(a)), new("m", Of(a)),
                new("v", Of(a), ValueDomain.Positive),
            ],
            Outputs = static a => [new("parameter", Of(a)), new("m", Of(a)), new("v", Of(a))],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                i[1].CopyTo(o[0], 0);
                i[2].CopyTo(o[1], 0);
                i[3].CopyTo(o[2], 0);
                UpdateReference<double>(a, i[0], o[0], o[1], o[2]);
            },
            Bound = UpdateBound,
            BytesMoved = static a => 7L * sizeof(float) * a.Length,
        }.WithWidths(UpdateOf<Simd512, Vector512<float>>, UpdateOf<Simd256, Vector256<float>>,
            UpdateOf<Simd128, Vector128<float>>),
    ];

    private static Shape Of(Args args) => Shape.Vector(args.Length);

    /// <summary>m and v have four roundings on the magnitudes of their terms; the step is off by m's error over its
    /// denominator and 12 roundings (root, factors, quotient, v's error halved by the root), p by its two.</summary>
    internal static double[][] UpdateBound(in Args args, double[][] inputs, double[][] expected)
    {
        double u = ErrorBound.Unit;
        double[][] bounds = [.. expected.Select(e => new double[e.Length])];
        for (int i = 0; i < args.Length; i++)
        {
            double g = Math.Abs(args.GradientScale * inputs[0][i]);
            double terms = args.Beta1 * Math.Abs(inputs[2][i]) + (1 - args.Beta1) * g;
            bounds[1][i] = 5 * u * terms + 2 * ErrorBound.Tiny;
            bounds[2][i] = 6 * u * expected[2][i] + 2 * ErrorBound.Tiny;
            double below = Math.Sqrt(expected[2][i] / args.Correction2) + args.Epsilon;
            double step = args.Rate * terms / args.Correction1 / below;
            bounds[0][i] = 18 * u * step + 3 * u * (Math.Abs(inputs[1][i]) + Math.Abs(expected[0][i]))
                + 2 * ErrorBound.Tiny;
        }

        return bounds;
    }

    private static void UpdateOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        i[1].Span.CopyTo(o[0]);
        i[2].Span.CopyTo(o[1]);
        i[3].Span.CopyTo(o[2]);
        Update<TSimd, TVector>(args, i[0], o[0], o[1], o[2], pool);
    }
}
