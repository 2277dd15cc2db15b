namespace MuxKernels.Training;

/// <summary>
/// A step's part in the gradient of a map. Of the step that writes it last, bands are taken up while they are hot: the
/// sums that batch normalisation's gradient needs of them, and d over g.
/// </summary>
/// <param name="map">The gradient.</param>
internal sealed unsafe class GradientEnd<TSimd, TVector>(GradientMap map)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private UnitGradient<TSimd, TVector>? reader;
    private Numbers? sums;

    /// <summary>The gradient.</summary>
    public GradientMap Map => map;

    /// <summary>Whether somebody has written it before, so that the step adds.</summary>
    public bool Adds { get; } = map.Write();

    /// <summary>Parts of the batch in which the step finishes the map, cut by shape: set by the step when it is
    /// made.</summary>
    public int Parts { get; set; }

    /// <summary>Sums of the first part, [parts][2·slots].</summary>
    public float* Sums => sums!.Pointer;

    /// <summary>Lets a unit whose gradient this is take it from here.</summary>
    /// <param name="unit">The unit's gradient.</param>
    /// <param name="pool">Where the sums are reserved.</param>
    public void Serve(UnitGradient<TSimd, TVector> unit, NumberPool pool)
    {
        reader = unit;
        sums = pool.Reserve(2L * Parts * unit.Norm.Z.Slots);
    }

    /// <summary>To be called by the step when it has written a run of pixels of some blocks and nobody else will;
    /// each block of each part once.</summary>
    /// <param name="c">The step's memory.</param>
    /// <param name="part">Which part the pixels are.</param>
    /// <param name="first">First pixel of the batch.</param>
    /// <param name="pixels">Pixels.</param>
    /// <param name="firstBlock">First block.</param>
    /// <param name="blocks">Blocks.</param>
    public void Done(TrainingContext c, int part, int first, int pixels, int firstBlock, int blocks) =>
        reader?.Finish(c, first, pixels, firstBlock, blocks,
            Sums + (2L * part * reader.Norm.Z.Slots) + (firstBlock * TSimd.Lanes));
}
