namespace MuxKernels;

/// <summary>
/// A <see cref="MuxConv"/> with g > 1 channels a convolution group on blocked maps, without a rearranged copy in
/// memory.
/// A lane is a group: member m of group q stands in lane q of block m, of super-pixel parts in block (i, j, m) for the
/// four coarse channels of a fine one. So each output block is a sum over whole input blocks,
/// <c>y[o] = b[o] + Σᵢ Σ_tap w[set, o, i, tap]·x[i]</c> at the pixels that the rearrangement says; a set of weights for
/// each of the four phases (h mod 2, w mod 2) of a sub-pixel part and the four coarse channels of a super-pixel part,
/// which have factors of their own. Parts of equal scale and kernel are taken together. x must be finite.
/// </summary>
internal sealed unsafe partial class BlockedMuxGroups : BlockedWindow
{
    private readonly Piece[] own;
    private readonly BlockedPiece[] pieces;
    private readonly int[] order;
    private readonly int g;
    private readonly bool turned;

    /// <summary>Lays out the channels of a MuxConv that <see cref="BlockedWindows"/> has found fit.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="lanes">Lanes of a block.</param>
    /// <param name="turned">Whether it is the gradient of the input: kernels turned by half a circle, from output to
    /// input.</param>
    public BlockedMuxGroups(in MuxConv.Args args, int lanes, bool turned = false)
    {
        this.turned = turned;
        (Lanes, OutHeight, OutWidth, g) = (lanes, args.Y.H, args.Y.W, args.ChannelsPerGroup);
        List<Piece> built = [];
        HashSet<(int Scale, int Kernel)> done = [];
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            if (done.Add((p.Scale, p.Window.Kernel)))
            {
                foreach (Group[] groups in GroupsLike(args, p).Chunk(lanes))
                {
                    built.Add(new Piece(p.Scale, p.Window.Kernel, g, groups));
                }
            }
        }

        own = [.. built];
        pieces = new BlockedPiece[own.Length];
        List<int> channels = [];
        long pixels = (long)OutHeight * OutWidth;
        for (int piece = 0; piece < own.Length; piece++)
        {
            Piece p = own[piece];
            int first = channels.Count / lanes;
            for (int block = 0; block < p.Blocks; block++)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    channels.Add(lane < p.Groups.Length ? p.Channel(block, lane) : -1);
                }
            }

            long each = (long)p.Blocks * p.Terms * pixels;
            p.PackedOffset = PackedLength;
            PackedLength += p.Sets * g * p.Terms * lanes;
            pieces[piece] = new BlockedPiece(first, p.Blocks, first, p.Blocks, p.Groups.Length * each, lanes * each);
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

    public override void Pack(ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        new Span<float>(packed, PackedLength).Clear();
        foreach (Piece p in own)
        {
            for (int row = 0; row < p.Sets * g; row++)
            {
                (int set, int o) = Math.DivRem(row, g);
                for (int term = 0; term < p.Terms; term++)
                {
                    (int i, int tap) = Math.DivRem(term, p.Taps);
                    float* to = packed + p.PackedOffset + ((nint)row * p.Terms + term) * Lanes;
                    for (int lane = 0; lane < p.Groups.Length; lane++)
                    {
                        float factor = scale.IsEmpty ? 1f : scale[p.Channel(p.OutBlock(set, o), lane)];
                        to[lane] = factor * (turned ? w[p.Weight(set, lane, i, o, p.Taps - 1 - tap)]
                            : w[p.Weight(set, lane, o, i, tap)]);
                    }
                }
            }
        }
    }

    /// <summary>The gradient of the weights of this window.</summary>
    public BlockedWindowGradient WeightGradient() => new Gradient(this);

    /// <summary>The groups of all parts of the scale and kernel of a part.</summary>
    private static IEnumerable<Group> GroupsLike(MuxConv.Args args, MuxConv.MuxPart like)
    {
        int g = args.ChannelsPerGroup, taps = like.Window.Taps;
        for (int part = 0; part < args.Scales.Count; part++)
        {
            MuxConv.MuxPart p = args.Part(part);
            if (p.Scale != like.Scale || p.Window.Kernel != like.Window.Kernel)
            {
                continue;
            }

            int count = p.Scale > 0 ? p.Transformed.C : p.Channels;
            for (int q = 0; q < count / g; q++)
            {
                yield return new Group(p.FirstChannel + q * g, p.Scale > 0 ? count : 0,
                    p.WeightOffset + q * g * g * taps, p.Scale < 0 ? count * g * taps : 0);
            }
        }
    }

    /// <summary>A group of channels.</summary>
    /// <param name="Channel">Its first one.</param>
    /// <param name="ChannelStep">Channels from one coarse channel of a fine one to the next.</param>
    /// <param name="Weights">Its first weight.</param>
    /// <param name="WeightStep">Weights from one phase to the next.</param>
    private readonly record struct Group(int Channel, int ChannelStep, int Weights, int WeightStep);

    /// <summary>Groups that are computed together.</summary>
    private sealed class Piece(int scale, int kernel, int g, Group[] groups)
    {
        public Group[] Groups { get; } = groups;

        public int Taps => kernel * kernel;

        /// <summary>Products of an output.</summary>
        public int Terms => g * Taps;

        /// <summary>Sets of weights.</summary>
        public int Sets => scale == 0 ? 1 : 4;

        /// <summary>Blocks in and out.</summary>
        public int Blocks => scale > 0 ? 4 * g : g;

        /// <summary>Rows, and columns, from one output that a set makes to the next.</summary>
        public int Step => scale < 0 ? 2 : 1;

        /// <summary>Sets that make an output block.</summary>
        public int SetsOfBlock => scale < 0 ? 4 : 1;

        /// <summary>Pixels read beyond the map.</summary>
        public int Border => scale < 0 ? kernel / 2 * 2 : scale == 0 ? kernel / 2 : (kernel / 2 + 1) / 2;

        /// <summary>Where its packed weights start, <c>[set][o][i][tap][L]</c>.</summary>
        public int PackedOffset { get; set; }

        /// <summary>The output block of a set.</summary>
        public int OutBlock(int set, int o) => scale > 0 ? set * g + o : o;

        /// <summary>Channel of a lane of a block.</summary>
        public int Channel(int block, int lane) =>
            Groups[lane].Channel + block / g * Groups[lane].ChannelStep + block % g;

        /// <summary>Index of a weight of the public family.</summary>
        public int Weight(int set, int lane, int o, int i, int tap) =>
            Groups[lane].Weights + set * Groups[lane].WeightStep + (o * g + i) * Taps + tap;

        /// <summary>Floats from an output's own pixel in the first input block to what each term reads.</summary>
        public void Offsets(int set, int lanes, nint block, nint row, nint* offsets)
        {
            for (int term = 0; term < Terms; term++)
            {
                (int i, int tap) = Math.DivRem(term, Taps);
                int down = tap / kernel - kernel / 2, right = tap % kernel - kernel / 2;
                if (scale > 0)
                {
                    (down, right) = (down + set / 2, right + set % 2);
                    i += ((down & 1) * 2 + (right & 1)) * g;
                    (down, right) = (down >> 1, right >> 1);
                }

                offsets[term] = i * block + down * Step * row + (nint)right * Step * lanes;
            }
        }
    }
}
