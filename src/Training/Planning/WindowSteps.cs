namespace MuxKernels.Training;

/// <summary>A window convolution of a batch, band by band, with the moments of its result.</summary>
internal sealed unsafe class WindowForward<TSimd, TVector>(WindowUnit<TSimd, TVector> unit, NormUnit norm)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override long ScratchLength => Enumerable.Range(0, unit.Bands).Max(b =>
        unit.Window.InputRows(unit.OutRows(b).First, unit.OutRows(b).Count).Count)
        * (long)(unit.X.Shape.W + 2 * unit.Window.Border) * TSimd.Lanes * unit.MostInBlocks + 64;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        norm.Aim();
        WorkPool.For(c.Pool, unit.Items, new Job(this, c));
        norm.Forward();
    }

    private void RunOne(int item, float* scratch, TrainingContext c)
    {
        (int image, int band) = (item / unit.Bands, item % unit.Bands);
        (int firstRow, int rows) = unit.OutRows(band);
        (int firstIn, int inRows) = unit.Window.InputRows(firstRow, rows);
        int width = unit.X.Shape.W, lanes = TSimd.Lanes, outWidth = unit.Window.OutWidth;
        BatchMap z = unit.Z;
        float* sums = norm.SumsOf(item);
        new Span<float>(sums, 2 * z.Slots).Clear();
        for (int p = 0; p < unit.Window.Pieces.Count; p++)
        {
            BlockedPiece piece = unit.Window.Pieces[p];
            PaddedRows x = new(scratch, piece.InBlocks, firstIn, inRows, width, unit.Window.Border, lanes);
            (int first, int count) = x.Clear(unit.X.Shape.H);
            unit.X.FillRows(c, image * unit.X.Runs[0].Map.ImagePixels + first * width, count, width, piece.FirstIn,
                piece.InBlocks, x.Origin + (long)first * x.RowStride, x.BlockStride, x.RowStride, null,
                WindowUnit<TSimd, TVector>.Stays(piece, piece) ? z : null);
            float* y = z.At(c.Arena, image * z.ImagePixels) + (long)piece.FirstOut * z.BlockStride;
            BlockedStore store = new()
            {
                Y = y,
                BlockStride = z.BlockStride,
                RowStride = outWidth * lanes,
                Bias = unit.Zeros.Pointer,
            };
            unit.Window.Run(p, x.Origin, x.BlockStride, x.RowStride, unit.Packed.Pointer, store, firstRow, rows);
            BlockedBand done = new()
            {
                Blocks = piece.OutBlocks,
                Rows = 1,
                Columns = rows * outWidth,
                Z = y + (long)firstRow * outWidth * lanes,
                ZBlock = z.BlockStride,
            };
            Moments(&done, piece.FirstOut * lanes, sums, z.Slots);
        }
    }

    private void Moments(BlockedBand* band, int slot, float* sums, int slots)
    {
        int blocks = band->Blocks;
        float* z = band->Z;
        for (int b = 0; b < blocks; b++)
        {
            band->Blocks = 1;
            band->Z = z + b * band->ZBlock;
            PointwiseForward<TSimd, TVector>.Moments(band, norm.About.Pointer + slot + b * TSimd.Lanes,
                sums + slot + b * TSimd.Lanes, slots);
        }
    }

    private readonly struct Job(WindowForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker), c);
    }
}

