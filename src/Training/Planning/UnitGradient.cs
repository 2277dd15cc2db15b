namespace MuxKernels.Training;

/// <summary>The gradient of a convolution's result, computed while it is read: <c>dz = A·d + B·z + C</c> with
/// <c>d = (gate·g + pooled)·f'(scale·z + shift)</c>.</summary>
/// <param name="norm">The normalisation behind the convolution.</param>
/// <param name="g">Gradient of the (gated) activation; null where only the pool brings one.</param>
/// <param name="gate">Squeeze-excite or the global pool; null for none.</param>
internal sealed unsafe class UnitGradient<TSimd, TVector>(NormUnit norm, BatchMap? g, GateUnit? gate)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>The normalisation.</summary>
    public NormUnit Norm => norm;

    /// <summary>Gradient of the (gated) activation.</summary>
    public BatchMap? G => g;

    /// <summary>Squeeze-excite or the global pool.</summary>
    public GateUnit? Gate => gate;

    /// <summary>Whether d stands in the place of g: the step that wrote g last has put it there.</summary>
    public bool IsReady { get; private set; }

    /// <summary>How the batch is cut for sums: by images where each has factors of its own.</summary>
    public Cuts Parts => gate is not null ? new Cuts(norm.Z.Pixels, norm.Z.ImagePixels)
        : new Cuts(norm.Z.Pixels, Math.Max(1, (norm.Z.Pixels + 15) / 16));

    /// <summary>Lets the step that writes g last put d over it.</summary>
    public void Replace() => IsReady = true;

    /// <summary>Writes rows of some blocks of dz.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch; rows follow one another.</param>
    /// <param name="rows">Rows, of one image unless there is one row only.</param>
    /// <param name="columns">Pixels of a row.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="to">Where the first pixel goes.</param>
    /// <param name="toBlock">Floats from block to block there.</param>
    /// <param name="toRow">Floats from row to row there.</param>
    public void Fill(TrainingContext c, int first, int rows, int columns, int firstBlock, int blocks, float* to,
        nint toBlock, nint toRow)
    {
        int slot = firstBlock * TSimd.Lanes, image = norm.Z.ImagePixels;
        bool whole = rows == 1 && gate is not null && first % image == 0 && columns % image == 0;
        if (whole)
        {
            // Whole images are rows, each with factors of its own.
            (rows, columns, toRow) = (columns / image, image, (nint)image * TSimd.Lanes);
        }

        for (int done = 0, part; done < columns; done += part)
        {
            part = rows == 1 ? Segment(first + done, columns - done) : columns;
            BlockedBand band = Band(c, first + done, firstBlock, blocks);
            (band.Rows, band.Columns) = (rows, part);
            band.ZRow = band.GRow = (nint)columns * TSimd.Lanes;
            band.To = to + (nint)done * TSimd.Lanes;
            (band.ToBlock, band.ToRow) = (toBlock, toRow);
            band.GateRow = whole ? norm.Z.Slots : 0;
            if (!IsReady && norm.Kept is { } kept)
            {
                band.Kept = kept.At(c.Arena, first + done) + (long)firstBlock * kept.BlockStride;
                band.KeptBlock = kept.BlockStride;
                band.KeptRow = band.ZRow;
                BlockedNorm<TSimd, TVector>.KeptGradient(&band, norm.A.Pointer + slot, norm.B.Pointer + slot,
                    norm.C.Pointer + slot);
                continue;
            }

            BlockedNorm<TSimd, TVector>.Gradient(IsReady ? ActivationKind.None : norm.Activation, &band, norm.A.Pointer + slot,
                norm.B.Pointer + slot, norm.C.Pointer + slot);
        }
    }

    /// <summary>Sums of d and d·(z − mean) of a part.</summary>
    public void Sums(TrainingContext c, int part)
    {
        BlockedBand band = Band(c, Parts.First(part), 0, norm.Z.Blocks);
        (band.Rows, band.Columns) = (1, Parts.Length(part));
        float* sums = norm.SumsOf(part);
        new Span<float>(sums, 2 * norm.Z.Slots).Clear();
        BlockedNorm<TSimd, TVector>.GradientSums(norm.Activation, &band, norm.Mean.Pointer, sums);
    }

    /// <summary>Behind the step that wrote g last: sums of d and d·(z − mean) of some pixels and blocks, and d over g
    /// where <see cref="IsReady"/> says so.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="sums">Sums of the part from the first block on.</param>
    /// <param name="kept">σ of the pixels; null where it is computed.</param>
    /// <param name="keptBlock">Floats from block to block there.</param>
    public void Finish(TrainingContext c, int first, int pixels, int firstBlock, int blocks, float* sums, float* kept,
        nint keptBlock)
    {
        FindKept(c, first, firstBlock, ref kept, ref keptBlock);
        int own = blocks * TSimd.Lanes;
        float* products = sums + norm.Z.Slots;
        new Span<float>(sums, own).Clear();
        new Span<float>(products, own).Clear();
        for (int done = 0, part; done < pixels; done += part)
        {
            part = Segment(first + done, pixels - done);
            BlockedBand band = Band(c, first + done, firstBlock, blocks);
            (band.Rows, band.Columns) = (1, part);
            if (IsReady)
            {
                band.To = band.G;
                band.ToBlock = band.GBlock;
            }

            if (IsReady && kept is not null)
            {
                band.Kept = kept + (nint)done * TSimd.Lanes;
                band.KeptBlock = keptBlock;
                BlockedNorm<TSimd, TVector>.KeptGradientSums(&band, norm.Mean.Pointer + firstBlock * TSimd.Lanes, sums,
                    products);
                continue;
            }

            BlockedNorm<TSimd, TVector>.GradientSums(norm.Activation, &band,
                norm.Mean.Pointer + firstBlock * TSimd.Lanes, sums, products);
        }
    }

    /// <summary>Behind the step that wrote g last: the sums that squeeze-excite's gradient needs of some pixels and
    /// blocks.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="part">Which part of the step.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="sums">Sums, [part + image][5·slots]: each image of each part has a place.</param>
    /// <param name="kept">σ of the pixels; null where it is computed.</param>
    /// <param name="keptBlock">Floats from block to block there.</param>
    public void FinishGates(TrainingContext c, int part, int first, int pixels, int firstBlock, int blocks, float* sums,
        float* kept, nint keptBlock)
    {
        FindKept(c, first, firstBlock, ref kept, ref keptBlock);
        const int Kinds = BlockedNorm<TSimd, TVector>.GateGradientKinds;
        int slot = firstBlock * TSimd.Lanes;
        for (int done = 0, some; done < pixels; done += some)
        {
            some = Segment(first + done, pixels - done);
            int image = (first + done) / norm.Z.ImagePixels;
            float* own = sums + (long)(part + image) * Kinds * norm.Z.Slots + slot;
            for (int k = 0; k < Kinds; k++)
            {
                new Span<float>(own + (long)k * norm.Z.Slots, blocks * TSimd.Lanes).Clear();
            }

            BlockedBand band = Band(c, first + done, firstBlock, blocks);
            (band.Rows, band.Columns) = (1, some);
            if (kept is null)
            {
                BlockedNorm<TSimd, TVector>.GateGradientSums(norm.Activation, &band, norm.Mean.Pointer + slot, own,
                    norm.Z.Slots);
                continue;
            }

            band.Kept = kept + (nint)done * TSimd.Lanes;
            band.KeptBlock = keptBlock;
            BlockedNorm<TSimd, TVector>.KeptGateGradientSums(&band, norm.Mean.Pointer + slot, own, norm.Z.Slots);
        }
    }

    /// <summary>All sums of an image that squeeze-excite's gradient needs, before factors' and means' gradients are
    /// known.</summary>
    public void GateSums(TrainingContext c, int image, float* sums)
    {
        BlockedBand band = Band(c, image * norm.Z.ImagePixels, 0, norm.Z.Blocks);
        (band.Rows, band.Columns) = (1, norm.Z.ImagePixels);
        BlockedNorm<TSimd, TVector>.GateGradientSums(norm.Activation, &band, norm.Mean.Pointer, sums);
    }

    /// <summary>Where σ is kept in a map of its own: there.</summary>
    private void FindKept(TrainingContext c, int first, int firstBlock, ref float* kept, ref nint keptBlock)
    {
        if (norm.Kept is { } map)
        {
            kept = map.At(c.Arena, first) + (long)firstBlock * map.BlockStride;
            keptBlock = map.BlockStride;
        }
    }

    private int Segment(int first, int pixels) => gate is null ? pixels
        : Math.Min(pixels, (first / norm.Z.ImagePixels + 1) * norm.Z.ImagePixels - first);

    private BlockedBand Band(TrainingContext c, int first, int firstBlock, int blocks)
    {
        int slot = firstBlock * TSimd.Lanes;
        long image = first / norm.Z.ImagePixels;
        return new BlockedBand
        {
            Blocks = blocks,
            Z = norm.Z.At(c.Arena, first) + (long)firstBlock * norm.Z.BlockStride,
            ZBlock = norm.Z.BlockStride,

            // Where only a pool brings a gradient, the factors are zeros: any finite map will do.
            G = (g ?? norm.Z).At(c.Arena, first) + (long)firstBlock * (g ?? norm.Z).BlockStride,
            GBlock = (g ?? norm.Z).BlockStride,
            Scale = norm.Scale.Pointer + slot,
            Shift = norm.Shift.Pointer + slot,
            Gate = gate is null ? null : gate.Gate.Pointer + image * norm.Z.Slots + slot,
            Pooled = gate is null ? null : gate.Pooled.Pointer + image * norm.Z.Slots + slot,
        };
    }
}

/// <summary>Sums over a unit's gradient and from them the coefficients with which it is read.</summary>
/// <param name="name">Path of the module.</param>
/// <param name="gradient">The unit's gradient.</param>
/// <param name="end">The step that has taken the sums while it wrote the gradient; null for none.</param>
internal sealed unsafe class GradientSums<TSimd, TVector>(string name, UnitGradient<TSimd, TVector> gradient,
    GradientEnd<TSimd, TVector>? end) : TrainingStep(name, TrainingPhase.Backward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        if (end is not null)
        {
            gradient.Norm.Backward(end.Sums, end.Parts);
            return;
        }

        WorkPool.For(c.Pool, gradient.Parts.Count, new Job(gradient, c));
        gradient.Norm.Backward(gradient.Norm.Sums.Pointer, gradient.Parts.Count);
    }

    private readonly struct Job(UnitGradient<TSimd, TVector> gradient, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => gradient.Sums(c, index);
    }
}
