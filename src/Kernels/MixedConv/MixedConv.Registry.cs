using System.Runtime.Intrinsics;

namespace MuxKernels;

public static partial class MixedConv
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("mixed.forward")
        {
            Inputs = static a => [new("x", a.X), new("w", a.Weight)],
            Outputs = static a => [new("y", a.Y)],
            Reference = ForwardInDouble,
            Bound = static (in Args a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, ForwardInDouble, Depth(a)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(ForwardAt<Simd512, Vector512<float>>, ForwardAt<Simd256, Vector256<float>>,
            ForwardAt<Simd128, Vector128<float>>),
        new KernelOperation<Args>("mixed.backward-input")
        {
            Inputs = static a => [new("dy", a.Y), new("w", a.Weight)],
            Outputs = static a => [new("dx", a.X)],
            Reference = BackwardInputInDouble,
            Bound = static (in Args a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, BackwardInputInDouble, Depth(a)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(BackwardInputAt<Simd512, Vector512<float>>, BackwardInputAt<Simd256, Vector256<float>>,
            BackwardInputAt<Simd128, Vector128<float>>),
        new KernelOperation<Args>("mixed.backward-weight")
        {
            Inputs = static a => [new("dy", a.Y), new("x", a.X)],
            Outputs = static a => [new("dw", a.Weight)],
            Reference = BackwardWeightInDouble,
            Bound = static (in Args a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, BackwardWeightInDouble, WindowWork.GradientDepth(a.Y)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(BackwardWeightAt<Simd512, Vector512<float>>, BackwardWeightAt<Simd256, Vector256<float>>,
            BackwardWeightAt<Simd128, Vector128<float>>),
    ];

    /// <summary>Products of the longest sum.</summary>
    private static long Depth(in Args args)
    {
        int kernel = 0;
        foreach (int k in args.Kernels)
        {
            kernel = Math.Max(kernel, k);
        }

        return (long)kernel * kernel * args.ChannelsPerGroup;
    }

    private static void ForwardInDouble(in Args args, double[][] inputs, double[][] outputs) =>
        ForwardReference<double>(args, inputs[0], inputs[1], outputs[0]);

    private static void BackwardInputInDouble(in Args args, double[][] inputs, double[][] outputs) =>
        BackwardInputReference<double>(args, inputs[0], inputs[1], outputs[0]);

    private static void BackwardWeightInDouble(in Args args, double[][] inputs, double[][] outputs) =>
        BackwardWeightReference<double>(args, inputs[0], inputs[1], outputs[0]);

    private static void ForwardAt<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckForward<float>(args, inputs[0], inputs[1], outputs[0]);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.Forward<TSimd, TVector>(Fill(parts, args), args.X, args.Y, inputs[0], inputs[1], [], outputs[0],
            new float[args.ScratchLength(WorkPool.Threads(pool))], pool);
    }

    private static void BackwardInputAt<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardInput<float>(args, inputs[0], inputs[1], outputs[0]);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.BackwardInput<TSimd, TVector>(Fill(parts, args), args.X, args.Y, inputs[0], inputs[1], outputs[0],
            new float[args.ScratchLength(WorkPool.Threads(pool))], pool);
    }

    private static void BackwardWeightAt<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardWeight<float>(args, inputs[0], inputs[1], outputs[0]);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.BackwardWeight<TSimd, TVector>(Fill(parts, args), args.X, args.Y, inputs[0], inputs[1], outputs[0],
            new float[args.ScratchLength(WorkPool.Threads(pool))], pool);
    }
}
