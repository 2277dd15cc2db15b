namespace MuxKernels.Training;

/// <summary>A window convolution of a batch of small maps, piece by piece and many images at once, with the moments of
/// its result.</summary>
internal sealed unsafe class WindowImagesForward<TSimd, TVector>(WindowUnit<TSimd, TVector> unit, NormUnit norm)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override long ScratchLength => WindowImages<TSimd, TVector>.InputLength(unit) + 64;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        norm.Aim();
        WorkPool.For(c.Pool, unit.Chunks.Count * unit.Window.Pieces.Count, new Job(this, c));
        norm.Forward();
    }

    private void RunOne(int item, float* scratch, TrainingContext c)
    {
        int chunk = item / unit.Window.Pieces.Count, p = item % unit.Window.Pieces.Count, lanes = TSimd.Lanes;
        int first = unit.Chunks.First(chunk), images = unit.Chunks.Length(chunk);
        BlockedPiece piece = unit.Window.Pieces[p];
        BatchMap z = unit.Z;
        float* x = WindowImages<TSimd, TVector>.Input(unit, c, piece, first, images, scratch, out int stride, null,
            WindowUnit<TSimd, TVector>.Stays(piece, piece) ? z : null);
        float* y = z.At(c.Arena, first * z.ImagePixels) + (long)piece.FirstOut * z.BlockStride;
        unit.Window.RunImages(p, x, stride, unit.Packed.Pointer, unit.Zeros.Pointer, y, z.BlockStride, images);
        for (int block = 0; block < piece.OutBlocks; block++)
        {
            int slot = (piece.FirstOut + block) * lanes;
            float* sums = norm.SumsOf(chunk) + slot;
            new Span<float>(sums, lanes).Clear();
            new Span<float>(sums + z.Slots, lanes).Clear();
            BlockedBand done = new()
            {
                Blocks = 1,
                Rows = 1,
                Columns = images * z.ImagePixels,
                Z = y + (long)block * z.BlockStride,
                ZBlock = z.BlockStride,
            };
            PointwiseForward<TSimd, TVector>.Moments(&done, norm.About.Pointer + slot, sums, z.Slots);
        }
    }

    private readonly struct Job(WindowImagesForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c.Scratch(worker), c);
    }
}

