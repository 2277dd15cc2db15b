using FsCheck;

namespace MuxKernels.Testing;

/// <summary>A kernel of two operands and one result: <c>y = F(x, w)</c>, <c>dx = Fᵀ(dy, w)</c>, <c>dw = Fᵀ(dy, x)</c>.
/// The result arrives zeroed. Checked against an operation that has a bias too, it computes none: the reference's bias
/// is zero.</summary>
public delegate void SpanKernel<TArgs>(in TArgs args, ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y)
    where TArgs : struct;

public static partial class Check
{
    /// <summary>Checks a kernel of two operands and one result, on spans: a convolution forward or backward.</summary>
    /// <inheritdoc
    /// cref="Against{TArgs}(KernelOperation{TArgs}, KernelBody{TArgs}, Arbitrary{TArgs}, int, ulong, WorkPool)"/>
    public static void Against<TArgs>(KernelOperation<TArgs> reference, SpanKernel<TArgs> candidate,
        Arbitrary<TArgs>? cases = null, int count = DefaultCount, ulong seed = 1)
        where TArgs : struct => Against(OfTwo(reference), Body(candidate), cases, count, seed);

    /// <summary>Checks a kernel of two operands and one result, on spans, on given geometries.</summary>
    /// <inheritdoc
    /// cref="Against{TArgs}(KernelOperation{TArgs}, KernelBody{TArgs}, IEnumerable{TArgs}, ulong, WorkPool)"/>
    public static void Against<TArgs>(KernelOperation<TArgs> reference, SpanKernel<TArgs> candidate,
        IEnumerable<TArgs> cases, ulong seed = 1)
        where TArgs : struct => Against(OfTwo(reference), Body(candidate), cases, seed);

    /// <summary>Checks a kernel on spans against the reference of a named operation:
    /// <c>"depthwise.forward"</c>.</summary>
    /// <inheritdoc
    /// cref="Against{TArgs}(KernelOperation{TArgs}, KernelBody{TArgs}, Arbitrary{TArgs}, int, ulong, WorkPool)"/>
    public static void Against<TArgs>(string reference, SpanKernel<TArgs> candidate, Arbitrary<TArgs>? cases = null,
        int count = DefaultCount, ulong seed = 1)
        where TArgs : struct => Against(KernelRegistry.Get<TArgs>(reference), candidate, cases, count, seed);

    private static KernelBody<TArgs> Body<TArgs>(SpanKernel<TArgs> kernel)
        where TArgs : struct => (in args, inputs, outputs, _) => kernel(args, inputs[0], inputs[1], outputs[0]);

    /// <summary>The same operation without its bias.</summary>
    private static KernelOperation<TArgs> OfTwo<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct => new(operation.Name)
        {
            Inputs = args => Two(operation, args),
            Outputs = operation.Outputs,
            Reference = (in args, x, y) => operation.Reference(args, Biased(operation, args, x), y),
            Bound = (in args, x, y) => operation.Bound(args, Biased(operation, args, x), y),
        };

    private static KernelOperand[] Two<TArgs>(KernelOperation<TArgs> operation, TArgs args)
        where TArgs : struct
    {
        KernelOperand[] x = operation.Inputs(args), y = operation.Outputs(args);
        bool fits = y.Length == 1 && x.Length >= 2 && x.Skip(2).All(o => o.Name == "bias");
        return fits ? x[..2] : throw new ArgumentException(
            $"{operation.Name} reads {string.Join(", ", x.Select(o => o.Name))} and writes "
            + $"{string.Join(", ", y.Select(o => o.Name))}; a kernel on spans reads two operands and writes one. Use "
            + "the form of Check.Against that takes KernelMemory[].");
    }

    private static double[][] Biased<TArgs>(KernelOperation<TArgs> operation, TArgs args, double[][] x)
        where TArgs : struct => [.. x, .. operation.Inputs(args).Skip(2).Select(o => new double[o.Shape.Length])];
}
