namespace MuxKernels.Layers;

/// <summary>
/// The networks of the library. <c>muxnet-m</c> and <c>muxnet-l</c> are the released definitions; <c>muxnet-xs</c> and
/// <c>muxnet-s</c> were derived by this project from the published sizes (no public definition exists) and are marked
/// so wherever they appear; <c>muxnet-m-spatial</c> is m with scales −1, 0, 1 in its 56, 28 and 14-pixel mux blocks;
/// <c>muxnet-tiny</c> and <c>muxnet-small</c> are this project's own small networks for 28–32 px images, not the
/// authors'.
/// </summary>
public static class MuxNets
{
    /// <summary>
    /// Block string of <c>muxnet-tiny</c>: 3×3 stem of 16 channels at stride 1, maps of 16, 8 and 4 pixels, spatial
    /// multiplexing at 16 and 8, head of 256. At 1×32×32 and 10 classes it has 137,636 parameters, 4,370,392
    /// multiply-adds by the paper's rule (4,322,528 of convolutions and the classifier). It is made by hand: a
    /// baseline for a search.
    /// </summary>
    public const string TinyBlocks =
        "ds_r1_k3_s2_c24_se0.25_nre mux_r2_k3_s1_e3_c24_se0.5_p0.5_sg2_g1_m-1.0.1_pad_nre "
        + "ir_r1_k3.5_s2_e4_c48_se0.5_nsw mux_r2_k3_s1_e4_c48_se0.5_p0.5_sg2_g2_m-1.0.1_pad_nsw "
        + "ir_r1_k3.5.7_s2_e4_c96_se0.5_nsw mux_r1_k3_s1_e4_c96_se0.5_p0.5_sg2_g2_nsw";

    /// <summary>
    /// Block string of <c>muxnet-small</c>, made by hand for colour images of 32 pixels: 3×3 stem of 32 channels at
    /// stride 1, maps of 32, 16, 8 and 4 pixels, spatial multiplexing at 16 and 8, head of 768. At 3×32×32 and 10
    /// classes it has 886,378 parameters and 39,929,248 multiply-adds by the paper's rule (39,698,944 of convolutions
    /// and the classifier).
    /// </summary>
    public const string SmallBlocks =
        "ds_r1_k3_s1_c32_nre ir_r1_k3_s2_e3_c48_se0.25_nre mux_r2_k3_s1_e4_c48_se0.5_p0.5_sg2_g1_m-1.0.1_nsw "
        + "ir_r1_k3_s1_e4_c48_se0.25_nsw ir_r1_k3.5_s2_e4_c96_se0.25_nsw "
        + "mux_r2_k3_s1_e4_c96_se0.5_p0.5_sg2_g1_m-1.0.1_nsw ir_r2_k3_s1_e4_c96_se0.25_nsw "
        + "ir_r1_k3.5_s2_e4_c192_se0.25_nsw mux_r2_k3_s1_e4_c192_se0.5_p0.5_sg2_g2_nsw";

    private const string M =
        "ds_r1_k3_s1_c24_se0.25_nre ir_r1_k3_s2_e4_c24_se0.75_nre mux_r2_k3_s1_e4_c24_se0.75_p0.5_sg2_g2_nre "
        + "ir_r1_k3.5.7_s2_e4_c40_se0.75_nsw mux_r2_k3_s1_e6_c40_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3.5.7.9_s2_e4_c80_se0.75_nsw mux_r2_k5_s1_e6_c80_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k5_s1_e6_c112_se0.75_nsw mux_r2_k5_s1_e6_c112_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3.5.7.9.11_s2_e4_c160_se0.75_nsw mux_r3_k5_s1_e6_c160_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3_s1_e6_c200_se0.75_nsw";

    private const string L =
        "ds_r1_k3_s1_c24_se0.25_nre ir_r1_k3_s2_e6_c24_se0.75_nre mux_r2_k5_s1_e6_c24_se0.75_p0.5_sg2_g2_nre "
        + "ir_r1_k3.5.7_s2_e6_c40_se0.75_nsw mux_r3_k5_s1_e6_c40_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3.5.7.9_s2_e6_c80_se0.75_nsw mux_r3_k5_s1_e6_c80_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k5_s1_e6_c120_se0.75_nsw mux_r3_k5_s1_e6_c120_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3.5.7.9.11_s2_e6_c160_se0.75_nsw mux_r3_k5_s1_e6_c160_se0.75_p0.5_sg2_g2_nsw "
        + "ir_r1_k3_s1_e6_c200_se0.75_nsw";

