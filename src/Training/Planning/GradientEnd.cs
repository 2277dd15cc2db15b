namespace MuxKernels.Training;

/// <summary>
/// A step's part in the gradient of a map. Of the step that writes it last, bands are taken up while they are hot: the
/// sums that batch normalisation's or squeeze-excite's gradient needs of them, and d over g.
/// </summary>
/// <param name="map">The gradient.</param>
internal sealed unsafe class GradientEnd<TSimd, TVector>(GradientMap map)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private UnitGradient<TSimd, TVector>? reader;
    private Numbers? sums;
    private bool isGated;

    /// <summary>The gradient.</summary>
    public GradientMap Map => map;

    /// <summary>Whether somebody has written it before, so that the step adds.</summary>
    public bool Adds { get; } = map.Write();

    /// <summary>Parts of the batch in which the step finishes the map, cut by shape: set by the step when it is
    /// made.</summary>
    public int Parts { get; set; }

    /// <summary>The same parts, where they are equal runs of pixels.</summary>
    public Cuts? Runs { get; set; }

    /// <summary>Sums of the first part, [parts][2·slots].</summary>
    public float* Sums => sums!.Pointer;

    /// <summary>Whether it helps to keep σ of the map's activation where the step computes it anyway.</summary>
    public bool Keeps => reader is { Norm: { Activation: ActivationKind.Swish, Kept: null } }
        && (isGated || reader.IsReady);

    /// <summary>Lets a unit whose gradient this is take it from here.</summary>
    /// <param name="unit">The unit's gradient.</param>
    /// <param name="pool">Where the sums are reserved.</param>
    public void Serve(UnitGradient<TSimd, TVector> unit, NumberPool pool)
    {
        reader = unit;
        sums = pool.Reserve(2L * Parts * unit.Norm.Z.Slots);
    }

    /// <summary>Lets squeeze-excite, whose gradient this is, take it from here: five sums of each image in each part,
    /// [part + image][5·slots].</summary>
    /// <param name="unit">The unit's gradient.</param>
    /// <param name="pool">Where the sums are reserved.</param>
    public void ServeGates(UnitGradient<TSimd, TVector> unit, NumberPool pool)
    {
        (reader, isGated) = (unit, true);
        sums = pool.Reserve((long)BlockedNorm<TSimd, TVector>.GateGradientKinds * (Parts + unit.Norm.Z.Shape.N)
            * unit.Norm.Z.Slots);
    }

    /// <summary>To be called by the step when it has written a run of pixels of some blocks and nobody else will;
    /// each block of each part once.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="part">Which part the pixels are.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="kept">σ of the pixels; null where it was not kept.</param>
    /// <param name="keptBlock">Floats from block to block there.</param>
    public void Done(TrainingContext c, int part, int first, int pixels, int firstBlock, int blocks, float* kept = null,
        nint keptBlock = 0)
    {
        if (isGated)
        {
            reader!.FinishGates(c, part, first, pixels, firstBlock, blocks, Sums, kept, keptBlock);
        }
        else
        {
            reader?.Finish(c, first, pixels, firstBlock, blocks,
                Sums + (2L * part * reader.Norm.Z.Slots) + (firstBlock * TSimd.Lanes), kept, keptBlock);
        }
    }

    /// <summary>The five sums of an image: of all parts, in their order.</summary>
    public void ImageSums(int image, float* to)
    {
        BatchMap z = reader!.Norm.Z;
        Cuts runs = Runs!.Value;
        int first = image * z.ImagePixels / runs.Each, last = ((image + 1) * z.ImagePixels - 1) / runs.Each;
        int length = BlockedNorm<TSimd, TVector>.GateGradientKinds * z.Slots;
        new Span<float>(Sums + (long)(first + image) * length, length).CopyTo(new Span<float>(to, length));
        for (int run = first + 1; run <= last; run++)
        {
            JoinForward<TSimd, TVector>.Add(Sums + (long)(run + image) * length, to, length);
        }
    }
}
