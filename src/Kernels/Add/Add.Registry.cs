using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class Add
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("add.forward")
        {
            Inputs = static a => [new("a", a.X), new("b", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                ForwardReference<double>(a, i[0], i[1], o[0]),

            // One rounding.
            Bound = static (in Args a, double[][] i, double[][] e) =>
                [Array.ConvertAll(e[0], y => ErrorBound.Unit * Math.Abs(y) + ErrorBound.Tiny)],
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(ForwardOf<Simd512, Vector512<float>>, ForwardOf<Simd256, Vector256<float>>,
            ForwardOf<Simd128, Vector128<float>>),
    ];

    private static void ForwardOf<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Forward<TSimd, TVector>(inputs[0], inputs[1], outputs[0], pool);
}
