namespace MuxKernels.Inference;

/// <summary>An expanding 1×1 convolution as part of a step.</summary>
/// <param name="Offsets">Places of the input channels.</param>
/// <param name="Depth">Input channels.</param>
/// <param name="X">A map of the input's geometry.</param>
/// <param name="Weights">Packed weights.</param>
/// <param name="Bias">One number for each slot.</param>
/// <param name="Activation">f.</param>
/// <param name="MultiplyAdds">Multiply-adds of one image.</param>
internal sealed record Expansion(Packed Offsets, int Depth, Map X, Packed Weights, Packed Bias,
    ActivationKind Activation, long MultiplyAdds);

/// <summary>A 1×1 convolution whose result only the expansion reads.</summary>
/// <param name="Step">It, as a step of its own would do it; its output map has the geometry of the rows in
/// scratch.</param>
/// <param name="Map">The map that is never stored.</param>
internal sealed record Projection(IRowSource Step, Map Map);

/// <summary>A step that can also leave rows of its whole output in memory of the caller.</summary>
internal unsafe interface IRowSource
{
    /// <summary>Floats of scratch for <see cref="Prepare"/>.</summary>
    int PreparedLength { get; }

    /// <summary>Multiply-adds, vector multiply-adds, activations and bytes of one image.</summary>
    (long MultiplyAdds, long VectorMultiplyAdds, long Activations, long Bytes) Cost { get; }

    /// <summary>Does once for an image what all rows share.</summary>
    void Prepare(in StepContext c, float* prepared);

    /// <summary>Computes rows of all output blocks.</summary>
    /// <param name="c">Memory.</param>
    /// <param name="prepared">What <see cref="Prepare"/> left.</param>
    /// <param name="y">Row 0, column 0 of output block 0, were it all there.</param>
    /// <param name="blockStride">Floats between blocks.</param>
    /// <param name="rowStride">Floats between rows.</param>
    /// <param name="first">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="ahead">Memory to be fetched meanwhile.</param>
    void Rows(in StepContext c, float* prepared, float* y, int blockStride, int rowStride, int first, int rows,
        Ahead ahead);

    /// <summary>Runs of memory that rows are made from.</summary>
    int Inputs { get; }

    /// <summary>One of those runs, for some rows.</summary>
    Ahead Input(int index, in StepContext c, int first, int rows);
}

