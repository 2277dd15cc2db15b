using ILGPU;

namespace MuxKernels;

/// <summary>
/// What a convolution does on the way, so that nothing is read or written twice:
/// <c>y[n,o,p] = f(scale[o]·z[n,o,p] + shift[o]) + residual[n,o,p]</c> with <c>z = w ∗ (gate[n,i]·x[n,i,·])</c> and
/// <c>sums[n,o] = Σ_p y[n,o,p]</c>. A folded batch norm is scale and shift; a bias is a shift; gate is what
/// squeeze-excite computes. Everything is optional: empty views are left out.
/// </summary>
/// <remarks>Channels may lie anywhere: with <see cref="InputChannels"/> and <see cref="OutputChannels"/> a block reads
/// part of a map and writes into another in any order, so that a split or a channel shuffle costs nothing; the
/// channels that it leaves out never move.</remarks>
/// <typeparam name="T">How maps are stored: float or <see cref="ILGPU.Half"/>. Everything else is float.</typeparam>
public readonly record struct GpuFusion<T>
    where T : unmanaged
{
    /// <summary>[O]; empty for 1.</summary>
    public ArrayView<float> Scale { get; init; }

    /// <summary>[O]; empty for 0.</summary>
    public ArrayView<float> Shift { get; init; }

    /// <summary>f.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>[N, C], multiplied to the input; empty for none.</summary>
    public ArrayView<float> Gate { get; init; }

    /// <summary>Added to the output, stored like y with the same channel order; may be y. Empty for none.</summary>
    public ArrayView<T> Residual { get; init; }

    /// <summary>[N, O], written: sums of the output over its pixels. Empty for none.</summary>
    public ArrayView<float> Sums { get; init; }

    /// <summary>With <see cref="Sums"/>: the output itself is not stored, y is empty.</summary>
    public bool SumsOnly { get; init; }

    /// <summary>Channel c of the input is this channel of x, <c>[C]</c>; empty for c. Values are not checked.</summary>
    public ArrayView<int> InputChannels { get; init; }

    /// <summary>Channels that x has; 0 for those of the geometry.</summary>
    public int InputStride { get; init; }

    /// <summary>Channel o of the output is this channel of y, <c>[O]</c>; empty for o. Values are not checked.
    /// </summary>
    public ArrayView<int> OutputChannels { get; init; }

    /// <summary>Channels that y (and the residual) has; 0 for those of the geometry.</summary>
    public int OutputStride { get; init; }

    /// <summary>What 1×1 convolutions round their factors to; the others multiply in float32.</summary>
    public ProductPrecision Precision { get; init; }
}
