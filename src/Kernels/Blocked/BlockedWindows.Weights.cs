using System.Runtime.Intrinsics;

namespace MuxKernels;

internal static partial class BlockedWindows
{
    /// <summary>The weight gradient of a depthwise convolution; null where it has no blocked kernel.</summary>
    public static BlockedWindowGradient? WeightGradientOf(in DepthwiseConv.Args args, int lanes) =>
        WeightGradient(Of(args, lanes));

    /// <summary>The weight gradient of a group-wise convolution; null where it has no blocked kernel.</summary>
    public static BlockedWindowGradient? WeightGradientOf(in GroupConv.Args args, int lanes) =>
        WeightGradient(Of(args, lanes));

    /// <summary>The weight gradient of a mixed-kernel convolution; null where it has no blocked kernel.</summary>
    public static BlockedWindowGradient? WeightGradientOf(in MixedConv.Args args, int lanes) =>
        WeightGradient(Of(args, lanes));

    private static BlockedWindowGradient? WeightGradient(BlockedWindow? window) => window switch
    {
        BlockedGroups<Simd512, Vector512<float>> groups => groups.WeightGradient(),
        BlockedGroups<Simd256, Vector256<float>> groups => groups.WeightGradient(),
        BlockedGroups<Simd128, Vector128<float>> groups => groups.WeightGradient(),
        _ => null,
    };
}
