using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class AdamWPass
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        // The state before the pass is an input, after it an output.
        new KernelOperation<Args>("adamw-pass.update")
        {
            Inputs = static a =>
            [
                new("gradient", Of(a)), new("parameter", Of(a)), new("m", Of(a)), new("v", Of(a), ValueDomain.Positive),
                new("average", Of(a)),
            ],
            Outputs = static a =>
            [
                new("gradient", Of(a)), new("parameter", Of(a)), new("m", Of(a)), new("v", Of(a)),
                new("average", Of(a)),
            ],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                for (int operand = 0; operand < o.Length; operand++)
                {
                    i[operand].CopyTo(o[operand], 0);
                }

                UpdateReference<double>(a, o[0], o[1], o[2], o[3], o[4]);
            },
            Bound = UpdateBound,
            BytesMoved = static a => 10L * sizeof(float) * a.Step.Length,
        }.WithWidths(UpdateOf<Simd512, Vector512<float>>, UpdateOf<Simd256, Vector256<float>>,
            UpdateOf<Simd128, Vector128<float>>),
    ];

    private static Shape Of(Args args) => Shape.Vector(args.Step.Length);

    /// <summary>The gradient is exactly zero; parameters and moments have the step's bound.</summary>
    private static double[][] UpdateBound(in Args args, double[][] inputs, double[][] expected)
    {
        // Decay changes the bound only by way of the parameters before and after the step, which are given.
        double[][] bounds = AdamWStep.UpdateBound(args.Step, inputs, [expected[1], expected[2], expected[3]]);
        return [new double[args.Step.Length], .. bounds,
            MovingAverage.Bound(args.Average, expected[1], bounds[0], inputs[4], expected[4])];
    }

    private static void UpdateOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int operand = 0; operand < o.Length; operand++)
        {
            i[operand].Span.CopyTo(o[operand]);
        }

        Update<TSimd, TVector>(args, o[0], o[1], o[2], o[3], o[4], pool);
    }
}
