using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Prepares windows for blocked maps; null says that a convolution has no blocked kernel and its caller takes
/// the plain one.</summary>
internal static partial class BlockedWindows
{
    /// <summary>Most channels a group.</summary>
    private const int MostChannels = 4;

    /// <summary>A depthwise convolution; null for padding that differs from side to side and for lanes that this
    /// machine has not.</summary>
    public static BlockedWindow? Of(in DepthwiseConv.Args args, int lanes) => Of(args, lanes, gradient: false);

    /// <summary>A group-wise convolution with up to four channels a group, as many out as in; null for
    /// others.</summary>
    public static BlockedWindow? Of(in GroupConv.Args args, int lanes) => Of(args, lanes, gradient: false);

    /// <summary>A mixed-kernel convolution with up to four channels a group; null also for odd and even kernels
    /// together. Where its parts do not fill blocks, x must be finite
    /// (<see cref="BlockedGroups{TSimd, TVector}"/>).</summary>
    public static BlockedWindow? Of(in MixedConv.Args args, int lanes) => Of(args, lanes, gradient: false);

    /// <summary>
    /// The gradient of a depthwise convolution's input: a window whose input is the gradient of the convolution's
    /// output (in the <see cref="BlockedWindow.OutOrder"/> of <see cref="Of(in DepthwiseConv.Args, int)"/>) and whose
    /// output is the gradient of its input (in the <see cref="BlockedWindow.InOrder"/>), piece by piece. It packs the
    /// convolution's own weights, a factor belongs to a channel of the gradient that it writes. Any
    /// stride. Null where the convolution has no window.
    /// </summary>
    public static BlockedWindow? InputGradientOf(in DepthwiseConv.Args args, int lanes) =>
        Of(args, lanes, gradient: true);

    /// <inheritdoc cref="InputGradientOf(in DepthwiseConv.Args, int)"/>
    public static BlockedWindow? InputGradientOf(in GroupConv.Args args, int lanes) =>
        Of(args, lanes, gradient: true);

    /// <inheritdoc cref="InputGradientOf(in DepthwiseConv.Args, int)"/>
    public static BlockedWindow? InputGradientOf(in MixedConv.Args args, int lanes) =>
        Of(args, lanes, gradient: true);

    private static BlockedWindow? Of(in DepthwiseConv.Args args, int lanes, bool gradient) =>
        OfParts(1, [args.Window], [new BlockedPart(args.Window.Kernel, args.X.C, 0, 0)], lanes, gradient);

    private static BlockedWindow? Of(in GroupConv.Args args, int lanes, bool gradient) =>
        args.InPerGroup != args.OutPerGroup || args.InPerGroup > MostChannels ? null
            : OfParts(args.InPerGroup, [args.Window], [new BlockedPart(args.Window.Kernel, args.Groups, 0, 0)], lanes,
                gradient);

    private static BlockedWindow? Of(in MixedConv.Args args, int lanes, bool gradient)
    {
        int g = args.ChannelsPerGroup, parts = args.Kernels.Count;
        if (g > MostChannels)
        {
            return null;
        }

        Window[] windows = new Window[parts];
        BlockedPart[] list = new BlockedPart[parts];
        for (int part = 0, channel = 0, weight = 0; part < parts; part++)
        {
            windows[part] = args.PartWindow(part);
            list[part] = new BlockedPart(args.Kernels[part], args.Channels[part] / g, channel, weight);
            channel += args.Channels[part];
            weight += (int)args.PartWeight(part).Length;
        }

        return OfParts(g, windows, list, lanes, gradient);
    }

    private static BlockedWindow? OfParts(int g, ReadOnlySpan<Window> windows, BlockedPart[] parts, int lanes,
        bool gradient) =>
        lanes switch
        {
            16 when Simd512.IsSupported => BlockedGroups<Simd512, Vector512<float>>.Of(g, windows, parts, gradient),
            8 when Simd256.IsSupported => BlockedGroups<Simd256, Vector256<float>>.Of(g, windows, parts, gradient),
            4 => BlockedGroups<Simd128, Vector128<float>>.Of(g, windows, parts, gradient),
            _ => null,
        };
}
