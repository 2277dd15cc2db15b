using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class GlobalAveragePool
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("average-pool.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] i, double[][] o) => ForwardReference<double>(a, i[0], o[0]),

            // A banded sum: the longest path is one band over 4 accumulators of 4 lanes.
            Bound = static (in Args a, double[][] i, double[][] e) => ErrorBound.OfSum(a, i, e,
                static (in Args b, double[][] x, double[][] y) => ForwardReference<double>(b, x[0], y[0]),
                Math.Min(a.X.Pixels, Reductions.Band) / 4),
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(ForwardOf<Simd512, Vector512<float>>, ForwardOf<Simd256, Vector256<float>>,
            ForwardOf<Simd128, Vector128<float>>),
        new KernelOperation<Args>("average-pool.backward")
        {
            Inputs = static a => [new("dy", a.Y)],
            Outputs = static a => [new("dx", a.X)],
            Reference = static (in Args a, double[][] i, double[][] o) => BackwardReference<double>(a, i[0], o[0]),

            // One rounding.
            Bound = static (in Args a, double[][] i, double[][] e) =>
                [Array.ConvertAll(e[0], y => ErrorBound.Unit * Math.Abs(y) + ErrorBound.Tiny)],
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.With("v128", static () => true, static (in Args a, KernelMemory[] i, KernelMemory[] o, WorkPool? pool) =>
            Backward(a, i[0], o[0], pool)),
    ];

    private static void ForwardOf<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Forward<TSimd, TVector>(args, inputs[0], outputs[0], pool);
}