    private const string S =
        "ds_r1_k3_s1_c16_se0.25_nre ir_r1_k3_s2_e4_c16_se0.75_nre "
        + "mux_r2_k3_s1_e6_c16_se0.75_p0.5_sg2_g2_m-1.0.1_nre ir_r1_k3.5.7_s2_e4_c32_se0.75_nsw "
        + "mux_r2_k3_s1_e6_c32_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k3.5.7.9_s2_e4_c64_se0.75_nsw "
        + "mux_r2_k5_s1_e6_c64_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k5_s1_e4_c88_se0.75_nsw "
        + "mux_r2_k5_s1_e6_c88_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k3.5.7.9.11_s2_e4_c128_se0.75_nsw "
        + "mux_r2_k5_s1_e6_c128_se0.75_p0.5_sg2_g2_nsw ir_r1_k3_s1_e4_c160_se0.75_nsw";

    private const string Xs =
        "ds_r1_k3_s1_c16_se0.25_nre ir_r1_k3_s2_e3_c16_se0.75_nre "
        + "mux_r2_k3_s1_e3_c16_se0.75_p0.5_sg2_g2_m-1.0.1_nre ir_r1_k3.5.7_s2_e3_c24_se0.75_nsw "
        + "mux_r2_k3_s1_e3_c24_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k3.5.7.9_s2_e3_c48_se0.75_nsw "
        + "mux_r3_k5_s1_e3_c48_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k5_s1_e3_c64_se0.75_nsw "
        + "mux_r2_k5_s1_e3_c64_se0.75_p0.5_sg2_g2_m-1.0.1_nsw ir_r1_k3.5.7.9.11_s2_e3_c96_se0.75_nsw "
        + "mux_r2_k5_s1_e3_c96_se0.75_p0.5_sg2_g2_nsw ir_r1_k3_s1_e3_c128_se0.75_nsw";

    private static readonly NetworkSpec[] All =
    [
        Spec("muxnet-xs", Xs, 16, 1280) with { IsDerived = true },
        Spec("muxnet-s", S, 16, 1280) with { IsDerived = true },
        Spec("muxnet-m", M, 24, 1280) with { DropConnect = 0.1 },
        Spec("muxnet-l", L, 24, 1536) with { DropConnect = 0.15 },
        SpatialM(),
        Spec("muxnet-tiny", TinyBlocks, 16, 256) with
        {
            StemStride = 1, ImageChannels = 1, ImageSize = 32, Classes = 10, Dropout = 0.1,
        },
        Spec("muxnet-small", SmallBlocks, 32, 768) with
        {
            StemStride = 1, ImageSize = 32, Classes = 10, Dropout = 0.1,
        },
    ];

    /// <summary>Names of all networks.</summary>
    public static IReadOnlyList<string> Names => [.. All.Select(s => s.Name)];

    /// <summary>A network's definition by name; an underscore may stand for the hyphen.</summary>
    /// <exception cref="ArgumentException">No such network; the message lists the names.</exception>
    public static NetworkSpec Get(string name) =>
        All.FirstOrDefault(s => string.Equals(s.Name, name.Replace('_', '-'), StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no network '{name}'; known are {string.Join(", ", Names)}.",
            nameof(name));

    /// <summary>Builds a network by name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="classes">Number of classes; 0 for the network's own.</param>
    /// <param name="imageChannels">Channels of the image; 0 for the network's own.</param>
    public static MuxNet Build(string name, int classes = 0, int imageChannels = 0)
    {
        NetworkSpec spec = Get(name);
        return new MuxNet(spec with
        {
            Classes = classes > 0 ? classes : spec.Classes,
            ImageChannels = imageChannels > 0 ? imageChannels : spec.ImageChannels,
        });
    }

    private static NetworkSpec Spec(string name, string blocks, int stem, int head) => new()
    {
        Name = name,
        StemChannels = stem,
        HeadChannels = head,
        Blocks = BlockGrammar.Parse(blocks),
    };

    /// <summary>
    /// m with spatial multiplexing, of which the released networks have none, wherever the map is even: all mux rows
    /// but the 7-pixel ones.
    /// </summary>
    private static NetworkSpec SpatialM()
    {
        NetworkSpec m = Spec("muxnet-m-spatial", M, 24, 1280) with { DropConnect = 0.1, IsDerived = true };
        int last = m.Blocks.Select((b, i) => (b, i)).Last(p => p.b.Kind == BlockKind.Multiplexed).i;
        return m with
        {
            Blocks = [.. m.Blocks.Select((b, i) =>
                b.Kind == BlockKind.Multiplexed && i != last ? b with { Scales = [-1, 0, 1] } : b)],
        };
    }
}