/// <summary>Both gradients of a window convolution of small maps, piece by piece and many images at once.</summary>
internal sealed unsafe class WindowImagesBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Chunks of images whose weight gradient is one sum.</summary>
    private const int ChunksOfSum = 4;

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
    public WindowImagesBackward(WindowUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector> end, NumberPool pool)
        : base(unit.Name, TrainingPhase.Backward)
    {
        (this.unit, this.gradient, this.end) = (unit, gradient, end);
        end.Parts = unit.Chunks.Count;
        groups = new Cuts(unit.Chunks.Count, ChunksOfSum);
        length = (unit.WeightGradient.PackedLength + 15) / 16 * 16;
        sums = pool.Reserve((long)length * groups.Count);
        MultiplyAdds = 2 * unit.MultiplyAdds;
    }

    /// <inheritdoc/>
    public override long ScratchLength => WindowImages<TSimd, TVector>.InputLength(unit)
        * (1 + (end.Adds ? 1 : 0) + (Keeps ? 1 : 0))
        + WindowImages<TSimd, TVector>.GradientLength(unit) + 64;

    private bool Keeps => end.Keeps && unit.X.Activated is not null;

    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        new Span<float>(sums.Pointer, length * groups.Count).Clear();
        WorkPool.For(c.Pool, groups.Count * unit.Window.Pieces.Count, new Job(this, c));
        SumReduction.Run(c.Pool, sums.Pointer, length, groups.Count);
        unit.WeightGradient.Unpack(sums.Pointer, CpuDevice.Span(unit.Weight.Gradient));
    }

    private void RunGroup(int item, float* scratch, TrainingContext c)
    {
        int group = item / unit.Window.Pieces.Count, piece = item % unit.Window.Pieces.Count;
        for (int i = 0; i < groups.Length(group); i++)
        {
            RunOne(groups.First(group) + i, piece, sums.Pointer + (long)group * length, scratch, c);
        }
    }

    private void RunOne(int chunk, int p, float* packed, float* scratch, TrainingContext c)
    {
        int first = unit.Chunks.First(chunk), images = unit.Chunks.Length(chunk), lanes = TSimd.Lanes;
        BlockedPiece piece = unit.Window.Pieces[p], back = unit.InputGradient.Pieces[p];
        BatchMap z = unit.Z, dx = unit.X.Runs[0].Gradient.Map;
        float* dz = scratch + WindowImages<TSimd, TVector>.InputLength(unit);
        float* result = dz + WindowImages<TSimd, TVector>.GradientLength(unit);
        float* kept = !Keeps || (piece.FirstIn, piece.InBlocks) != (back.FirstOut, back.OutBlocks) ? null
            : result + (end.Adds ? WindowImages<TSimd, TVector>.InputLength(unit) : 0);
        float* a = WindowImages<TSimd, TVector>.Input(unit, c, piece, first, images, scratch, out int stride, kept,
            WindowUnit<TSimd, TVector>.Stays(piece, back) ? dx : null);
        int dzStride = images * z.ImagePixels * lanes, pixels = images * dx.ImagePixels;
        gradient.Fill(c, first * z.ImagePixels, 1, images * z.ImagePixels, back.FirstIn, back.InBlocks, dz, dzStride,
            0);
        unit.WeightGradient.RunImages(p, a, stride, dz, dzStride, packed, images);
        float* y = dx.At(c.Arena, first * dx.ImagePixels) + (long)back.FirstOut * dx.BlockStride;
        unit.InputGradient.RunImages(p, dz, dzStride, unit.Turned.Pointer, unit.Zeros.Pointer, end.Adds ? result : y,
            end.Adds ? pixels * lanes : dx.BlockStride, images);
        for (int b = 0; end.Adds && b < back.OutBlocks; b++)
        {
            JoinForward<TSimd, TVector>.Add(result + (long)b * pixels * lanes, y + (long)b * dx.BlockStride,
                pixels * lanes);
        }

        end.Done(c, chunk, first * dx.ImagePixels, pixels, back.FirstOut, back.OutBlocks, kept,
            pixels * lanes);
    }

    private readonly struct Job(WindowImagesBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunGroup(index, c.Scratch(worker), c);
    }
}

/// <summary>What both directions read.</summary>
internal static unsafe class WindowImages<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of the input of a piece and a chunk.</summary>
    public static long InputLength(WindowUnit<TSimd, TVector> unit) => (unit.MostInBlocks
        * (long)unit.Chunks.Each * unit.X.Shape.H * unit.X.Shape.W * TSimd.Lanes + 15) / 16 * 16;

    /// <summary>Floats of the gradient of a piece's result and a chunk.</summary>
    public static long GradientLength(WindowUnit<TSimd, TVector> unit) => (unit.MostOutBlocks
        * (long)unit.Chunks.Each * unit.Z.ImagePixels * TSimd.Lanes + 15) / 16 * 16;

    /// <summary>The input of some images of a piece: a stored map where it stands, else what is computed from it, in
    /// scratch, and where there is memory for it the swish's σ. What is written next is fetched on the way.</summary>
    public static float* Input(WindowUnit<TSimd, TVector> unit, TrainingContext c, BlockedPiece piece, int first,
        int images, float* scratch, out int blockStride, float* kept, BatchMap? next)
    {
        BatchMap map = unit.X.Runs[0].Map;
        if (unit.X.Activated is null)
        {
            blockStride = map.BlockStride;
            return map.At(c.Arena, first * map.ImagePixels) + (long)piece.FirstIn * map.BlockStride;
        }

        int pixels = images * map.ImagePixels;
        blockStride = pixels * TSimd.Lanes;
        unit.X.FillRows(c, first * map.ImagePixels, 1, pixels, piece.FirstIn, piece.InBlocks, scratch, blockStride, 0,
            kept, next);
        return scratch;
    }
}
