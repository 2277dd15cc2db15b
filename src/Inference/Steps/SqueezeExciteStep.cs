namespace MuxKernels.Inference;

/// <summary>The two layers of squeeze-excite on pooled sums: what they need to run.</summary>
internal sealed class SqueezeExciteLayers
{
    public required SqueezeExcite.Args Args { get; init; }

    /// <summary>Sums, [chunks][slots].</summary>
    public required Region Sums { get; init; }

    public required int Chunks { get; init; }

    public required int Slots { get; init; }

    public required Packed Reduce { get; init; }

    public required Packed ReduceBias { get; init; }

    public required Packed Expand { get; init; }

    public required Packed ExpandBias { get; init; }

    /// <summary>The hidden units, where the two layers are steps of their own.</summary>
    public required Region Hidden { get; init; }

    public required Gate Gate { get; init; }
}

/// <summary>Squeeze-excite's gate: means of the map, hidden units, factors. Small ones are one item; large ones two
/// steps (<see cref="Part"/> 1 and 2) whose items are runs of outputs.</summary>
internal sealed unsafe class SqueezeExciteStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly SqueezeExciteLayers layers;
    private readonly int perItem;

    /// <param name="name">Path of the module.</param>
    /// <param name="layers">Weights and memory.</param>
    /// <param name="part">0 for both layers, 1 or 2 for one of them.</param>
    /// <param name="wanted">Items wanted.</param>
    public SqueezeExciteStep(string name, SqueezeExciteLayers layers, int part, int wanted)
        : base(name, part switch { 0 => "squeeze-excite", 1 => "squeeze", _ => "excite" })
    {
        (this.layers, Part) = (layers, part);
        SqueezeExcite.Args a = layers.Args;
        int outputs = part == 1 ? a.Reduced : a.X.C, unit = BlockedLinear<TSimd, TVector>.OutputStep;
        int units = (outputs + unit - 1) / unit;
        perItem = part == 0 ? outputs : (units + wanted - 1) / wanted * unit;
        Items = part == 0 ? 1 : (outputs + perItem - 1) / perItem;
        MultiplyAdds = (long)a.X.C * a.Reduced * (part == 0 ? 2 : 1);
        VectorMultiplyAdds = MultiplyAdds;
        Bytes = sizeof(float) * ((part == 2 ? 0 : layers.Reduce.Length) + (part == 1 ? 0 : layers.Expand.Length));
        Layout = "vector";
        Tile = $"{Items}";
    }

    /// <summary>0 for both layers, 1 or 2 for one of them.</summary>
    public int Part { get; }

    /// <inheritdoc/>
    public override int ScratchLength => layers.Slots + layers.Args.Reduced + 64;

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        SqueezeExcite.Args a = layers.Args;
        float* mean = c.Scratch;
        float* hidden = Part == 0 ? mean + (layers.Slots + 15) / 16 * 16 : c.At(layers.Hidden);
        if (Part != 2)
        {
            Mean(c.At(layers.Sums), layers.Chunks, layers.Slots, 1f / a.X.Pixels, mean);
            int first = Part == 0 ? 0 : item * perItem;
            BlockedLinear<TSimd, TVector>.Run(mean, layers.Slots, 1, layers.Slots, layers.Reduce.Pointer,
                layers.ReduceBias.Pointer, a.Activation, hidden, a.Reduced, first,
                Part == 0 ? a.Reduced : Math.Min(perItem, a.Reduced - first));
        }

        if (Part != 1)
        {
            float* gate = c.At(layers.Gate.Region);
            int first = Part == 0 ? 0 : item * perItem;
            BlockedLinear<TSimd, TVector>.Run(hidden, a.Reduced, 1, a.Reduced, layers.Expand.Pointer,
                layers.ExpandBias.Pointer, a.Gate, gate, a.X.C, first,
                Part == 0 ? a.X.C : Math.Min(perItem, a.X.C - first));
            if (item == 0)
            {
                new Span<float>(gate + a.X.C, layers.Gate.Ones).Fill(1f);
            }
        }
    }

    /// <summary><c>mean[s] = (Σ over chunks, in order) · factor</c>.</summary>
    internal static void Mean(float* sums, int chunks, int slots, float factor, float* mean)
    {
        TVector f = TSimd.Set(factor);
        for (int s = 0; s < slots; s += TSimd.Lanes)
        {
            TVector sum = TSimd.Load(sums + s);
            for (int chunk = 1; chunk < chunks; chunk++)
            {
                sum = TSimd.Add(sum, TSimd.Load(sums + (long)chunk * slots + s));
            }

            TSimd.Store(TSimd.Mul(sum, f), mean + s);
        }
    }
}
