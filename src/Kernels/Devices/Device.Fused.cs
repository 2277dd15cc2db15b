namespace MuxKernels;

public abstract partial class Device
{
    /// <summary>y ← 1×1 convolution of x with what is fused into it.</summary>
    public virtual void PointwiseConvFused(in PointwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(PointwiseConvFused));

    /// <summary>y ← dense k×k convolution of x with what is fused into it.</summary>
    public virtual void DenseConvFused(in DenseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(DenseConvFused));

    /// <summary>y ← depthwise k×k convolution of x with what is fused into it.</summary>
    public virtual void DepthwiseConvFused(in DepthwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(DepthwiseConvFused));

    /// <summary>y ← group-wise k×k convolution of x with what is fused into it.</summary>
    public virtual void GroupConvFused(in GroupConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(GroupConvFused));

    /// <summary>y ← mixed-kernel convolution of x with what is fused into it.</summary>
    public virtual void MixedConvFused(in MixedConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(MixedConvFused));

    /// <summary>y ← spatial multiplexing convolution of x with what is fused into it.</summary>
    public virtual void MuxConvFused(in MuxConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Missing(nameof(MuxConvFused));

    /// <summary>gates ← <c>gate(W₂·f(W₁·sums/(H·W) + b₁) + b₂)</c>, [N, C], from the sums over pixels that a fused
    /// convolution gives; hidden is [N, R] of memory, written.</summary>
    public virtual void SqueezeExciteGates(in SqueezeExcite.Args args, View sums, View w1, View b1, View w2, View b2,
        View hidden, View gates) =>
        Missing(nameof(SqueezeExciteGates));

    /// <summary>Whether fused convolutions take maps of float16 (<see cref="ConvFusion.HalfMaps"/>).</summary>
    public virtual bool HasHalfMaps => false;

    /// <summary>y ← x as float16, rounded to nearest even, two numbers to an element of y.</summary>
    public virtual void Narrow(View x, View y) => Missing(nameof(Narrow));

    /// <summary>y ← x from float16, two numbers to an element of x.</summary>
    public virtual void Widen(View x, View y) => Missing(nameof(Widen));

    /// <summary>Records what an action launches, to be launched again at once. The action has run before, with the same
    /// memory; it launches operations and nothing else.</summary>
    /// <returns>What was recorded, the caller disposes it; null on a device that has nothing of the kind.</returns>
    public virtual DeviceGraph? Capture(Action launches) => null;
}

/// <summary>Operations of a device that are launched together.</summary>
public abstract class DeviceGraph : IDisposable
{
    /// <summary>Launches them; the call does not wait.</summary>
    public abstract void Launch();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the device's graph.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
