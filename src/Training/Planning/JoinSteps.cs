namespace MuxKernels.Training;

/// <summary>What is added to a block's result: channels of stored maps, slot for slot.</summary>
/// <param name="Places">For each slot of the result where its addend stands; null where there is none.</param>
internal sealed record Residual(BatchPlace?[] Places)
{
    /// <summary>The map whose blocks stand exactly as the result's, and the first of them; null where channels have to
    /// be gathered.</summary>
    public StoredMap? Aligned(int lanes, out int firstBlock)
    {
        firstBlock = 0;
        if (Places[0] is not { } first || first.Slot % lanes != 0)
        {
            return null;
        }

        firstBlock = first.Slot / lanes;
        for (int s = 0; s < Places.Length; s++)
        {
            if (Places[s] is { } place
                && (!ReferenceEquals(place.Map, first.Map) || place.Slot != first.Slot + s))
            {
                return null;
            }

            // A lane without a channel takes what stands in its partner: that must be a lane without one too.
            if (Places[s] is null && first.Map.Map.Order[first.Slot + s] >= 0)
            {
                return null;
            }
        }

        return first.Map;
    }
}

/// <summary>Stores an activated map, with or without an addend: the result of a block.</summary>
internal sealed unsafe class JoinForward<TSimd, TVector>(string name, ActivatedMap y, Residual? residual, StoredMap to)
    : TrainingStep(name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Operand<TSimd, TVector> operand = new(y);

    private Cuts Runs { get; } = new(y.Z.Pixels, Math.Max(64, Math.Min(2048, (y.Z.Pixels + 15) / 16)));

    /// <inheritdoc/>
    public override void Run(TrainingContext c) => WorkPool.For(c.Pool, Runs.Count, new Job(this, c));

    private void RunOne(int run, TrainingContext c)
    {
        int first = Runs.First(run), pixels = Runs.Length(run), lanes = TSimd.Lanes;
        float* x = to.Map.At(c.Arena, first);
        operand.FillRows(c, first, 1, pixels, 0, y.Z.Blocks, x, to.Map.BlockStride, 0);
        if (residual?.Aligned(lanes, out int block) is { } map)
        {
            for (int b = 0; b < y.Z.Blocks; b++)
            {
                float* from = map.Map.At(c.Arena, first) + (long)(block + b) * map.Map.BlockStride;
                Add(from, x + (long)b * to.Map.BlockStride, pixels * lanes);
            }
        }
        else if (residual is not null)
        {
            for (int s = 0; s < residual.Places.Length; s++)
            {
                if (residual.Places[s] is { } place)
                {
                    float* from = c.Arena + place.Map.Map.OffsetOf(place.Slot) + (long)first * lanes;
                    float* sum = c.Arena + to.Map.OffsetOf(s) + (long)first * lanes;
                    for (int p = 0; p < pixels * lanes; p += lanes)
                    {
                        sum[p] += from[p];
                    }
                }
            }
        }
    }

    internal static void Add(float* from, float* to, int floats)
    {
        for (nint i = 0; i < floats; i += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(to + i), TSimd.Load(from + i)), to + i);
        }
    }

    private readonly struct Job(JoinForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c);
    }
}

/// <summary>Brings a block's gradient to what was added.</summary>
internal sealed unsafe class JoinBackward<TSimd, TVector> : TrainingStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly BatchMap g;
    private readonly Residual residual;
    private readonly GradientEnd<TSimd, TVector>[] ends;
    private readonly Cuts runs;

    /// <param name="name">Path of the module.</param>
    /// <param name="g">The gradient of the result.</param>
    /// <param name="residual">What was added.</param>
    /// <param name="ends">The gradients of the maps that were added.</param>
    public JoinBackward(string name, BatchMap g, Residual residual, GradientEnd<TSimd, TVector>[] ends)
        : base(name, TrainingPhase.Backward)
    {
        (this.g, this.residual, this.ends) = (g, residual, ends);
        runs = new Cuts(g.Pixels, Math.Max(64, Math.Min(2048, (g.Pixels + 15) / 16)));
        Array.ForEach(ends, e => e.Parts = runs.Count);
    }

    /// <inheritdoc/>
    public override void Run(TrainingContext c) => WorkPool.For(c.Pool, runs.Count, new Job(this, c));

    private void RunOne(int run, TrainingContext c)
    {
        int first = runs.First(run), pixels = runs.Length(run), lanes = TSimd.Lanes;
        foreach (GradientEnd<TSimd, TVector> end in ends)
        {
            BatchMap map = end.Map.Map;
            for (int b = 0; !end.Adds && b < map.Blocks; b++)
            {
                new Span<float>(map.At(c.Arena, first) + (long)b * map.BlockStride, pixels * lanes).Clear();
            }
        }

        Add(c, first, pixels);
        foreach (GradientEnd<TSimd, TVector> end in ends)
        {
            end.Done(c, run, first, pixels, 0, end.Map.Map.Blocks);
        }
    }

    private void Add(TrainingContext c, int first, int pixels)
    {
        int lanes = TSimd.Lanes;

        if (residual.Aligned(lanes, out int block) is { } aligned)
        {
            BatchMap to = aligned.Gradient.Map;
            for (int b = 0; b < g.Blocks; b++)
            {
                JoinForward<TSimd, TVector>.Add(g.At(c.Arena, first) + (long)b * g.BlockStride,
                    to.At(c.Arena, first) + (long)(block + b) * to.BlockStride, pixels * lanes);
            }

            return;
        }

        for (int s = 0; s < residual.Places.Length; s++)
        {
            if (residual.Places[s] is { } place)
            {
                float* from = c.Arena + g.OffsetOf(s) + (long)first * lanes;
                float* sum = c.Arena + place.Map.Gradient.Map.OffsetOf(place.Slot) + (long)first * lanes;
                for (int p = 0; p < pixels * lanes; p += lanes)
                {
                    sum[p] += from[p];
                }
            }
        }
    }

    private readonly struct Job(JoinBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c);
    }
}
