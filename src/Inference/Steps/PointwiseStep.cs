namespace MuxKernels.Inference;

/// <summary>What a step that ends in a blocked map does to its sums and where they go.</summary>
/// <param name="Map">The output; null where only the sums over the map are wanted.</param>
/// <param name="Blocks">Output blocks.</param>
/// <param name="Bias">One number for each output slot.</param>
/// <param name="Activation">f.</param>
/// <param name="Residual">What is added after f, slot by slot; null for nothing.</param>
/// <param name="ResidualBlock">The residual's block that meets output block 0.</param>
/// <param name="Sums">Sums of each slot for each chunk of rows, [chunks][Blocks·L]; null where nobody wants
/// them.</param>
internal sealed record Ending(Map? Map, int Blocks, Packed Bias, ActivationKind Activation, Map? Residual,
    int ResidualBlock, Region? Sums)
{
    /// <summary>The kernel's view of it for a run of blocks and a chunk of rows.</summary>
    public unsafe BlockedStore Store(in StepContext c, int lanes, int firstBlock, int chunk)
    {
        BlockedStore store = new()
        {
            Bias = Bias.Pointer + firstBlock * lanes,
            Activation = Activation,
            SumsOnly = Map is null,
        };
        if (Map is not null)
        {
            store.Y = c.Arena + Map.Start + (long)firstBlock * Map.BlockStride;
            (store.BlockStride, store.RowStride) = (Map.BlockStride, Map.RowStride);
        }

        if (Residual is not null)
        {
            store.Residual = c.Arena + Residual.Start + (long)(firstBlock + ResidualBlock) * Residual.BlockStride;
            (store.ResidualBlockStride, store.ResidualRowStride) = (Residual.BlockStride, Residual.RowStride);
        }

        if (Sums is not null)
        {
            store.Sums = c.At(Sums) + ((long)chunk * Blocks + firstBlock) * lanes;
        }

        return store;
    }
}

/// <summary>1×1 convolution on blocked maps; a gate scales its packed weights, image by image.</summary>
internal sealed unsafe class PointwiseStep<TSimd, TVector> : Step, IRowSource
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Packed offsets;
    private readonly int depth;
    private readonly int xRowStride;
    private readonly Packed weights;
    private readonly Ending ending;
    private readonly Region? gate;
    private readonly (int Height, int Width) map;
    private readonly Rows[] chunks;
    private readonly int columns;
    private readonly (Map Map, int Block)[] inputs;

    public PointwiseStep(string name, string kind, Packed offsets, Place[] places, Packed weights, Ending ending,
        Region? gate, Rows[] chunks, long multiplyAdds)
        : base(name, kind)
    {
        (this.offsets, depth, this.weights, this.ending, this.gate, this.chunks) =
            (offsets, places.Length, weights, ending, gate, chunks);
        Map x = places[0].Map;
        (xRowStride, map) = (x.RowStride, (x.Height, x.Width));
        inputs = [.. places.Select(p => (p.Map, p.Slot / TSimd.Lanes)).Distinct()];
        columns = BlockedPointwise<TSimd, TVector>.Columns(ending.Blocks);
        Items = columns * chunks.Length;
        MultiplyAdds = multiplyAdds;
        long pixels = (long)map.Height * map.Width, outputs = (long)ending.Blocks * TSimd.Lanes;
        VectorMultiplyAdds = outputs * depth * pixels;
        Activations = ending.Activation == ActivationKind.None ? 0 : outputs * pixels;
        Bytes = sizeof(float) * (weights.Length + pixels * (depth + (ending.Map is null ? 0 : outputs)));
        Layout = $"NCHWc{TSimd.Lanes}";
        Tile = $"{columns} × {chunks.Length}";
    }

    /// <inheritdoc/>
    public override int ScratchLength => gate is null ? 0 : depth * BlockedPointwise<TSimd, TVector>.ColumnVectors
        * TSimd.Lanes;

    /// <inheritdoc/>
    public override bool Fetches => true;

    /// <inheritdoc/>
    public int PreparedLength => gate is null ? 0 : weights.Length;

    /// <inheritdoc/>
    public (long MultiplyAdds, long VectorMultiplyAdds, long Activations, long Bytes) Cost =>
        (MultiplyAdds, VectorMultiplyAdds, Activations, Bytes);

    /// <inheritdoc/>
    public void Prepare(in StepContext c, float* prepared)
    {
        if (gate is null)
        {
            return;
        }

        for (int column = 0; column < columns; column++)
        {
            int at = BlockedPointwise<TSimd, TVector>.ColumnOffset(column, depth);
            BlockedPointwise<TSimd, TVector>.ScaleWeights(weights.Pointer + at, c.At(gate), depth, Vectors(column),
                prepared + at);
        }
    }

    /// <inheritdoc/>
    public void Rows(in StepContext c, float* prepared, float* y, int blockStride, int rowStride, int first, int rows,
        Ahead ahead)
    {
        float* w = gate is null ? weights.Pointer : prepared;
        for (int column = 0; column < columns; column++)
        {
            int block = column * BlockedPointwise<TSimd, TVector>.ColumnVectors;
            BlockedStore store = ending.Store(c, TSimd.Lanes, block, 0);
            store.Y = y + (long)block * blockStride;
            (store.BlockStride, store.RowStride) = (blockStride, rowStride);
            PointwiseColumn work = Column(c, column,
                w + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, depth), new Rows(first, rows), store);
            ahead.Share(column, columns).Give(ref work);
            BlockedPointwise<TSimd, TVector>.Run(work);
        }
    }

    /// <inheritdoc/>
    public int Inputs => inputs.Length + (ending.Residual is null ? 0 : ending.Blocks);

    /// <inheritdoc/>
    public Ahead Input(int index, in StepContext c, int first, int rows)
    {
        (Map from, int block) = index < inputs.Length ? inputs[index]
            : (ending.Residual!, ending.ResidualBlock + index - inputs.Length);
        return new Ahead(c.Arena + from.Start + (long)block * from.BlockStride + (long)first * from.RowStride,
            (long)rows * from.RowStride);
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        (int column, int chunk) = (item % columns, item / columns);
        int first = column * BlockedPointwise<TSimd, TVector>.ColumnVectors, vectors = Vectors(column);
        float* w = weights.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, depth);
        if (gate is not null)
        {
            BlockedPointwise<TSimd, TVector>.ScaleWeights(w, c.At(gate), depth, vectors, c.Scratch);
            w = c.Scratch;
        }

        Rows rows = chunks[chunk];
        PointwiseColumn work = Column(c, column, w, rows, ending.Store(c, TSimd.Lanes, first, chunk));
        Ahead.Share(column, columns).Give(ref work);
        BlockedPointwise<TSimd, TVector>.Run(work);
        ending.Map?.ZeroBorder(c.Arena, first, vectors, rows.First, rows.Count);
    }

    private int Vectors(int column) => BlockedPointwise<TSimd, TVector>.Vectors(column, ending.Blocks);

    private PointwiseColumn Column(in StepContext c, int column, float* w, Rows rows, in BlockedStore store) => new()
    {
        X = c.Arena,
        XRowStride = xRowStride,
        Offsets = (int*)offsets.Pointer,
        Depth = depth,
        W = w,
        Vectors = Vectors(column),
        Width = map.Width,
        FirstRow = rows.First,
        Rows = rows.Count,
        Store = store,
    };
}
