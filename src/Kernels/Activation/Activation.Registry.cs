using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class Activation
{
    // An exponential overflows where σ is below 2⁻¹²⁷; the result is then 0 instead of at most |x|·2⁻¹²⁷.
    private const double Vanishing = 1e-36;

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("activation.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] i, double[][] o) => ForwardReference<double>(a, i[0], o[0]),
            Bound = static (in Args a, double[][] i, double[][] e) =>
            {
                ActivationKind kind = a.Kind;
                return [Array.ConvertAll(i[0], x => ValueError(kind, x, 0))];
            },
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(ForwardOf<Simd512, Vector512<float>>, ForwardOf<Simd256, Vector256<float>>,
            ForwardOf<Simd128, Vector128<float>>),
        new KernelOperation<Args>("activation.backward")
        {
            Inputs = static a => [new("dy", a.Y), new("x", a.X)],
            Outputs = static a => [new("dx", a.X)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                BackwardReference<double>(a, i[0], i[1], o[0]),
            Bound = static (in Args a, double[][] i, double[][] e) =>
            {
                double[] bound = new double[e[0].Length];
                for (int k = 0; k < bound.Length; k++)
                {
                    bound[k] = Math.Abs(i[0][k]) * SlopeError(a.Kind, i[1][k], 0)
                        + 2 * ErrorBound.Unit * Math.Abs(e[0][k]) + ErrorBound.Tiny;
                }

                return [bound];
            },
            BytesMoved = static a => 3 * sizeof(float) * a.X.Length,
        }.WithWidths(BackwardOf<Simd512, Vector512<float>>, BackwardOf<Simd256, Vector256<float>>,
            BackwardOf<Simd128, Vector128<float>>),
    ];

    /// <summary>
    /// Bound of <c>|f̃(z̃) − f(z)|</c> where <c>|z̃ − z| ≤ e</c>: the function's Lipschitz constant times e, and at
    /// most 6 roundings of the result (exponential, sum, quotient).
    /// </summary>
    internal static double ValueError(ActivationKind kind, double z, double e)
    {
        double value = Math.Abs(Value(kind, z));
        return kind switch
        {
            ActivationKind.Swish => 1.1 * e + 6 * ErrorBound.Unit * value + Vanishing,
            ActivationKind.Sigmoid => 0.25 * e + 6 * ErrorBound.Unit * value + Vanishing,
            ActivationKind.HardSwish => 1.5 * e + 6 * ErrorBound.Unit * (value + Math.Min(Math.Abs(z), 1e-30)),
            ActivationKind.HardSigmoid => e / 6 + 4 * ErrorBound.Unit * value + ErrorBound.Tiny,
            _ => e,
        };
    }

    /// <summary>
    /// Bound of <c>|f̃'(z̃) − f'(z)|</c> where <c>|z̃ − z| ≤ e</c>: the slope's Lipschitz constant times e, the whole
    /// jump where a kink is within e, and for swish the rounding of σ in <c>x·σ·(1 − σ)</c> while σ is not yet exactly
    /// 1.
    /// </summary>
    internal static double SlopeError(ActivationKind kind, double z, double e)
    {
        bool Near(double kink) => e > 0 && Math.Abs(z - kink) <= e;
        switch (kind)
        {
            case ActivationKind.Relu:
                return Near(0) ? 1 : 0;
            case ActivationKind.Relu6:
                return Near(0) || Near(6) ? 1 : 0;
            case ActivationKind.HardSigmoid:
                return (Near(-3) || Near(3) ? 1.0 / 6 : 0) + ErrorBound.Unit / 3;
            case ActivationKind.HardSwish:
                return e / 3 + (Near(-3) || Near(3) ? 0.5 : 0) + 3 * ErrorBound.Unit * (1 + Math.Min(Math.Abs(z), 3));
            case ActivationKind.Sigmoid:
                return 0.1 * e + 8 * ErrorBound.Unit * Value(kind, z) + Vanishing;
            case ActivationKind.Swish:
                double s = Value(ActivationKind.Sigmoid, z), rest = Value(ActivationKind.Sigmoid, -z);
                double tail = Math.Abs(z) * s * (rest < ErrorBound.Unit / 4 ? rest : 8 * ErrorBound.Unit);
                return 0.5 * e + 8 * ErrorBound.Unit * s + tail + Vanishing;
            default:
                return 0;
        }
    }

    private static void ForwardOf<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Forward<TSimd, TVector>(args, inputs[0], outputs[0], pool);

    private static void BackwardOf<TSimd, TVector>(in Args args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Backward<TSimd, TVector>(args, inputs[0], inputs[1], outputs[0], pool);
}
