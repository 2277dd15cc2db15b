namespace MuxKernels;

internal static partial class BlockedWindows
{
    /// <summary>The gradient of the input of a spatially multiplexed convolution; null where
    /// <see cref="Of(in MuxConv.Args, int)"/> is. Each part is a depthwise or group-wise convolution T⁻¹∘K∘T with a
    /// rearrangement T of pixels, an odd kernel and the same padding on all sides, so its adjoint T⁻¹∘Kᵀ∘T is the same
    /// convolution with the kernels turned by half a circle, from output to input: the window's x is the gradient of y,
    /// its y that of x, both in the order and with the border of the forward window.</summary>
    public static BlockedWindow? InputGradientOf(in MuxConv.Args args, int lanes) =>
        Of(args, lanes, turned: true);

    /// <summary>The gradient of the weights of a spatially multiplexed convolution; null where
    /// <see cref="Of(in MuxConv.Args, int)"/> is. Of super-pixel parts with 3×3 and 5×5 taps x must be
    /// finite.</summary>
    public static BlockedWindowGradient? WeightGradientOf(in MuxConv.Args args, int lanes) =>
        Of(args, lanes) switch
        {
            BlockedMuxConv conv => new BlockedMuxWeights(conv),
            BlockedMuxGroups groups => groups.WeightGradient(),
            _ => null,
        };
}
