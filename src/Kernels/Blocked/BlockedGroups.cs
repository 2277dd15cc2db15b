namespace MuxKernels;

/// <summary>How a piece of a <see cref="BlockedGroups{TSimd, TVector}"/> lays out its channel groups.</summary>
internal enum BlockedGrouping
{
    /// <summary>Channel c of L groups in block c; weights <c>[k, k, g (in), g (out), L]</c>.</summary>
    Apart,

    /// <summary>Both channels of L/2 groups of two in neighbouring lanes of one block; weights
    /// <c>[k, k, 2 (own, other), L]</c>.</summary>
    Neighbours,
}

/// <summary>Channel groups that share a kernel size: groups of g channels, from some channel and weight on.</summary>
internal readonly record struct BlockedPart(int Kernel, int Groups, int FirstChannel, int FirstWeight);

/// <summary>
/// Depthwise, group-wise and mixed-kernel convolutions with as many output as input channels in a group, on blocked
/// maps: <c>y[c, h, v] = b[c] + Σᵢ Σ_{kh,kw} w[c, i, kh, kw]·x[i, h·s + kh·d − pad, v·s + kw·d − pad]</c>.
/// <para>
/// Groups are taken by falling kernel size, L to a piece, so that no size leaves lanes empty. A piece computes the
/// largest size among its groups; the taps that a smaller one lacks have weight zero, so x must be finite in the lanes
/// of such a piece (∞·0 is NaN). In all other pieces what is not finite in x reaches exactly the outputs that it
/// reaches in plain loops. Weights must be finite. Kernel rows that lie wholly in the border are left out.
/// </para>
/// <para>
/// The same of the gradient of the input, <c>dx[i, h, v] = Σₒ Σ_{kh,kw} w[o, i, kh, kw]·dz[o, (h + pad − kh·d) / s,
/// (v + pad − kw·d) / s]</c> over the taps whose quotients are whole: with stride 1 a window with mirrored taps and
/// pad d·(k − 1) − pad, with others a window of its own for each phase of rows and columns (what reads nothing comes
/// out as the bias).
/// </para>
/// </summary>
internal sealed unsafe partial class BlockedGroups<TSimd, TVector> : BlockedWindow
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Piece[] pieces;
    private readonly BlockedPiece[] blocks;
    private readonly int[] order, sources, channels;
    private readonly bool gradient;
    private readonly int g, kernel, stride, dilation, height, width, outHeight, outWidth, pad, border, packedLength;

    /// <summary>Of a gradient the stride of its convolution, and how far taps of one phase are apart; else 1.</summary>
    private readonly int phases, kernelStep;

    private BlockedGroups(Window window, int g, BlockedPart[] parts, bool gradient)
    {
        (this.g, this.gradient) = (g, gradient);
        (kernel, dilation) = (window.Kernel, window.Dilation);
        if (gradient)
        {
            int reach = dilation * (kernel - 1) - window.PadTop;
            (stride, phases, height, width) = (1, window.Stride, window.OutHeight, window.OutWidth);
            (outHeight, outWidth) = (window.Height, window.Width);
            pad = phases == 1 ? reach : window.PadTop;
            int behind = (outWidth - 1 + window.PadLeft) / phases - (window.OutWidth - 1);
            border = Math.Max(Math.Max(reach, 0) / phases, behind);
        }
        else
        {
            (stride, phases, height, width) = (window.Stride, 1, window.Height, window.Width);
            (outHeight, outWidth) = (window.OutHeight, window.OutWidth);
            (pad, border) = (window.PadTop, window.PadTop);
        }

        kernelStep = Enumerable.Range(1, phases).First(taps => taps * dilation % phases == 0);
        int lanes = TSimd.Lanes;
        Group[] groups = [.. parts.OrderByDescending(p => p.Kernel).SelectMany(p => GroupsOf(p, g))];
        List<Piece> list = [];
        for (int first = 0, block = 0; first < groups.Length; first += list[^1].Groups.Length, block += list[^1].Blocks)
        {
            bool neighbours = g == 2 && groups.Length - first <= lanes / 2;
            Group[] own = groups[first..Math.Min(first + lanes, groups.Length)];
            Piece piece = new(neighbours ? BlockedGrouping.Neighbours : BlockedGrouping.Apart, own, block,
                neighbours ? 1 : g, own[0].Kernel, packedLength, RowsOf(own[0].Kernel),
                PixelsOf(own[0].Kernel, neighbours ? 2 : g * g));
            packedLength += piece.Kernel * piece.Kernel * piece.VectorsPerTap(g) * lanes;
            list.Add(piece);
        }

        pieces = [.. list];
        order = new int[lanes * list.Sum(p => p.Blocks)];
        Array.Fill(order, -1);
        foreach (Piece piece in pieces)
        {
            for (int q = 0; q < piece.Groups.Length; q++)
            {
                for (int c = 0; c < g; c++)
                {
                    order[piece.FirstBlock * lanes + piece.Lane(q, c, g, lanes)] = piece.Groups[q].Channel + c;
                }
            }
        }

        (sources, channels) = (new int[packedLength], new int[packedLength]);
        FindSources();
        long pixels = (long)window.OutHeight * window.OutWidth;
        blocks = Array.ConvertAll(pieces, p => new BlockedPiece(p.FirstBlock, p.Blocks, p.FirstBlock, p.Blocks,
            p.Groups.Sum(q => (long)g * g * q.Kernel * q.Kernel) * pixels,
            (long)p.VectorsPerTap(g) * lanes * p.Kernel * p.Kernel * pixels));
    }

    /// <inheritdoc/>
    public override int Lanes => TSimd.Lanes;

    /// <inheritdoc/>
    public override IReadOnlyList<int> InOrder => order;

    /// <inheritdoc/>
    public override IReadOnlyList<int> OutOrder => order;

    /// <inheritdoc/>
    public override int Border => border;

    /// <inheritdoc/>
    public override int Stride => stride;

    /// <inheritdoc/>
    public override int OutHeight => outHeight;

    /// <inheritdoc/>
    public override int OutWidth => outWidth;

    /// <inheritdoc/>
    public override IReadOnlyList<BlockedPiece> Pieces => blocks;

    /// <inheritdoc/>
    public override (int First, int Count) InputRows(int firstRow, int rows)
    {
        int reach = dilation * (kernel - 1);
        if (phases == 1)
        {
            return (firstRow * stride - pad, (rows - 1) * stride + 1 + reach);
        }

        int first = (int)Math.Ceiling((firstRow + pad - reach) / (double)phases);
        return (first, Math.Max(0, (firstRow + rows - 1 + pad) / phases - first + 1));
    }

    /// <inheritdoc/>
    public override int PackedLength => packedLength;

    /// <summary>A window over such parts, or the gradient of its input; null where their padding differs by more than
    /// the kernel's own.</summary>
    public static BlockedGroups<TSimd, TVector>? Of(int g, ReadOnlySpan<Window> windows, BlockedPart[] parts,
        bool gradient)
    {
        Window largest = windows[0];
        foreach (Window window in windows)
        {
            largest = window.Kernel > largest.Kernel ? window : largest;
        }

        foreach (Window window in windows)
        {
            int less = largest.Kernel - window.Kernel;
            if (window.PadTop != window.PadBottom || window.PadLeft != window.PadRight
                || window.PadTop != window.PadLeft || less % 2 != 0
                || largest.PadTop - window.PadTop != less / 2 * window.Dilation)
            {
                return null;
            }
        }

        return new BlockedGroups<TSimd, TVector>(largest, g, parts, gradient);
    }

    /// <inheritdoc/>
    public override void Pack(ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        ReadOnlySpan<int> from = sources;
        for (int n = 0; n < from.Length; n++)
        {
            packed[n] = from[n] < 0 ? 0f : w[from[n]];
        }

        for (int n = 0; n < from.Length && !scale.IsEmpty; n++)
        {
            packed[n] *= from[n] < 0 ? 1f : scale[channels[n]];
        }
    }

    /// <summary>Which weight and whose stands in each place of the packed ones; −1 for none.</summary>
    private void FindSources()
    {
        Array.Fill(sources, -1);
        foreach (Piece piece in pieces)
        {
            for (int q = 0; q < piece.Groups.Length; q++)
            {
                for (int i = 0; i < g * g; i++)
                {
                    FindSources(piece, q, i / g, i % g);
                }
            }
        }
    }

    private static IEnumerable<Group> GroupsOf(BlockedPart part, int g) => Enumerable.Range(0, part.Groups).Select(q =>
        new Group(part.Kernel, part.FirstChannel + q * g, part.FirstWeight + q * g * g * part.Kernel * part.Kernel));

    /// <summary>The kernel of one output and input channel of a group, in the middle of its piece's; of a gradient the
    /// one from input to output, mirrored where it has a single phase.</summary>
    private void FindSources(Piece piece, int q, int o, int i)
    {
        Group group = piece.Groups[q];
        int k = group.Kernel, less = (piece.Kernel - k) / 2, lanes = TSimd.Lanes;
        int at = piece.Grouping == BlockedGrouping.Neighbours ? (o == i ? 0 : lanes) + piece.Lane(q, o, g, lanes)
            : (i * g + o) * lanes + q;
        for (int kh = 0; kh < k; kh++)
        {
            for (int kw = 0; kw < k; kw++)
            {
                int tap = (kh + less) * piece.Kernel + kw + less;
                int from = gradient && phases == 1 ? k * k - 1 - (kh * k + kw) : kh * k + kw;
                int place = piece.Weights + tap * piece.VectorsPerTap(g) * lanes + at;
                sources[place] = group.Weight + (gradient ? i * g + o : o * g + i) * k * k + from;
                channels[place] = group.Channel + o;
            }
        }
    }

    /// <summary>A group of channels.</summary>
    private readonly record struct Group(int Kernel, int Channel, int Weight);

    /// <summary>Groups that are computed together.</summary>
    private sealed record Piece(BlockedGrouping Grouping, Group[] Groups, int FirstBlock, int Blocks, int Kernel,
        int Weights, PhaseRow[] Rows, BlockedImagePixel[] Pixels)
    {
        /// <summary>Weight vectors of one tap.</summary>
        public int VectorsPerTap(int g) => Grouping == BlockedGrouping.Neighbours ? 2 : g * g;

        /// <summary>Where channel c of group q stands, counted from the piece's first lane.</summary>
        public int Lane(int q, int c, int g, int lanes) =>
            Grouping == BlockedGrouping.Neighbours ? q * g + c : c * lanes + q;
    }
}
