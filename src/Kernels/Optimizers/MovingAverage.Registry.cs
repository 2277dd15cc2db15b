using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class MovingAverage
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        // The average before the update is an input, after it an output.
        new KernelOperation<Args>("average.update")
        {
            Inputs = static a => [new("x", Shape.Vector(a.Length)), new("average", Shape.Vector(a.Length))],
            Outputs = static a => [new("average", Shape.Vector(a.Length))],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                i[1].CopyTo(o[0], 0);
                UpdateReference<double>(a, i[0], o[0]);
            },
            Bound = static (in Args a, double[][] i, double[][] expected) =>
                [Bound(a.Decay, i[0], new double[a.Length], i[1], expected[0])],
            BytesMoved = static a => 3L * sizeof(float) * a.Length,
        }.WithWidths(UpdateOf<Simd512, Vector512<float>>, UpdateOf<Simd256, Vector256<float>>,
            UpdateOf<Simd128, Vector128<float>>),
    ];

    /// <summary>The error of x by its weight, the roundings of the difference, of 1 − d and of their product, and that
    /// of the sum (the product is rounded by itself where there is no fused multiply-add).</summary>
    internal static double[] Bound(double decay, double[] x, double[] xBound, double[] before, double[] after)
    {
        double u = ErrorBound.Unit, rest = 1 - decay;
        return [.. x.Select((value, i) => (1 + 4 * u) * rest * xBound[i]
            + 4 * u * rest * (Math.Abs(value) + Math.Abs(before[i]))
            + 2 * u * Math.Abs(after[i]) + 3 * ErrorBound.Tiny)];
    }

    private static void UpdateOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        i[1].Span.CopyTo(o[0]);
        Update<TSimd, TVector>(args, i[0], o[0], pool);
    }
}