/// <summary>Both gradients of a window convolution, band by band and piece by piece.</summary>
internal sealed unsafe class WindowBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int MostGroups = 8;

    private readonly WindowUnit<TSimd, TVector> unit;
    private readonly UnitGradient<TSimd, TVector> gradient;
    private readonly GradientEnd<TSimd, TVector> end;
    private readonly Cuts groups;
    private readonly Numbers sums;
    private readonly int length;

    /// <param name="unit">The convolution.</param>
    /// <param name="gradient">The gradient of its result.</param>
    /// <param name="end">The gradient of its input.</param>
    /// <param name="pool">Where the sums are reserved.</param>
    public WindowBackward(WindowUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector> end, NumberPool pool)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient, this.end) = (unit, gradient, end);
        end.Parts = unit.Items;
        groups = new Cuts(unit.Items, (unit.Items + MostGroups - 1) / MostGroups);
        length = (unit.WeightGradient.PackedLength + 15) / 16 * 16;
        sums = pool.Reserve((long)length * groups.Count);
        MultiplyAdds = 2 * unit.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => Enumerable.Range(0, unit.Bands).Max(b =>
        InputLength(b) + GradientLength(b) + (end.Adds ? ResultLength(b) : 0) + KeptLength(b)) + 128;

    private int GradientRow => (unit.Window.OutWidth + 2 * unit.InputGradient.Border) * TSimd.Lanes
        * unit.MostGradientBlocks;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        WorkPool.For(c.Pool, groups.Count, new Job(this, c));
        SumReduction.Run(c.Pool, sums.Pointer, length, groups.Count);
        unit.WeightGradient.Unpack(sums.Pointer, CpuDevice.Span(unit.Weight.Gradient));
    }

    private long InputLength(int band)
    {
        (int first, int rows) = unit.OutRows(band);
        return (unit.Window.InputRows(first, rows).Count * (long)(unit.X.Shape.W + 2 * unit.Window.Border) * TSimd.Lanes
            * unit.MostInBlocks + 15) / 16 * 16;
    }

    private long GradientLength(int band) => (GradientRows(band).Count * (long)GradientRow + 15) / 16 * 16;

    private long ResultLength(int band) => unit.InRows(band).Count * (long)unit.X.Shape.W * TSimd.Lanes
        * unit.MostResultBlocks;

    private bool Keeps => end.Keeps && unit.X.Activated is not null;

    /// <summary>Floats of what is kept of the input's activation: no more than the input itself.</summary>
    private long KeptLength(int band) => Keeps ? InputLength(band) : 0;

    /// <summary>Rows of dz that a band needs for both gradients.</summary>
    private (int First, int Count) GradientRows(int band)
    {
        (int first, int rows) = unit.OutRows(band);
        (int firstIn, int inRows) = unit.InRows(band);
        (int from, int count) = unit.InputGradient.InputRows(firstIn, inRows);
        int end = Math.Max(from + count, first + rows);
        from = Math.Min(from, first);
        return (from, end - from);
    }

    private void RunGroup(int group, float* scratch, TrainingContext c)
    {
        float* packed = sums.Pointer + (long)group * length;
        new Span<float>(packed, length).Clear();
        for (int i = 0; i < groups.Length(group); i++)
        {
            RunOne(groups.First(group) + i, packed, scratch, c);
        }
    }

    private void RunOne(int item, float* packed, float* scratch, TrainingContext c)
    {
        (int image, int band) = (item / unit.Bands, item % unit.Bands);
        (int firstRow, int rows) = unit.OutRows(band);
        (int firstIn, int inRows) = unit.InRows(band);
        (int aFirst, int aRows) = unit.Window.InputRows(firstRow, rows);
        (int dFirst, int dRows) = GradientRows(band);
        int width = unit.X.Shape.W, lanes = TSimd.Lanes, outWidth = unit.Window.OutWidth;
        BatchMap z = unit.Z, dx = unit.X.Runs[0].Gradient.Map;
        float* dzMemory = scratch + InputLength(band), result = dzMemory + GradientLength(band);
        float* keptMemory = result + (end.Adds ? ResultLength(band) : 0);
        for (int p = 0; p < unit.Window.Pieces.Count; p++)
        {
            BlockedPiece piece = unit.Window.Pieces[p], back = unit.InputGradient.Pieces[p];
            PaddedRows a = new(scratch, piece.InBlocks, aFirst, aRows, width, unit.Window.Border, lanes);
            (int first, int count) = a.Clear(unit.X.Shape.H);
            // What the gradient's sums will want, of the rows that are read here.
            bool keeps = Keeps && first <= firstIn && firstIn + inRows <= first + count
                && (piece.FirstIn, piece.InBlocks) == (back.FirstOut, back.OutBlocks);
            unit.X.FillRows(c, image * unit.X.Runs[0].Map.ImagePixels + first * width, count, width, piece.FirstIn,
                piece.InBlocks, a.Origin + (long)first * a.RowStride, a.BlockStride, a.RowStride,
                keeps ? keptMemory : null, WindowUnit<TSimd, TVector>.Stays(piece, back) ? dx : null);
            float* kept = keeps ? keptMemory + (long)(firstIn - first) * width * lanes : null;
            nint keptBlock = (nint)count * width * lanes;
            PaddedRows dz = new(dzMemory, back.InBlocks, dFirst, dRows, outWidth, unit.InputGradient.Border, lanes);
            (first, count) = dz.Clear(unit.Window.OutHeight);
            gradient.Fill(c, image * z.ImagePixels + first * outWidth, count, outWidth, back.FirstIn, back.InBlocks,
                dz.Origin + (long)first * dz.RowStride, dz.BlockStride, dz.RowStride);
            unit.WeightGradient.Run(p, a.Origin, a.BlockStride, a.RowStride, dz.Origin, dz.BlockStride, dz.RowStride,
                packed, firstRow, rows);
            float* y = dx.At(c.Arena, image * dx.ImagePixels) + (long)back.FirstOut * dx.BlockStride;
            BlockedStore store = new()
            {
                Y = y, BlockStride = dx.BlockStride, RowStride = width * lanes, Bias = unit.Zeros.Pointer,
            };
            if (end.Adds)
            {
                // A window may leave its sums in y before it adds: what is there already must not be overwritten.
                store.Y = result - (long)firstIn * width * lanes;
                store.BlockStride = inRows * width * lanes;
            }

            unit.InputGradient.Run(p, dz.Origin, dz.BlockStride, dz.RowStride, unit.Turned.Pointer, store, firstIn,
                inRows);
            for (int b = 0; end.Adds && b < back.OutBlocks; b++)
            {
                JoinForward<TSimd, TVector>.Add(result + (long)b * store.BlockStride,
                    y + (long)b * dx.BlockStride + (long)firstIn * width * lanes, store.BlockStride);
            }

            end.Done(c, item, image * dx.ImagePixels + firstIn * width, inRows * width, back.FirstOut, back.OutBlocks,
                kept, keptBlock);
        }
    }

    private readonly struct Job(WindowBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
    }
}
