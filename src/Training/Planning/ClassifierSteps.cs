namespace MuxKernels.Training;

/// <summary>Logits of the pooled features. Each column of classes packs its own weights into scratch, so that they are
/// read once and written nowhere.</summary>
internal sealed unsafe class ClassifierForward<TSimd, TVector>(ClassifierUnit<TSimd, TVector> unit)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override long ScratchLength => BlockedPointwise<TSimd, TVector>.PackedLength(unit.Args.X.C,
        BlockedPointwise<TSimd, TVector>.ColumnVectors);

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        unit.Drop(c, unit.Mean, unit.Kept);
        unit.ToMap(unit.Kept.Pointer, unit.Args.X.C, unit.X.Pointer);
        unit.TakeBias();
        WorkPool.For(c.Pool, BlockedPointwise<TSimd, TVector>.Columns(unit.OutBlocks), new Job(this, c));
        unit.ToRows(unit.Z.Pointer, unit.Args.Y.C, unit.Logits.Pointer);
    }

    private void RunOne(int column, float* packed)
    {
        int depth = unit.Args.X.C, row = (int)unit.Block;
        int vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, unit.OutBlocks);
        int firstBlock = column * BlockedPointwise<TSimd, TVector>.ColumnVectors, first = firstBlock * TSimd.Lanes;
        BlockedPointwise<TSimd, TVector>.Pack(CpuDevice.Span(unit.Weight.Data), depth, unit.InChannels[..depth],
            unit.OutChannels.Slice(first, vectors * TSimd.Lanes), packed);
        PointwiseColumn work = new()
        {
            X = unit.X.Pointer,
            XRowStride = row,
            Offsets = (int*)unit.Offsets.Pointer,
            Depth = depth,
            W = packed,
            Vectors = vectors,
            Width = unit.Images,
            Rows = 1,
            Store = new BlockedStore
            {
                Y = unit.Z.Pointer + firstBlock * unit.Block,
                BlockStride = row,
                RowStride = row,
                Bias = unit.Bias.Pointer + first,
            },
        };
        BlockedPointwise<TSimd, TVector>.Run(work);
    }

    private readonly struct Job(ClassifierForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker));
    }
}

/// <summary>The loss and the gradient of the logits.</summary>
internal sealed unsafe class LossForward<TSimd, TVector>(string name, ClassifierUnit<TSimd, TVector> unit)
    : TrainingStep(name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        float loss, one = 1f;
        ReadOnlySpan<float> labels = new(c.Labels, unit.Images);
        SoftmaxCrossEntropy.Forward(unit.Loss, unit.Logits.Span, labels, new Span<float>(&loss, 1), unit.Dlogits.Span,
            c.Pool);
        SoftmaxCrossEntropy.Backward(unit.Loss, new ReadOnlySpan<float>(&one, 1), unit.Dlogits.Span, labels,
            unit.Dlogits.Span, c.Pool);
        unit.ToMap(unit.Dlogits.Pointer, unit.Args.Y.C, unit.Z.Pointer);
        c.Loss = loss;
    }
}

/// <summary>
/// Gradients of the classifier, some rows of weights after the other: what they give to the gradient of the features,
/// and their own gradient, while both are at hand. Groups of rows keep sums of their own for the features, added in
/// their order.
/// </summary>
internal sealed unsafe class ClassifierBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int ChunkBlocks = 4;
    private const int MostGroups = 8;

    private readonly ClassifierUnit<TSimd, TVector> unit;
    private readonly Cuts chunks;
    private readonly Cuts groups;

    public ClassifierBackward(ClassifierUnit<TSimd, TVector> unit)
        : base(unit.Name, TrainingPhase.Backward)
    {
        this.unit = unit;
        chunks = new Cuts(unit.OutBlocks, ChunkBlocks);
        groups = new Cuts(chunks.Count, (chunks.Count + MostGroups - 1) / MostGroups);
        MultiplyAdds = 2 * unit.Args.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => Math.Max(
        BlockedPointwise<TSimd, TVector>.PackedLength(ChunkBlocks * TSimd.Lanes, unit.InBlocks),
        BlockedPointwiseGradient<TSimd, TVector>.PackedLength(unit.InChannels.Length, ChunkBlocks * TSimd.Lanes));

    /// <inheritdoc/>
    public override long SharedLength => groups.Count * unit.InBlocks * unit.Block;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, groups.Count, new Job(this, c));
        SumReduction.Run(c.Pool, c.Shared, (int)(unit.InBlocks * unit.Block), groups.Count);
        unit.ToRows(c.Shared, unit.Args.X.C, unit.Dmean.Pointer);
        unit.Drop(c, unit.Dmean, unit.Dmean);
    }

    private void RunGroup(int group, float* scratch, TrainingContext c)
    {
        float* dx = c.Shared + group * unit.InBlocks * unit.Block;
        for (int i = 0; i < groups.Length(group); i++)
        {
            int chunk = groups.First(group) + i, first = chunks.First(chunk), blocks = chunks.Length(chunk);
            float* dz = unit.Z.Pointer + first * unit.Block;
            ReadOnlySpan<int> classes = unit.OutChannels.Slice(first * TSimd.Lanes, blocks * TSimd.Lanes);
            AddWeights(dz, classes, scratch);
            unit.AddBias(dz, first, blocks);
            AddFeatures(dz, classes[..(BlockedSlots.Last(classes) - classes[0] + 1)], i > 0, scratch, dx);
        }
    }

    private void AddWeights(float* dz, ReadOnlySpan<int> classes, float* packed)
    {
        new Span<float>(packed, BlockedPointwiseGradient<TSimd, TVector>.PackedLength(unit.InChannels.Length,
            classes.Length)).Clear();
        BlockedPointwiseGradientBand band = new()
        {
            A = unit.X.Pointer,
            ABlock = (nint)unit.Block,
            Dz = dz,
            DzBlock = (nint)unit.Block,
            InSlots = unit.InChannels.Length,
            OutSlots = classes.Length,
            Images = 1,
            Rows = 1,
            Columns = unit.Images,
            Packed = packed,
        };
        BlockedPointwiseGradient<TSimd, TVector>.Run(band);
        BlockedPointwiseGradient<TSimd, TVector>.Unpack(packed, unit.InChannels, classes,
            CpuDevice.Span(unit.Weight.Gradient), unit.Args.X.C);
    }

    private void AddFeatures(float* dz, ReadOnlySpan<int> classes, bool adds, float* packed, float* dx)
    {
        int row = (int)unit.Block;
        BlockedPointwise<TSimd, TVector>.PackTransposed(CpuDevice.Span(unit.Weight.Data), unit.Args.X.C,
            unit.InChannels, classes, packed);
        for (int column = 0; column < BlockedPointwise<TSimd, TVector>.Columns(unit.InBlocks); column++)
        {
            float* y = dx + column * BlockedPointwise<TSimd, TVector>.ColumnVectors * unit.Block;
            PointwiseColumn work = new()
            {
                X = dz,
                XRowStride = row,
                Offsets = (int*)unit.Offsets.Pointer,
                Depth = classes.Length,
                W = packed + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, classes.Length),
                Vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, unit.InBlocks),
                Width = unit.Images,
                Rows = 1,
                Store = new BlockedStore
                {
                    Y = y,
                    BlockStride = row,
                    RowStride = row,
                    Bias = unit.Zeros,
                    Residual = adds ? y : null,
                    ResidualBlockStride = row,
                    ResidualRowStride = row,
                },
            };
            BlockedPointwise<TSimd, TVector>.Run(work);
        }
    }

    private readonly struct Job(ClassifierBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
    }
}
