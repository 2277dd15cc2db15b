namespace MuxKernels;

/// <summary>
/// What a convolution on a device does on the way, so that nothing is read or written twice:
/// <c>y[n,o,p] = f(scale[o]·z[n,o,p] + shift[o]) + residual[n,o,p]</c> with <c>z = w ∗ (gate[n,i]·x[n,i,·])</c> and
/// <c>sums[n,o] = Σ_p y[n,o,p]</c>. A folded batch norm is scale and shift; a bias is a shift; gate is what
/// squeeze-excite computes. Everything is optional: empty views are left out.
/// </summary>
/// <remarks>Channels may lie anywhere: a block reads part of a map and writes into another, or into the one its
/// residual lies in, in any order; a split or a shuffle costs nothing, and channels that are left out never
/// move.</remarks>
public readonly record struct ConvFusion
{
    /// <summary>[O]; empty for 1.</summary>
    public View Scale { get; init; }

    /// <summary>[O]; empty for 0.</summary>
    public View Shift { get; init; }

    /// <summary>f.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>[N, C], multiplied to the input; empty for none.</summary>
    public View Gate { get; init; }

    /// <summary>Added to the output, stored like y with the same channel places; may be y. Empty for none.</summary>
    public View Residual { get; init; }

    /// <summary>[N, O], written: sums of the output over its pixels. Empty for none.</summary>
    public View Sums { get; init; }

    /// <summary>With <see cref="Sums"/>: the output itself is not stored, y is empty.</summary>
    public bool SumsOnly { get; init; }

    /// <summary>Where the input's channels lie in x; null for channel c at c.</summary>
    public ChannelPlaces? InputChannels { get; init; }

    /// <summary>Channels that x has; 0 for those of the geometry.</summary>
    public int InputStride { get; init; }

    /// <summary>Where the output's channels lie in y and in the residual; null for channel o at o.</summary>
    public ChannelPlaces? OutputChannels { get; init; }

    /// <summary>Channels that y (and the residual) has; 0 for those of the geometry.</summary>
    public int OutputStride { get; init; }

    /// <summary>x, y and the residual are float16 in memory, two numbers to an element of a view; arithmetic, weights
    /// and vectors stay float32. Only where <see cref="Device.HasHalfMaps"/>.</summary>
    public bool HalfMaps { get; init; }

    /// <summary>Demands that the places of channels lie within maps of these shapes.</summary>
    /// <param name="x">Shape of the input.</param>
    /// <param name="y">Shape of the output.</param>
    /// <param name="kernel">Named in the message.</param>
    /// <exception cref="ShapeException">Another number of places, or places outside the map.</exception>
    public void CheckPlaces(Shape x, Shape y, string kernel)
    {
        Check(InputChannels, x.C, InputStride, kernel, nameof(InputChannels));
        Check(OutputChannels, y.C, OutputStride, kernel, nameof(OutputChannels));
    }

    private static void Check(ChannelPlaces? places, int channels, int stride, string kernel, string name)
    {
        int has = stride > 0 ? stride : channels;
        Guard.That(has >= channels, kernel, $"the map has {has} channels, expected at least {channels}.");
        if (places is not null)
        {
            Guard.That(places.Count == channels && places.Last < has, kernel,
                $"{name} has {places.Count} places up to {places.Last}, expected {channels} below {has}.");
        }
    }
}
