using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class DenseConv
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("dense.forward")
        {
            Inputs = static a => [new("x", a.X), new("w", a.Weight), new("bias", a.Bias)],
            Outputs = static a => [new("y", a.Y)],
            Reference = Forward,
            Bound = static (in Args a, double[][] x, double[][] y) => ErrorBound.OfSum(a, x, y, Forward, a.Depth),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(ForwardWith<Simd512, Vector512<float>>, ForwardWith<Simd256, Vector256<float>>,
            ForwardWith<Simd128, Vector128<float>>),
        new KernelOperation<Args>("dense.backward-input")
        {
            Inputs = static a => [new("dy", a.Y), new("w", a.Weight)],
            Outputs = static a => [new("dx", a.X)],
            Reference = BackwardInput,
            Bound = static (in Args a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, BackwardInput, (long)a.Y.C * a.Window.Taps),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(BackwardInputWith<Simd512, Vector512<float>>, BackwardInputWith<Simd256, Vector256<float>>,
            BackwardInputWith<Simd128, Vector128<float>>),
        new KernelOperation<Args>("dense.backward-weight")
        {
            Inputs = static a => [new("dy", a.Y), new("x", a.X)],
            Outputs = static a => [new("dw", a.Weight)],
            Reference = BackwardWeight,
            Bound = static (in Args a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, BackwardWeight, a.Plan.Depth),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(BackwardWeightWith<Simd512, Vector512<float>>, BackwardWeightWith<Simd256, Vector256<float>>,
            BackwardWeightWith<Simd128, Vector128<float>>),
    ];

    private static void Forward(in Args args, double[][] inputs, double[][] outputs) =>
        ForwardReference<double>(args, inputs[0], inputs[1], inputs[2], outputs[0]);

    private static void BackwardInput(in Args args, double[][] inputs, double[][] outputs) =>
        BackwardInputReference<double>(args, inputs[0], inputs[1], outputs[0]);

    private static void BackwardWeight(in Args args, double[][] inputs, double[][] outputs) =>
        BackwardWeightReference<double>(args, inputs[0], inputs[1], outputs[0]);

    private static void ForwardWith<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Forward<TSimd, TVector>(args, inputs[0], inputs[1], inputs[2], outputs[0], pool);

    private static void BackwardInputWith<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => BackwardInput<TSimd, TVector>(args, inputs[0], inputs[1], outputs[0],
            new float[args.ScratchLength], pool);

    private static void BackwardWeightWith<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => BackwardWeight<TSimd, TVector>(args, inputs[0], inputs[1], outputs[0],
            new float[args.ScratchLength], pool);
}