/// <summary>
/// 1×1 convolution, activation, then depthwise, group-wise, mixed or multiplexed convolution: the wide map between the
/// two exists only as rows of a few blocks in the worker's scratch memory. An item is a run of bands of one group of
/// blocks, or of all groups where the input is too large to be read once for each; band by band the expansion adds rows
/// and the window takes them from the nearest cache. Where nobody else reads the expansion's input, the 1×1 convolution
/// that makes it joins in and that map is never stored either. Rows that two items need are
/// computed twice, with the same bits; sums are kept band by band, so that the items may follow the number of workers.
/// </summary>
internal sealed unsafe class ExpandedWindowStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Bytes of new rows after which the window takes its turn.</summary>
    private const int BandBytes = 60_000;

    /// <summary>Bytes of scratch for a group in which rows follow one another before the last ones move to the top
    /// again.</summary>
    private const int ScratchBytes = 220_000;

    /// <summary>Bytes of an input map from which all groups take a band before the next one comes.</summary>
    private const int LargeInput = 400_000;

    private readonly Expansion expansion;
    private readonly BlockedWindow window;
    private readonly Packed weights;
    private readonly Ending ending;
    private readonly int band;
    private readonly int bands;
    private readonly int bandsPerItem;
    private readonly int chunks;
    private readonly Group[] groups;
    private readonly int rowStride;
    private readonly int capacity;
    private readonly int blocksInScratch;
    private readonly bool allGroups;
    private readonly Projection? projection;
    private readonly int newRows;

    public ExpandedWindowStep(string name, string kind, Projection? projection, Expansion expansion,
        BlockedWindow window, Packed weights, Ending ending, int workers)
        : base(name, kind)
    {
        (this.projection, this.expansion, this.window, this.weights, this.ending) =
            (projection, expansion, window, weights, ending);
        groups = [.. Groups(window)];
        (int height, int width) = (expansion.X.Height, expansion.X.Width);
        rowStride = RowStride(window, width);
        band = BandRows(window, width);
        bands = (window.OutHeight + band - 1) / band;
        newRows = NewRows(window, width);
        long slots = window.InOrder.Count, input = sizeof(float) * (long)expansion.Depth * height * width;
        allGroups = groups.Length > 1 && input > LargeInput || projection is not null;
        int columns = allGroups ? 1 : groups.Length;
        chunks = workers == 1 ? 1 : Chunks(columns, height, workers);
        bandsPerItem = (bands + chunks - 1) / chunks;
        chunks = (bands + bandsPerItem - 1) / bandsPerItem;
        Items = columns * chunks;
        blocksInScratch = allGroups ? groups.Sum(g => g.Blocks) : groups.Max(g => g.Blocks);
        capacity = Math.Clamp(ScratchBytes / (sizeof(float) * rowStride * groups.Max(g => g.Blocks)), newRows,
            Math.Max(newRows, InputRows(window, window.OutHeight)));
        long outputs = (long)ending.Blocks * TSimd.Lanes * ending.Map!.Height * ending.Map.Width;
        MultiplyAdds = expansion.MultiplyAdds + window.Pieces.Sum(p => p.MultiplyAdds);
        VectorMultiplyAdds = slots * expansion.Depth * height * width + window.Pieces.Sum(p => p.VectorMultiplyAdds);
        Activations = (expansion.Activation == ActivationKind.None ? 0 : slots * height * width)
            + (ending.Activation == ActivationKind.None ? 0 : outputs);
        Bytes = sizeof(float) * (expansion.Weights.Length + weights.Length + outputs);
        if (projection is null)
        {
            Bytes += input;
        }
        else
        {
            (long madds, long vector, long activations, long bytes) = projection.Step.Cost;
            MultiplyAdds += madds;
            VectorMultiplyAdds += vector;
            Activations += activations;
            Bytes += bytes;
        }

        Layout = $"NCHWc{TSimd.Lanes}";
        Tile = $"{columns} × {chunks}, bands of {band}";
    }

    /// <inheritdoc/>
    public override int ScratchLength => WindowLength + (projection is null ? 0
        : ProjectedLength + projection.Step.PreparedLength);

    /// <inheritdoc/>
    public override bool Fetches => true;

    /// <summary>Floats of the rows that a projection leaves.</summary>
    private int ProjectedLength => projection is null ? 0
        : projection.Map.Blocks * newRows * expansion.X.Width * TSimd.Lanes;

    private int WindowLength => blocksInScratch * capacity * rowStride;

    /// <summary>
    /// Runs of bands for several workers. Where each has rows of its own, the steps before and after find them in the
    /// same worker's caches, which is worth some rows computed twice; else workers share the groups of blocks.
    /// </summary>
    private int Chunks(int columns, int height, int workers)
    {
        int twice = Math.Max(0, 2 * window.Border + 1 - window.Stride) * (workers - 1);
        if (columns == 1)
        {
            return Math.Min(bands, 2 * workers);
        }

        return bands >= workers && twice <= 0.15 * height ? workers
            : Math.Clamp((4 * workers + columns - 1) / columns, 1, bands);
    }

    /// <summary>Output rows of a band, by shape alone.</summary>
    public static int BandRows(BlockedWindow window, int width)
    {
        int blocks = Groups(window).Max(g => g.Blocks);
        int rows = BandBytes / (sizeof(float) * RowStride(window, width) * blocks * window.Stride);
        rows = Math.Max(4, rows);

        // Bands of equal height, and no small rest.
        int count = (window.OutHeight + rows - 1) / rows;
        return (window.OutHeight + count - 1) / count;
    }

    /// <summary>Most input rows that a band adds.</summary>
    public static int NewRows(BlockedWindow window, int width) =>
        InputRows(window, BandRows(window, width));

    private static int InputRows(BlockedWindow window, int rows) => (rows - 1) * window.Stride + 1 + 2 * window.Border;

    private static int RowStride(BlockedWindow window, int width) => (width + 2 * window.Border) * window.Lanes;

    /// <summary>Pieces that together cover whole columns of the expansion.</summary>
    public static IEnumerable<Group> Groups(BlockedWindow window)
    {
        const int Column = BlockedPointwise<TSimd, TVector>.ColumnVectors;
        int first = 0, block = 0;
        for (int p = 0; p < window.Pieces.Count; p++)
        {
            int end = window.Pieces[p].FirstIn + window.Pieces[p].InBlocks;
            if (end % Column == 0 || p + 1 == window.Pieces.Count)
            {
                yield return new Group(first, p + 1 - first, block, end - block);
                (first, block) = (p + 1, end);
            }
        }
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        int firstGroup = 0, endGroup = groups.Length, chunk = item;
        if (!allGroups)
        {
            (firstGroup, chunk) = (item % groups.Length, item / groups.Length);
            endGroup = firstGroup + 1;
        }

        int firstBlock = groups[firstGroup].FirstBlock;
        int blocks = groups[endGroup - 1].FirstBlock + groups[endGroup - 1].Blocks - firstBlock;
        int border = window.Border, stride = window.Stride, height = expansion.X.Height;
        int blockStride = capacity * rowStride, firstBand = chunk * bandsPerItem;
        int endBand = Math.Min(bands, firstBand + bandsPerItem);
        Ahead ahead = allGroups ? Ahead : Ahead.Share(firstGroup, groups.Length);
        float* x = c.Scratch + WindowLength;
        float* prepared = x + ProjectedLength;
        ClearSides(c.Scratch, blocks);
        projection?.Step.Prepare(c, prepared);

        // Scratch row 0 holds input row `top`; rows before `done` are there.
        int top = firstBand * band * stride - border, done = top;
        for (int b = firstBand; b < endBand; b++)
        {
            int first = b * band, rows = Math.Min(band, window.OutHeight - first);
            int from = first * stride - border, until = (first + rows - 1) * stride + border + 1;
            if (until - top > capacity)
            {
                MoveUp(c.Scratch, blocks, from - top, done - from);
                top = from;
            }

            int above = Math.Min(until, 0) - done;
            if (above > 0)
            {
                ClearRows(c.Scratch, blocks, done - top, above);
                done += above;
            }

            int inside = Math.Max(0, Math.Min(until, height) - done), below = Math.Max(0, until - done - inside);
            ClearRows(c.Scratch, blocks, done + inside - top, below);
            float* source = c.Arena;
            if (projection is not null && inside > 0)
            {
                int pitch = expansion.X.Width * TSimd.Lanes;
                source = x - (long)done * pitch;
                projection.Step.Rows(c, prepared, source, newRows * pitch, pitch, done, inside,
                    NextInput(c, endGroup - firstGroup, until));
            }

            for (int g = firstGroup; g < endGroup; g++)
            {
                Group group = groups[g];
                float* rowZero = c.Scratch + (long)(group.FirstBlock - firstBlock) * blockStride
                    + border * TSimd.Lanes - (long)top * rowStride;
                if (inside > 0)
                {
                    Ahead next = projection is not null
                        ? NextInput(c, g - firstGroup, until)
                        : ahead.Share((b - firstBand) * (endGroup - firstGroup) + g - firstGroup,
                            (endBand - firstBand) * (endGroup - firstGroup));
                    Expand(group, next, source, rowZero, blockStride, done, inside);
                }

                for (int p = group.FirstPiece; p < group.FirstPiece + group.Pieces; p++)
                {
                    BlockedPiece piece = window.Pieces[p];
                    window.Run(p, rowZero + (long)(piece.FirstIn - group.FirstBlock) * blockStride, blockStride,
                        rowStride, weights.Pointer, ending.Store(c, TSimd.Lanes, piece.FirstOut, b), first, rows);
                }
            }

            done = until;
        }
    }

    /// <summary>One of the runs of memory that the projection will read for the next band: they come from afar and are
    /// fetched while this band is computed.</summary>
    private Ahead NextInput(in StepContext c, int index, int done)
    {
        int rows = Math.Min(band * window.Stride, expansion.X.Height - done);
        return index < projection!.Step.Inputs && rows > 0 ? projection.Step.Input(index, c, done, rows) : default;
    }

    private void Expand(in Group group, Ahead ahead, float* source, float* rowZero, int blockStride, int first, int rows)
    {
        for (int b = 0; b < group.Blocks; b += BlockedPointwise<TSimd, TVector>.ColumnVectors)
        {
            int block = group.FirstBlock + b;
            PointwiseColumn column = new()
            {
                X = source,
                XRowStride = expansion.X.RowStride,
                Offsets = (int*)expansion.Offsets.Pointer,
                Depth = expansion.Depth,
                W = expansion.Weights.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(
                    block / BlockedPointwise<TSimd, TVector>.ColumnVectors, expansion.Depth),
                Vectors = BlockedPointwise<TSimd, TVector>.Vectors(
                    b / BlockedPointwise<TSimd, TVector>.ColumnVectors, group.Blocks),
                Width = expansion.X.Width,
                FirstRow = first,
                Rows = rows,
                Store = new BlockedStore
                {
                    Y = rowZero + (long)b * blockStride,
                    BlockStride = blockStride,
                    RowStride = rowStride,
                    Bias = expansion.Bias.Pointer + block * TSimd.Lanes,
                    Activation = expansion.Activation,
                },
            };
            ahead.Share(b / BlockedPointwise<TSimd, TVector>.ColumnVectors,
                (group.Blocks + 1) / BlockedPointwise<TSimd, TVector>.ColumnVectors).Give(ref column);
            BlockedPointwise<TSimd, TVector>.Run(column);
        }
    }

    /// <summary>Zero columns on both sides of every row of scratch; nothing else writes there.</summary>
    private void ClearSides(float* scratch, int blocks)
    {
        int side = window.Border * TSimd.Lanes;
        for (int r = 0; side > 0 && r < blocks * capacity; r++)
        {
            float* row = scratch + (long)r * rowStride;
            new Span<float>(row, side).Clear();
            new Span<float>(row + rowStride - side, side).Clear();
        }
    }

    private void ClearRows(float* scratch, int blocks, int first, int rows)
    {
        for (int b = 0; rows > 0 && b < blocks; b++)
        {
            new Span<float>(scratch + ((long)b * capacity + first) * rowStride, rows * rowStride).Clear();
        }
    }

    private void MoveUp(float* scratch, int blocks, int first, int rows)
    {
        for (int b = 0; b < blocks; b++)
        {
            float* block = scratch + (long)b * capacity * rowStride;
            new Span<float>(block + (long)first * rowStride, rows * rowStride)
                .CopyTo(new Span<float>(block, rows * rowStride));
        }
    }

    /// <summary>Pieces that are done together.</summary>
    internal readonly record struct Group(int FirstPiece, int Pieces, int FirstBlock, int Blocks);
}
