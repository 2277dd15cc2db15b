using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>Squeeze-excite of a batch: its weights and the small matrices between the map and its factors.</summary>
internal sealed unsafe class ExciteUnit(string name, SqueezeExcite.Args args, Parameter w1, Parameter b1, Parameter w2,
    Parameter b2, ActivatedMap x, NumberPool pool)
{
    private readonly Numbers inner = pool.Reserve((long)args.X.N * args.Reduced);
    private readonly Numbers hidden = pool.Reserve((long)args.X.N * args.Reduced);
    private readonly Numbers outer = pool.Reserve((long)args.X.N * args.X.C);
    private readonly Numbers delta = pool.Reserve((long)args.X.N * args.Reduced);
    private readonly Numbers transposed = pool.Reserve((long)args.X.C * args.Reduced);

    /// <summary>Path of the module.</summary>
    public string Name => name;

    /// <summary>What is excited.</summary>
    public ActivatedMap X => x;

    /// <summary>Sums over each image, five kinds, [images][5·slots].</summary>
    public Numbers Sums { get; } = pool.Reserve(5L * args.X.N * x.Z.Slots);

    /// <summary>Means, [images][channels].</summary>
    public Numbers Mean { get; } = pool.Reserve((long)args.X.N * args.X.C);

    /// <summary>Factors by channel.</summary>
    public Numbers Gates { get; } = pool.Reserve((long)args.X.N * args.X.C);

    /// <summary>Gradient of the factors by channel.</summary>
    public Numbers Dgates { get; } = pool.Reserve((long)args.X.N * args.X.C);

    /// <summary>Gradient of the means.</summary>
    public Numbers Dmean { get; } = pool.Reserve((long)args.X.N * args.X.C);

    /// <summary>The kernels' view of it.</summary>
    public SqueezeExciteMeans Means() => new()
    {
        Images = args.X.N,
        Channels = args.X.C,
        Reduced = args.Reduced,
        Activation = args.Activation,
        Gate = args.Gate,
        Mean = Mean.Pointer,
        W1 = NormUnit.At(w1.Data),
        B1 = NormUnit.At(b1.Data),
        W2 = NormUnit.At(w2.Data),
        B2 = NormUnit.At(b2.Data),
        Inner = inner.Pointer,
        Hidden = hidden.Pointer,
        Outer = outer.Pointer,
        W2Transposed = transposed.Pointer,
        Gates = Gates.Pointer,
        Dgates = Dgates.Pointer,
        Delta = delta.Pointer,
        Dmean = Dmean.Pointer,
        Dw1 = NormUnit.At(w1.Gradient),
        Db1 = NormUnit.At(b1.Gradient),
        Dw2 = NormUnit.At(w2.Gradient),
        Db2 = NormUnit.At(b2.Gradient),
    };
}

/// <summary>Factors from the means.</summary>
internal sealed unsafe class ExciteForward<TSimd, TVector>(ExciteUnit unit)
    : TrainingStep(unit.Name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        SqueezeExciteMeans means = unit.Means();
        SqueezeExciteMeans.Forward<TSimd, TVector>(&means, c.Pool);
        BatchMap z = unit.X.Z;
        for (int n = 0; n < z.Shape.N; n++)
        {
            BlockedNormCoefficients.ToSlots(unit.Gates.Pointer + (long)n * z.Shape.C,
                (int*)unit.X.Norm.Channels.Pointer, z.Slots, 1f, unit.X.Gate!.Gate.Pointer + (long)n * z.Slots);
        }
    }
}

/// <summary>One pass over the gated map and its gradient: the gradient of the factors, through the two layers to the
/// means, and with both the sums that the normalisation's gradient needs.</summary>
/// <param name="unit">Squeeze-excite.</param>
/// <param name="gradient">The unit's gradient.</param>
/// <param name="end">The step that has taken the sums while it wrote the gradient; null for none.</param>
internal sealed unsafe class ExciteBackward<TSimd, TVector>(ExciteUnit unit, UnitGradient<TSimd, TVector> gradient,
    GradientEnd<TSimd, TVector>? end) : TrainingStep(unit.Name, TrainingPhase.Backward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        BatchMap z = unit.X.Z;
        WorkPool.For(c.Pool, z.Shape.N, new Job(this, c));
        SqueezeExciteMeans means = unit.Means();
        SqueezeExciteMeans.Backward<TSimd, TVector>(&means, c.Pool);
        int kinds = BlockedNorm<TSimd, TVector>.GateGradientKinds * z.Slots;
        GateUnit gate = unit.X.Gate!;
        for (int n = 0; n < z.Shape.N; n++)
        {
            float* pooled = gate.Pooled.Pointer + (long)n * z.Slots;
            BlockedNormCoefficients.ToSlots(unit.Dmean.Pointer + (long)n * z.Shape.C,
                (int*)unit.X.Norm.Channels.Pointer, z.Slots, 1f / z.ImagePixels, pooled);
            BlockedNorm<TSimd, TVector>.CombineSums(z.Slots, gate.Gate.Pointer + (long)n * z.Slots, pooled,
                unit.Sums.Pointer + (long)n * kinds, gradient.Norm.SumsOf(n));
        }

        gradient.Norm.Backward(gradient.Norm.Sums.Pointer, z.Shape.N);
    }

    private void RunOne(int image, TrainingContext c)
    {
        BatchMap z = unit.X.Z;
        int kinds = BlockedNorm<TSimd, TVector>.GateGradientKinds * z.Slots;
        float* sums = unit.Sums.Pointer + (long)image * kinds;
        if (end is not null)
        {
            end.ImageSums(image, sums);
        }
        else
        {
            new Span<float>(sums, kinds).Clear();
            gradient.GateSums(c, image, sums);
        }

        BlockedNormCoefficients.ToChannels(sums, (int*)unit.X.Norm.Channels.Pointer, z.Slots, 1f,
            unit.Dgates.Pointer + (long)image * z.Shape.C);
    }

    private readonly struct Job(ExciteBackward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c);
    }
}
