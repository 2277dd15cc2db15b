using System.Runtime.Intrinsics;

namespace MuxKernels;

public static partial class MuxConv
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("muxconv.forward")
        {
            Inputs = static a => [new("x", a.X), new("w", a.Weight)],
            Outputs = static a => [new("y", a.Y)],
            Reference = ForwardReference,
            Bound = static (in Args a, double[][] inputs, double[][] expected) =>
                ErrorBound.OfSum(a, inputs, expected, ForwardReference, Depth(a)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool)).WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                ForwardThreeStep<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                ForwardThreeStep<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                ForwardThreeStep<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            "/three-step"),
        new KernelOperation<Args>("muxconv.backward-input")
        {
            Inputs = static a => [new("dy", a.Y), new("w", a.Weight)],
            Outputs = static a => [new("dx", a.X)],
            Reference = InputReference,
            Bound = static (in Args a, double[][] inputs, double[][] expected) =>
                ErrorBound.OfSum(a, inputs, expected, InputReference, Depth(a)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInput<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInput<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInput<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool)).WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInputThreeStep<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInputThreeStep<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardInputThreeStep<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            "/three-step"),
        new KernelOperation<Args>("muxconv.backward-weight")
        {
            Inputs = static a => [new("dy", a.Y), new("x", a.X)],
            Outputs = static a => [new("dw", a.Weight)],
            Reference = WeightReference,
            Bound = static (in Args a, double[][] inputs, double[][] expected) =>
                ErrorBound.OfSum(a, inputs, expected, WeightReference, WeightDepth(a)),
            MultiplyAdds = static a => a.MultiplyAdds,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeight<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeight<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeight<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch(a, pool), pool)).WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeightThreeStep<Simd512, Vector512<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeightThreeStep<Simd256, Vector256<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                BackwardWeightThreeStep<Simd128, Vector128<float>>(a, x[0], x[1], y[0], Scratch3(a, pool), pool),
            "/three-step"),
    ];

    private static float[] Scratch(in Args args, WorkPool? pool) =>
        new float[args.ScratchLength(WorkPool.Threads(pool))];

    private static float[] Scratch3(in Args args, WorkPool? pool) =>
        new float[ThreeStepScratchLength(args, WorkPool.Threads(pool))];

    private static void ForwardReference(in Args args, double[][] x, double[][] y) =>
        ForwardReference<double>(args, x[0], x[1], y[0]);

    private static void InputReference(in Args args, double[][] x, double[][] y) =>
        BackwardInputReference<double>(args, x[0], x[1], y[0]);

    private static void WeightReference(in Args args, double[][] x, double[][] y) =>
        BackwardWeightReference<double>(args, x[0], x[1], y[0]);

    /// <summary>Products of one sum, forward and backward.</summary>
    private static long Depth(in Args args)
    {
        long depth = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            depth = Math.Max(depth, (long)args.ChannelsPerGroup * args.Part(part).Window.Taps);
        }

        return depth;
    }

    /// <summary>Roundings on the longest path of a weight's sum: a vector lane of one image with four or more lanes,
    /// the lanes' tree, the images.</summary>
    private static long WeightDepth(in Args args)
    {
        long depth = 0;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            Window window = args.Part(part).Window;
            depth = Math.Max(depth, (long)window.OutHeight * ((window.OutWidth + 3) / 4) + 4 + args.X.N);
        }

        return depth;
    }
}
