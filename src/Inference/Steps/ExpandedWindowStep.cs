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

/// <summary>
/// 1×1 convolution, activation, then depthwise, group-wise, mixed or multiplexed convolution: the wide map between the
/// two exists only as rows of a few blocks in the worker's scratch memory. An item is a run of blocks and a run of bands;
/// band by band the expansion adds rows and the window takes them from the nearest cache. Rows that two items need are
/// computed twice, with the same bits; sums are kept band by band, so that the items may follow the number of workers.
/// </summary>
internal sealed unsafe class ExpandedWindowStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Bytes of new rows after which the window takes its turn.</summary>
    private const int BandBytes = 24_000;

    /// <summary>Bytes of scratch in which rows follow one another before the last ones move to the top again.</summary>
    private const int ScratchBytes = 80_000;

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
    private readonly bool chunksFirst;

    public ExpandedWindowStep(string name, string kind, Expansion expansion, BlockedWindow window, Packed weights,
        Ending ending, int workers)
        : base(name, kind)
    {
        (this.expansion, this.window, this.weights, this.ending) = (expansion, window, weights, ending);
        groups = [.. Groups(window)];
        (int height, int width) = (expansion.X.Height, expansion.X.Width);
        rowStride = RowStride(window, width);
        band = BandRows(window, width);
        bands = (window.OutHeight + band - 1) / band;
        chunks = Math.Clamp((ItemsPerWorker * workers + groups.Length - 1) / groups.Length, 1, bands);
        bandsPerItem = workers == 1 ? bands : (bands + chunks - 1) / chunks;
        chunks = (bands + bandsPerItem - 1) / bandsPerItem;
        Items = groups.Length * chunks;
        int blocks = groups.Max(g => g.Blocks), least = InputRows(band);
        capacity = Math.Clamp(ScratchBytes / (sizeof(float) * rowStride * blocks), least,
            InputRows(window.OutHeight));
        chunksFirst = expansion.Weights.Length <= 16_384;
        long slots = window.InOrder.Count, outputs = (long)ending.Blocks * TSimd.Lanes * ending.Map!.Height
            * ending.Map.Width;
        MultiplyAdds = expansion.MultiplyAdds + window.Pieces.Sum(p => p.MultiplyAdds);
        VectorMultiplyAdds = slots * expansion.Depth * height * width + window.Pieces.Sum(p => p.VectorMultiplyAdds);
        Activations = (expansion.Activation == ActivationKind.None ? 0 : slots * height * width)
            + (ending.Activation == ActivationKind.None ? 0 : outputs);
        Bytes = sizeof(float) * (expansion.Weights.Length + weights.Length
            + (long)expansion.Depth * height * width + outputs);
        Layout = $"NCHWc{TSimd.Lanes}";
        Tile = $"{groups.Length} × {chunks}, bands of {band}";
    }

    /// <inheritdoc/>
    public override int ScratchLength => groups.Max(g => g.Blocks) * capacity * rowStride;

    /// <summary>Items for each worker where the map is large enough.</summary>
    private static int ItemsPerWorker => 4;

    /// <summary>Output rows of a band, by shape alone.</summary>
    public static int BandRows(BlockedWindow window, int width)
    {
        int blocks = Groups(window).Max(g => g.Blocks);
        int rows = BandBytes / (sizeof(float) * RowStride(window, width) * blocks * window.Stride);
        rows = Math.Max(window.Border > 1 ? 4 : 2, rows);

        // Bands of equal height, and no small rest.
        int count = (window.OutHeight + rows - 1) / rows;
        return (window.OutHeight + count - 1) / count;
    }

    private static int RowStride(BlockedWindow window, int width) => (width + 2 * window.Border) * window.Lanes;

    /// <summary>Pieces that together cover whole columns of the expansion.</summary>
    public static IEnumerable<Group> Groups(BlockedWindow window)
    {
        const int Column = 2;
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
        (int index, int chunk) = chunksFirst
            ? (item % groups.Length, item / groups.Length)
            : (item / chunks, item % chunks);
        Group group = groups[index];
        int border = window.Border, stride = window.Stride, height = expansion.X.Height;
        int blockStride = capacity * rowStride, firstBand = chunk * bandsPerItem;
        int endBand = Math.Min(bands, firstBand + bandsPerItem);
        ClearSides(c.Scratch, group.Blocks);

        // Scratch row 0 holds input row `top`; rows before `done` are there.
        int top = firstBand * band * stride - border, done = top;
        for (int b = firstBand; b < endBand; b++)
        {
            int first = b * band, rows = Math.Min(band, window.OutHeight - first);
            int from = first * stride - border, until = (first + rows - 1) * stride + border + 1;
            if (until - top > capacity)
            {
                MoveUp(c.Scratch, group.Blocks, from - top, done - from);
                top = from;
            }

            float* rowZero = c.Scratch + border * TSimd.Lanes - (long)top * rowStride;
            int above = Math.Min(until, 0) - done;
            if (above > 0)
            {
                ClearRows(c.Scratch, group.Blocks, done - top, above);
                done += above;
            }

            int inside = Math.Min(until, height) - done;
            if (inside > 0)
            {
                Expand(group, c, rowZero, blockStride, done, inside);
                done += inside;
            }

            if (until > done)
            {
                ClearRows(c.Scratch, group.Blocks, done - top, until - done);
                done = until;
            }

            for (int p = group.FirstPiece; p < group.FirstPiece + group.Pieces; p++)
            {
                BlockedPiece piece = window.Pieces[p];
                window.Run(p, rowZero + (long)(piece.FirstIn - group.FirstBlock) * blockStride, blockStride, rowStride,
                    weights.Pointer, ending.Store(c, TSimd.Lanes, piece.FirstOut, b), first, rows);
            }
        }
    }

    private int InputRows(int rows) => (rows - 1) * window.Stride + 1 + 2 * window.Border;

    private void Expand(in Group group, in StepContext c, float* rowZero, int blockStride, int first, int rows)
    {
        for (int b = 0; b < group.Blocks; b += BlockedPointwise<TSimd, TVector>.ColumnVectors)
        {
            int block = group.FirstBlock + b;
            PointwiseColumn column = new()
            {
                X = c.Arena,
                XRowStride = expansion.X.RowStride,
                Offsets = (int*)expansion.Offsets.Pointer,
                Depth = expansion.Depth,
                W = expansion.Weights.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(
                    block / BlockedPointwise<TSimd, TVector>.ColumnVectors, expansion.Depth),
                Vectors = Math.Min(BlockedPointwise<TSimd, TVector>.ColumnVectors, group.Blocks - b),
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
        for (int b = 0; b < blocks; b++)
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
