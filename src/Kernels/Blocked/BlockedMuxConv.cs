namespace MuxKernels;

internal static partial class BlockedWindows
{
    private const int MaxMuxKernel = 15;
    private const int MaxMuxColumns = 512;

    /// <summary>Spatial multiplexing with factor 2, stride 1, no dilation, odd kernels and up to four channels a group
    /// on maps that need no padding to even sizes; else null. Null also where a group would have channels of two
    /// phases: a sub-pixel part whose width the group's does not divide.</summary>
    public static BlockedWindow? Of(in MuxConv.Args args, int lanes) => Of(args, lanes, turned: false);

    private static BlockedWindow? Of(in MuxConv.Args args, int lanes, bool turned) => !Fits(args) ? null
        : args.ChannelsPerGroup > 1 ? new BlockedMuxGroups(args, lanes, turned)
        : new BlockedMuxConv(args, lanes, turned);

    private static bool Fits(in MuxConv.Args args)
    {
        if (args.Factor != 2 || args.Stride != 1 || args.Dilation != 1 || args.ChannelsPerGroup > MostChannels
            || args.X.W > MaxMuxColumns)
        {
            return false;
        }

        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            bool padded = p.Scale < 0 && (p.Transformed.H * 2 != args.X.H || p.Transformed.W * 2 != args.X.W);
            bool crossed = p.Scale < 0 && p.Channels % args.ChannelsPerGroup != 0;
            if (p.Window.Kernel % 2 == 0 || p.Window.Kernel > MaxMuxKernel || padded || crossed)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>
/// A <see cref="MuxConv"/> on blocked maps, without a rearranged copy in memory. Parts of equal scale and kernel are
/// taken together; their channels are laid so that every piece has one or two blocks:
/// <list type="bullet">
/// <item>plain parts: a depthwise window, one block a piece;</item>
/// <item>sub-pixel parts: a depthwise window with dilation 2 and one set of weights for each of the four phases
/// (h mod 2, w mod 2), one block a piece;</item>
/// <item>super-pixel parts: the four coarse channels (i, j) of a fine channel stand in one or two blocks, see
/// <see cref="BlockedMuxForm"/>.</item>
/// </list>
/// </summary>
internal sealed unsafe partial class BlockedMuxConv : BlockedWindow
{
    private readonly BlockedMuxPart[] parts;
    private readonly BlockedPiece[] pieces;
    private readonly int[] order;
    private readonly bool turned;

    /// <summary>Lays out the channels of a MuxConv that <see cref="BlockedWindows"/> has found fit.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="lanes">Lanes of a block.</param>
    /// <param name="turned">Whether kernels are turned by half a circle when they are packed, which makes it the
    /// gradient of the input.</param>
    public BlockedMuxConv(in MuxConv.Args args, int lanes, bool turned = false)
    {
        this.turned = turned;
        (Lanes, OutHeight, OutWidth) = (lanes, args.Y.H, args.Y.W);
        List<BlockedMuxPart> built = [];
        HashSet<(int Scale, int Kernel)> done = [];
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            if (done.Add((p.Scale, p.Window.Kernel)))
            {
                int reach = Math.Max(p.Transformed.H, p.Transformed.W) - 1;
                Add(built, ChannelsLike(args, p), p.Scale, p.Window.Kernel, Math.Min(p.Window.Kernel, 2 * reach + 1));
            }
        }

        parts = [.. built];
        pieces = new BlockedPiece[parts.Length];
        List<int> channels = [];
        long pixels = (long)OutHeight * OutWidth;
        for (int piece = 0; piece < pieces.Length; piece++)
        {
            BlockedMuxPart p = parts[piece];
            int blocks = p.Blocks, first = channels.Count / lanes, real = 0;
            for (int lane = 0; lane < blocks * lanes; lane++)
            {
                int channel = p.Lanes[lane].Channel;
                channels.Add(channel);
                real += channel < 0 ? 0 : 1;
            }

            p.PackedOffset = PackedLength;
            PackedLength += p.Lanes.Length * p.Taps;
            pieces[piece] = new BlockedPiece(first, blocks, first, blocks, real * p.TrueTaps * pixels,
                (long)blocks * lanes * p.Taps * pixels);
            Border = Math.Max(Border, p.Border);
        }

        order = [.. channels];
    }

    public override int Lanes { get; }

    public override IReadOnlyList<int> InOrder => order;

    public override IReadOnlyList<int> OutOrder => order;

    public override int Border { get; }

    public override int Stride => 1;

    public override int OutHeight { get; }

    public override int OutWidth { get; }

    public override IReadOnlyList<BlockedPiece> Pieces => pieces;

    public override int PackedLength { get; }

    /// <summary>How each piece is computed.</summary>
    public IReadOnlyList<BlockedMuxPart> Parts => parts;

    public override void Pack(ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        foreach (BlockedMuxPart p in parts)
        {
            for (int lane = 0; lane < p.Lanes.Length; lane++)
            {
                (int channel, int weight) = p.Lanes[lane];
                float* to = packed + p.PackedOffset + (long)(lane / Lanes) * p.Taps * Lanes + lane % Lanes;
                float factor = channel < 0 || scale.IsEmpty ? 1f : scale[channel];
                for (int tap = 0; tap < p.Taps; tap++, to += Lanes)
                {
                    int from = p.TrueTap(turned ? p.Taps - 1 - tap : tap);
                    *to = channel < 0 ? 0f : w[weight + from] * factor;
                }
            }
        }
    }

    /// <summary>For each channel of the convolution of all parts like this one its four coarse channels and the weights
    /// of its four phases: a sub-pixel channel has one coarse channel and four weights, a super-pixel one the
    /// reverse.</summary>
    private static List<BlockedMuxLane[]> ChannelsLike(in MuxConv.Args args, in MuxConv.MuxPart like)
    {
        List<BlockedMuxLane[]> channels = [];
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            if (p.Scale != like.Scale || p.Window.Kernel != like.Window.Kernel)
            {
                continue;
            }

            int count = p.Scale > 0 ? p.Transformed.C : p.Channels, taps = p.Window.Taps;
            for (int c = 0; c < count; c++)
            {
                BlockedMuxLane[] phases = new BlockedMuxLane[4];
                for (int phase = 0; phase < 4; phase++)
                {
                    int channel = p.FirstChannel + (p.Scale > 0 ? phase * count : 0) + c;
                    int weight = p.WeightOffset + ((p.Scale < 0 ? phase * count : 0) + c) * taps;
                    phases[phase] = new BlockedMuxLane(channel, weight);
                }

                channels.Add(phases);
            }
        }

        return channels;
    }

