namespace MuxKernels;

public static unsafe partial class Dropout
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("dropout.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] i, double[][] o) => ForwardReference<double>(a, i[0], o[0]),

            // The factor's rounding and the product's.
            Bound = static (in Args a, double[][] i, double[][] e) =>
                [Array.ConvertAll(e[0], y => 2.1 * ErrorBound.Unit * Math.Abs(y) + ErrorBound.Tiny)],
            BytesMoved = static a => 2 * sizeof(float) * a.X.Length,
            IsLinear = true,
        }.With("v128", static () => true, static (in Args a, KernelMemory[] i, KernelMemory[] o, WorkPool? pool) =>
            Forward(a, i[0], o[0], pool)),
    ];
}
