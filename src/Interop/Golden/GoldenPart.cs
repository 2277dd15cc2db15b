using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

/// <summary>A function of tensors as a module, so that it can be recorded; its numbers belong to another
/// module.</summary>
internal sealed class GoldenPart(Func<Tensor, Tensor> run) : Module
{
    /// <summary>Shape of the result for an input of a shape; nothing is computed.</summary>
    public Shape ResultOf(Shape input)
    {
        using MetaDevice device = new();
        using Session session = new(device);
        return Invoke(session.Placeholder(input)).Shape;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x) => run(x);
}