    private void Add(List<BlockedMuxPart> to, List<BlockedMuxLane[]> channels, int scale, int trueKernel,
        int kernel)
    {
        int quarter = Lanes / 4;
        for (int first = 0; first < channels.Count;)
        {
            BlockedMuxForm form = scale < 0 ? BlockedMuxForm.Subpixel
                : scale == 0 ? BlockedMuxForm.Plain
                : channels.Count - first > quarter ? BlockedMuxForm.SuperpixelPair
                : BlockedMuxForm.Superpixel;
            int sets = form switch
            {
                BlockedMuxForm.Subpixel => 4,
                BlockedMuxForm.SuperpixelPair => 2,
                _ => 1,
            };
            BlockedMuxLane[] lanes = new BlockedMuxLane[sets * Lanes];
            for (int lane = 0; lane < lanes.Length; lane++)
            {
                (int set, int l) = Math.DivRem(lane, Lanes);
                (int channel, int phase) = form switch
                {
                    BlockedMuxForm.SuperpixelPair => (l % (2 * quarter), set * 2 + l / (2 * quarter)),
                    BlockedMuxForm.Superpixel => (l % quarter, l / quarter % 2 * 2 + l / quarter / 2),
                    _ => (l, set),
                };
                lanes[lane] = first + channel < channels.Count ? channels[first + channel][phase] : new(-1, -1);
            }

            to.Add(new BlockedMuxPart(form, trueKernel, kernel, lanes));
            first += scale <= 0 ? Lanes : form == BlockedMuxForm.SuperpixelPair ? 2 * quarter : quarter;
        }
    }
}

/// <summary>How a piece is computed. A super-pixel piece convolves the fine map <c>F[2h + i, 2w + j]</c>; a vector of
/// coarse pixel w holds fine columns 2w and 2w + 1 in its halves, so that pixels in memory are the fine columns one
/// after the other and a fine column's step is half a vector.</summary>
internal enum BlockedMuxForm
{
    /// <summary>A depthwise window.</summary>
    Plain,

    /// <summary>A depthwise window with dilation 2, weights by phase.</summary>
    Subpixel,

    /// <summary>Block i holds fine rows 2h + i, lanes <c>(j, c)</c>, c &lt; L/2.</summary>
    SuperpixelPair,

    /// <summary>One block holds both fine rows, lanes <c>(j, i, c)</c>, c &lt; L/4: fine rows
    /// <c>(2h, 2h + 1)</c> as they stand, <c>(2h + 1, 2h + 2)</c> put together in registers.</summary>
    Superpixel,
}

/// <summary>What a lane of a set of weights belongs to.</summary>
/// <param name="Channel">Channel of x and y, −1 for none.</param>
/// <param name="Weight">Where its k² weights start.</param>
internal readonly record struct BlockedMuxLane(int Channel, int Weight);

/// <summary>One piece.</summary>
internal sealed class BlockedMuxPart(BlockedMuxForm form, int trueKernel, int kernel, BlockedMuxLane[] lanes)
{
    /// <summary>How it is computed.</summary>
    public BlockedMuxForm Form { get; } = form;

    /// <summary>Taps along each axis that are computed: those in the middle of the true kernel that meet more than
    /// padding. Of a kernel larger than 2n − 1 on a map of n×n the others never do.</summary>
    public int Kernel { get; } = kernel;

    /// <summary>Taps that are computed.</summary>
    public int Taps => Kernel * Kernel;

    /// <summary>Taps of the true kernel.</summary>
    public int TrueTaps { get; } = trueKernel * trueKernel;

    /// <summary>L lanes for each set of weights: four phases of a sub-pixel piece, two row phases of a super-pixel
    /// pair, else one. The first sets are the blocks.</summary>
    public BlockedMuxLane[] Lanes { get; } = lanes;

    /// <summary>Where its packed weights start, <c>[set][tap][L]</c>.</summary>
    public int PackedOffset { get; set; }

    /// <summary>Blocks in and out.</summary>
    public int Blocks => Form == BlockedMuxForm.SuperpixelPair ? 2 : 1;

    /// <summary>Where a computed tap stands among those of the true kernel.</summary>
    public int TrueTap(int tap)
    {
        int skipped = (trueKernel - Kernel) / 2;
        return (tap / Kernel + skipped) * trueKernel + tap % Kernel + skipped;
    }

    /// <summary>Pixels it reads beyond the map.</summary>
    public int Border => Form switch
    {
        BlockedMuxForm.Plain => Kernel / 2,
        BlockedMuxForm.Subpixel => Kernel / 2 * 2,
        _ => (Kernel / 2 + 1) / 2,
    };
}
