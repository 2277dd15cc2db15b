using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class SgdStep
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        // The state before the step is an input, after it an output.
        new KernelOperation<Args>("sgd.update")
        {
            Inputs = static a => [new("gradient", Of(a)), new("parameter", Of(a)), new("velocity", Of(a))],
            Outputs = static a => [new("parameter", Of(a)), new("velocity", Of(a))],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                i[1].CopyTo(o[0], 0);
                i[2].CopyTo(o[1], 0);
                UpdateReference<double>(a, i[0], o[0], o[1]);
            },
            Bound = UpdateBound,
            BytesMoved = static a => (a.Momentum == 0 ? 3 : 5) * (long)sizeof(float) * a.Length,
        }.WithWidths(UpdateOf<Simd512, Vector512<float>>, UpdateOf<Simd256, Vector256<float>>,
            UpdateOf<Simd128, Vector128<float>>),
    ];

    private static Shape Of(Args args) => Shape.Vector(args.Length);

    /// <summary>Two roundings of each constant's product and one of each sum, on the magnitudes of the terms.</summary>
    internal static double[][] UpdateBound(in Args args, double[][] inputs, double[][] expected)
    {
        double u = ErrorBound.Unit;
        double[] parameters = new double[args.Length], velocities = new double[args.Length];
        for (int i = 0; i < args.Length; i++)
        {
            double p = Math.Abs(inputs[1][i]);
            double g = Math.Abs(args.GradientScale * inputs[0][i]) + args.WeightDecay * p, step = g;
            if (args.Momentum != 0)
            {
                step = args.First ? g : g + args.Momentum * Math.Abs(inputs[2][i]);
                velocities[i] = 4 * u * step + ErrorBound.Tiny;
                step = args.Nesterov ? g + args.Momentum * step : step;
            }

            parameters[i] = 8 * u * args.Rate * step + u * Math.Abs(expected[0][i]) + 2 * ErrorBound.Tiny;
        }

        return [parameters, velocities];
    }

    private static void UpdateOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        i[1].Span.CopyTo(o[0]);
        i[2].Span.CopyTo(o[1]);
        Update<TSimd, TVector>(args, i[0], o[0], o[1], pool);
    }
}
