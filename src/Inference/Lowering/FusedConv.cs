using MuxKernels.Autograd;

namespace MuxKernels.Inference;

/// <summary>
/// A convolution with what follows it: batch normalisation folded into weights and bias, an activation, a sum or the
/// end of a split–process–shuffle block.
/// </summary>
internal sealed class FusedConv
{
    private FusedConv(Node conv) => (Conv, Result) = (conv, conv.Results[0]);

    /// <summary>The convolution.</summary>
    public Node Conv { get; }

    /// <summary>What comes out at the end.</summary>
    public Tensor Result { get; private set; }

    /// <summary>What comes out before <see cref="Join"/>.</summary>
    public Tensor Inner { get; private set; } = null!;

    /// <summary>The batch normalisation; null for none.</summary>
    public Node? Norm { get; private set; }

    /// <summary>f.</summary>
    public ActivationKind Activation { get; private set; }

    /// <summary>The sum or join that was taken in; null for none.</summary>
    public Node? Join { get; private set; }

    /// <summary>All nodes that are done with it.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>What it does, in words.</summary>
    public string Kind => string.Join(" + ", ((string[])
    [
        Conv.Operator.Type, Activation == ActivationKind.None ? "" : Activation.ToString(),
        Join?.Operator.Type ?? "",
    ]).Where(s => s.Length > 0));

    /// <summary>Takes in what follows a convolution.</summary>
    /// <param name="graph">The record.</param>
    /// <param name="conv">The convolution.</param>
    /// <param name="isKnown">Whether a tensor is computed already.</param>
    public static FusedConv Of(RecordGraph graph, Node conv, Func<Tensor, bool> isKnown)
    {
        FusedConv fused = new(conv);
        fused.Nodes.Add(conv);
        if (Next(graph, fused) is { Operator: BatchNormEvalOperator norm } n)
        {
            (fused.Norm, fused.Activation) = (n, norm.Args.Activation);
            fused.Take(n);
        }

        if (fused.Activation == ActivationKind.None
            && Next(graph, fused) is { Operator: ActivationOperator activation } a)
        {
            fused.Activation = activation.Args.Kind;
            fused.Take(a);
        }

        fused.Inner = fused.Result;
        if (conv.Operator is PointwiseConvOperator && graph.OnlyReader(fused.Result) is { } join)
        {
            bool sum = join.Operator is AddOperator && !ReferenceEquals(join.Inputs[0], join.Inputs[1])
                && isKnown(Other(join, fused.Result));
            bool end = join.Operator is MuxJoinOperator && ReferenceEquals(join.Inputs[0], fused.Result)
                && isKnown(join.Inputs[1]!);
            if (sum || end)
            {
                fused.Join = join;
                fused.Take(join);
            }
        }

        return fused;
    }

    /// <summary>The other operand of a sum.</summary>
    public static Tensor Other(Node join, Tensor one) =>
        ReferenceEquals(join.Inputs[0], one) ? join.Inputs[1]! : join.Inputs[0]!;

    /// <summary>Factor of each output channel and bias: <c>γ/√(σ² + ε)</c> and <c>β + (b − μ)·factor</c>.</summary>
    public (float[] Scale, float[] Bias) Fold(int channels)
    {
        float[] scale = new float[channels], bias = new float[channels];
        Array.Fill(scale, 1f);
        if (Conv.Inputs.Count > 2 && Conv.Inputs[2] is Parameter b)
        {
            b.ToArray().CopyTo(bias, 0);
        }

        if (Norm is null)
        {
            return (scale, bias);
        }

        float epsilon = ((BatchNormEvalOperator)Norm.Operator).Args.Epsilon;
        float[] gamma = Norm.Inputs[1]!.ToArray(), beta = Norm.Inputs[2]!.ToArray(), mean = Norm.Inputs[3]!.ToArray(),
            variance = Norm.Inputs[4]!.ToArray();
        for (int c = 0; c < channels; c++)
        {
            double factor = gamma[c] / Math.Sqrt((double)variance[c] + epsilon);
            scale[c] = (float)factor;
            bias[c] = (float)(beta[c] + (bias[c] - (double)mean[c]) * factor);
        }

        return (scale, bias);
    }

    private static Node? Next(RecordGraph graph, FusedConv fused) =>
        graph.OnlyReader(fused.Result) is { } node && ReferenceEquals(node.Inputs[0], fused.Result) ? node : null;

    private void Take(Node node)
    {
        Nodes.Add(node);
        Result = node.Results[0];
    }
}
