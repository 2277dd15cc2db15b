namespace MuxKernels.Autograd;

/// <summary>
/// A tensor of a session: a shape and memory of the session's device, float32 NCHW for everyone who reads it. Its
/// memory belongs to the session (or, for a <see cref="Parameter"/>, to the network) and is never disposed of by hand.
/// </summary>
public class Tensor
{
    private View data;

    internal Tensor(Session? session, Shape shape, View data, bool needsGradient)
    {
        (Session, Shape, this.data, NeedsGradient) = (session, shape, data, needsGradient);
    }

    /// <summary>Extent.</summary>
    public Shape Shape { get; }

    /// <summary>The session that made this tensor; null for parameters.</summary>
    public Session? Session { get; }

    /// <summary>Whether the backward pass computes a gradient for this tensor.</summary>
    public bool NeedsGradient { get; }

    /// <summary>The node that made this tensor, if it was recorded.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>The numbers on the device.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back: after the backward pass, outside the
    /// module that made it, or after the session was cleared.</exception>
    public virtual View Data => data.IsEmpty
        ? throw new ObjectDisposedException(ToString(),
            "The memory of this tensor was given back; read it before the backward pass or the session's end.")
        : data;

    /// <summary>
    /// The gradient, after <see cref="Session.Backward(Tensor, ReadOnlySpan{float})"/>; empty if there is none.
    /// </summary>
    public virtual View Gradient { get; internal set; }

    internal bool IsReleased => data.IsEmpty;

    /// <summary>The session, demanded.</summary>
    internal Session Owner => Session ?? throw new InvalidOperationException(
        "A parameter belongs to no session; make it an operand of a tensor that does.");

    /// <summary>
    /// Appends an operator with this tensor as its first input to the session's record and computes it.
    /// </summary>
    /// <returns>The operator's first result.</returns>
    public Tensor Record(Operator @operator, params ReadOnlySpan<Tensor?> more) => RecordAll(@operator, more)[0];

    /// <summary>The same for operators with several results.</summary>
    public Tensor[] RecordAll(Operator @operator, params ReadOnlySpan<Tensor?> more) =>
        Owner.Apply(@operator, [this, .. more]);

    /// <summary>Copies the numbers to the host.</summary>
    public float[] ToArray()
    {
        float[] values = new float[Shape.Length];
        Data.Buffer!.Device.Read(Data, values);
        return values;
    }

    /// <summary>Copies the numbers to the host in double (exact on the reference device).</summary>
    public double[] ToDoubles()
    {
        double[] values = new double[Shape.Length];
        Data.Buffer!.Device.Read(Data, values);
        return values;
    }

    /// <summary>Copies the gradient to the host in double.</summary>
    /// <exception cref="InvalidOperationException">There is no gradient.</exception>
    public double[] GradientToDoubles()
    {
        if (Gradient.IsEmpty)
        {
            throw new InvalidOperationException($"{this} has no gradient; call Session.Backward first.");
        }

        double[] values = new double[Shape.Length];
        Gradient.Buffer!.Device.Read(Gradient, values);
        return values;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Tensor {Shape}";

    internal View Release()
    {
        View was = data;
        data = View.None;
        return was;
    }
}
