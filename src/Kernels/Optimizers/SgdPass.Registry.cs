using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class SgdPass
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        // The state before the pass is an input, after it an output.
        new KernelOperation<Args>("sgd-pass.update")
        {
            Inputs = static a =>
                [new("gradient", Of(a)), new("parameter", Of(a)), new("velocity", Of(a)), new("average", Of(a))],
            Outputs = static a =>
                [new("gradient", Of(a)), new("parameter", Of(a)), new("velocity", Of(a)), new("average", Of(a))],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                for (int operand = 0; operand < o.Length; operand++)
                {
                    i[operand].CopyTo(o[operand], 0);
                }

                UpdateReference<double>(a, o[0], o[1], o[2], o[3]);
            },
            Bound = UpdateBound,
            BytesMoved = static a => (a.Step.Momentum == 0 ? 6 : 8) * (long)sizeof(float) * a.Step.Length,
        }.WithWidths(UpdateOf<Simd512, Vector512<float>>, UpdateOf<Simd256, Vector256<float>>,
            UpdateOf<Simd128, Vector128<float>>),
    ];

    private static Shape Of(Args args) => Shape.Vector(args.Step.Length);

    /// <summary>The gradient is exactly zero; parameters and velocities have the step's bound.</summary>
    private static double[][] UpdateBound(in Args args, double[][] inputs, double[][] expected)
    {
        double[] parameters = new double[args.Step.Length], velocities = new double[args.Step.Length];
        double[][] state = [expected[1], expected[2]];
        foreach (bool decays in (ReadOnlySpan<bool>)[true, false])
        {
            SgdStep.Args step = args.Step with { WeightDecay = decays ? args.Step.WeightDecay : 0 };
            double[][] bounds = SgdStep.UpdateBound(step, inputs, state);
            for (int i = 0; i < parameters.Length; i++)
            {
                if (args.Runs[args.Runs.RunOf(i)].Decays == decays)
                {
                    (parameters[i], velocities[i]) = (bounds[0][i], bounds[1][i]);
                }
            }
        }

        return [new double[parameters.Length], parameters, velocities,
            MovingAverage.Bound(args.Average, expected[1], parameters, inputs[3], expected[3])];
    }

    private static void UpdateOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int operand = 0; operand < o.Length; operand++)
        {
            i[operand].Span.CopyTo(o[operand]);
        }

        Update<TSimd, TVector>(args, o[0], o[1], o[2], o[3], pool);
    }
}
