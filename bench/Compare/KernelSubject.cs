using MuxKernels.Autograd;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary>One convolution with numbers, the same for everybody who computes it.</summary>
internal sealed class KernelSubject
{
    public KernelSubject(Operator @operator)
    {
        Operator = @operator;
        (X, long weights, BytesMoved) = @operator switch
        {
            PointwiseConvOperator o => (o.Args.X, o.Args.Weight.Length, o.Args.BytesMoved),
            DenseConvOperator o => (o.Args.X, o.Args.Weight.Length, o.Args.BytesMoved),
            DepthwiseConvOperator o => (o.Args.X, o.Args.Weight.Length, o.Args.BytesMoved),
            GroupConvOperator o => (o.Args.X, o.Args.Weight.Length, o.Args.BytesMoved),
            MixedConvOperator o => (o.Args.X, o.Args.WeightLength, o.Args.BytesMoved),
            MuxConvOperator o => (o.Args.X, o.Args.WeightLength, o.Args.BytesMoved),
            _ => throw new ArgumentException($"{@operator.Type} is not measured alone.", nameof(@operator)),
        };
        Input = Fill.Uniform(1, X.Length);
        Weights = Fill.Uniform(2, weights);
        Upstream = Fill.Uniform(3, Y.Length);
    }

    /// <summary>The operation with its geometry.</summary>
    public Operator Operator { get; }

    /// <summary>Shape of the input, one image.</summary>
    public Shape X { get; }

    /// <summary>Shape of the result.</summary>
    public Shape Y => Operator.Results[0];

    /// <summary>Bytes read and written once.</summary>
    public long BytesMoved { get; }

    /// <summary>Multiply-adds, by the paper's rule.</summary>
    public long MultiplyAdds => Operator.MultiplyAdds;

    /// <summary>The input, NCHW.</summary>
    public float[] Input { get; }

    /// <summary>The weights in the layout of the public family.</summary>
    public float[] Weights { get; }

    /// <summary>The gradient of the result, NCHW.</summary>
    public float[] Upstream { get; }

    /// <summary>The operator's result through the device of the processor.</summary>
    public float[] Eager(CpuDevice device)
    {
        float[] y = new float[Y.Length];
        using Session session = new(device);
        device.Read(Record(session).Data, y);
        return y;
    }

    /// <summary>The operator's gradients through the device of the processor.</summary>
    public (float[] Dx, float[] Dw) EagerGradients(CpuDevice device)
    {
        float[] dx = new float[X.Length], dw = new float[Weights.Length];
        using Session session = new(device, record: true);
        Tensor x = session.Input(X, Input, needsGradient: true);
        Tensor w = session.Input(Shape.Vector(Weights.Length), Weights, needsGradient: true);
        session.Backward(session.Apply(Operator, [x, w])[0], Upstream);
        device.Read(x.Gradient, dx);
        device.Read(w.Gradient, dw);
        return (dx, dw);
    }

    /// <summary>Records the operation.</summary>
    /// <returns>The result; its producer's first operand is the input.</returns>
    public Tensor Record(Session session) => session.Apply(Operator,
        [session.Input(X, Input), session.Input(Shape.Vector(Weights.Length), Weights)])[0];
}
