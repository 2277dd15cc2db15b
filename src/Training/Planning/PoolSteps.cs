namespace MuxKernels.Training;

/// <summary>Means of an activated map over each image, channels in their order.</summary>
internal sealed unsafe class MeanForward<TSimd, TVector>(string name, ActivatedMap x, Numbers sums, Numbers mean)
    : TrainingStep(name, TrainingPhase.Forward)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c) => WorkPool.For(c.Pool, x.Z.Shape.N, new Job(this, c));

    private void RunOne(int image, TrainingContext c)
    {
        BatchMap z = x.Z;
        float* own = sums.Pointer + (long)image * z.Slots;
        new Span<float>(own, z.Slots).Clear();
        BlockedBand band = new()
        {
            Blocks = z.Blocks,
            Rows = 1,
            Columns = z.ImagePixels,
            Z = z.At(c.Arena, image * z.ImagePixels),
            ZBlock = z.BlockStride,
            Scale = x.Norm.Scale.Pointer,
            Shift = x.Norm.Shift.Pointer,
        };
        if (x.Norm.Kept is { } kept)
        {
            band.Kept = kept.At(c.Arena, image * z.ImagePixels);
            band.KeptBlock = kept.BlockStride;
            BlockedNorm<TSimd, TVector>.SumsKeeping(&band, own);
        }
        else
        {
            BlockedNorm<TSimd, TVector>.Sums(x.Norm.Activation, &band, own);
        }

        BlockedNormCoefficients.ToChannels(own, (int*)x.Norm.Channels.Pointer, z.Slots, 1f / z.ImagePixels,
            mean.Pointer + (long)image * z.Shape.C);
    }

    private readonly struct Job(MeanForward<TSimd, TVector> step, TrainingContext c) : IWork
    {
        public void Run(int index, int worker) => step.RunOne(index, c);
    }
}

/// <summary>Drop-connect's factors: one coin for each image.</summary>
/// <param name="name">Path of the module.</param>
/// <param name="args">The operation as it was recorded.</param>
/// <param name="number">Which of the network's random operations it is.</param>
/// <param name="x">What is dropped.</param>
internal sealed unsafe class DropForward(string name, Dropout.Args args, int number, ActivatedMap x)
    : TrainingStep(name, TrainingPhase.Forward)
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        int images = x.Z.Shape.N;
        float* factors = stackalloc float[images];
        new Span<float>(factors, images).Fill(1f);
        Dropout.Forward(new Dropout.Args(new Shape(images, 1, 1, 1), args.Rate, SplitMix.Hash(c.Seed + (ulong)number),
            wholeImages: true), new ReadOnlySpan<float>(factors, images), new Span<float>(factors, images));
        for (int n = 0; n < images; n++)
        {
            x.Gate!.Gate.Span.Slice(n * x.Z.Slots, x.Z.Slots).Fill(factors[n]);
        }
    }
}

/// <summary>Brings the gradient of the means to every pixel: as what each adds.</summary>
internal sealed unsafe class MeanBackward(string name, ActivatedMap x, Numbers dmean, GateUnit gate)
    : TrainingStep(name, TrainingPhase.Backward)
{
    /// <inheritdoc/>
    public override void Run(TrainingContext c)
    {
        BatchMap z = x.Z;
        for (int n = 0; n < z.Shape.N; n++)
        {
            BlockedNormCoefficients.ToSlots(dmean.Pointer + (long)n * z.Shape.C, (int*)x.Norm.Channels.Pointer,
                z.Slots, 1f / z.ImagePixels, gate.Pooled.Pointer + (long)n * z.Slots);
        }
    }
}
