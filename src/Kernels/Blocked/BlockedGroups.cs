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
/// </summary>
internal sealed unsafe partial class BlockedGroups<TSimd, TVector> : BlockedWindow
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Piece[] pieces;
    private readonly BlockedPiece[] blocks;
    private readonly int[] order;
    private readonly int g, stride, dilation, height, outHeight, outWidth, border, packedLength;

    private BlockedGroups(Window window, int g, BlockedPart[] parts, int border)
    {
        (this.g, this.border) = (g, border);
        (stride, dilation, height) = (window.Stride, window.Dilation, window.Height);
        (outHeight, outWidth) = (window.OutHeight, window.OutWidth);
        int lanes = TSimd.Lanes;
        Group[] groups = [.. parts.OrderByDescending(p => p.Kernel).SelectMany(p => GroupsOf(p, g))];
        List<Piece> list = [];
        for (int first = 0, block = 0; first < groups.Length; first += list[^1].Groups.Length, block += list[^1].Blocks)
        {
            bool neighbours = g == 2 && groups.Length - first <= lanes / 2;
            Group[] own = groups[first..Math.Min(first + lanes, groups.Length)];
            Piece piece = new(neighbours ? BlockedGrouping.Neighbours : BlockedGrouping.Apart, own, block,
                neighbours ? 1 : g, own[0].Kernel, packedLength);
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

        long pixels = (long)outHeight * outWidth;
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
    public override int PackedLength => packedLength;

    /// <summary>A window over such parts; null where their padding differs by more than the kernel's own.</summary>
    public static BlockedGroups<TSimd, TVector>? Of(int g, ReadOnlySpan<Window> windows, BlockedPart[] parts)
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

        return new BlockedGroups<TSimd, TVector>(largest, g, parts, largest.PadTop);
    }

    /// <inheritdoc/>
    public override void Pack(ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        new Span<float>(packed, packedLength).Clear();
        foreach (Piece piece in pieces)
        {
            for (int q = 0; q < piece.Groups.Length; q++)
            {
                for (int i = 0; i < g * g; i++)
                {
                    Pack(piece, q, i / g, i % g, w, scale, packed + piece.Weights);
                }
            }
        }
    }

    private static IEnumerable<Group> GroupsOf(BlockedPart part, int g) => Enumerable.Range(0, part.Groups).Select(q =>
        new Group(part.Kernel, part.FirstChannel + q * g, part.FirstWeight + q * g * g * part.Kernel * part.Kernel));

    /// <summary>The kernel of one output and input channel of a group, in the middle of its piece's.</summary>
    private void Pack(Piece piece, int q, int o, int i, ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        Group group = piece.Groups[q];
        int k = group.Kernel, less = (piece.Kernel - k) / 2, lanes = TSimd.Lanes;
        float factor = scale.IsEmpty ? 1f : scale[group.Channel + o];
        int at = piece.Grouping == BlockedGrouping.Neighbours ? (o == i ? 0 : lanes) + piece.Lane(q, o, g, lanes)
            : (i * g + o) * lanes + q;
        for (int kh = 0; kh < k; kh++)
        {
            for (int kw = 0; kw < k; kw++)
            {
                int tap = (kh + less) * piece.Kernel + kw + less;
                packed[tap * piece.VectorsPerTap(g) * lanes + at] =
                    factor * w[group.Weight + ((o * g + i) * k + kh) * k + kw];
            }
        }
    }

    /// <summary>A group of channels.</summary>
    private readonly record struct Group(int Kernel, int Channel, int Weight);

    /// <summary>Groups that are computed together.</summary>
    private sealed record Piece(BlockedGrouping Grouping, Group[] Groups, int FirstBlock, int Blocks, int Kernel,
        int Weights)
    {
        /// <summary>Weight vectors of one tap.</summary>
        public int VectorsPerTap(int g) => Grouping == BlockedGrouping.Neighbours ? 2 : g * g;

        /// <summary>Where channel c of group q stands, counted from the piece's first lane.</summary>
        public int Lane(int q, int c, int g, int lanes) =>
            Grouping == BlockedGrouping.Neighbours ? q * g + c : c * lanes + q;
    }
}
