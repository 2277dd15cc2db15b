namespace MuxKernels.Inference;

/// <summary>
/// The stem and the window convolution after it, band by band: the window finds the stem's rows in the cache. The
/// stem's map is stored as well, for others may read it. Rows at the seam of two items are written by both, with the
/// same bits.
/// </summary>
internal sealed unsafe class StemWindowStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Bytes of the stem's rows in a band.</summary>
    private const int BandBytes = 64_000;

    private readonly StemStep<TSimd, TVector> stem;
    private readonly Map map;
    private readonly BlockedWindow window;
    private readonly Packed weights;
    private readonly Ending ending;
    private readonly int band;
    private readonly int bands;
    private readonly int bandsPerItem;

    public StemWindowStep(string name, string kind, StemStep<TSimd, TVector> stem, Map map, BlockedWindow window,
        Packed weights, Ending ending, int workers)
        : base(name, kind)
    {
        (this.stem, this.map, this.window, this.weights, this.ending) = (stem, map, window, weights, ending);
        band = BandRows(window, map);
        bands = (window.OutHeight + band - 1) / band;
        int chunks = workers == 1 ? 1 : Math.Clamp(2 * workers, 1, bands);
        bandsPerItem = (bands + chunks - 1) / chunks;
        Items = (bands + bandsPerItem - 1) / bandsPerItem;
        MultiplyAdds = stem.MultiplyAdds + window.Pieces.Sum(p => p.MultiplyAdds);
        VectorMultiplyAdds = stem.VectorMultiplyAdds + window.Pieces.Sum(p => p.VectorMultiplyAdds);
        long outputs = (long)ending.Blocks * TSimd.Lanes * window.OutHeight * window.OutWidth;
        Activations = stem.Activations + (ending.Activation == ActivationKind.None ? 0 : outputs);
        Bytes = stem.Bytes + sizeof(float) * (weights.Length + outputs);
        Layout = stem.Layout;
        Tile = $"{Items}, bands of {band}";
    }

    /// <inheritdoc/>
    public override int ScratchLength => stem.ScratchFor((band - 1) * window.Stride + 1 + 2 * window.Border);

    /// <summary>Output rows of a band, by shape alone.</summary>
    public static int BandRows(BlockedWindow window, Map map) => Math.Clamp(
        BandBytes / (sizeof(float) * map.RowStride * map.Blocks * window.Stride), 2, window.OutHeight);

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        int border = window.Border, stride = window.Stride, endBand = Math.Min(bands, (item + 1) * bandsPerItem);
        int done = Math.Max(0, item * bandsPerItem * band * stride - border);
        for (int b = item * bandsPerItem; b < endBand; b++)
        {
            int first = b * band, rows = Math.Min(band, window.OutHeight - first);
            int until = Math.Min(map.Height, (first + rows - 1) * stride + border + 1);

            // Rows of the map that no output reads are written all the same: others may want them.
            until = first + rows == window.OutHeight ? map.Height : until;
            while (done < until)
            {
                int some = Math.Min(until - done, (band - 1) * stride + 1 + 2 * border);
                stem.RunRows(new Rows(done, some), c);
                done += some;
            }

            for (int p = 0; p < window.Pieces.Count; p++)
            {
                BlockedPiece piece = window.Pieces[p];
                window.Run(p, c.Arena + map.Start + (long)piece.FirstIn * map.BlockStride, map.BlockStride,
                    map.RowStride, weights.Pointer, ending.Store(c, TSimd.Lanes, piece.FirstOut, b), first, rows);
            }
        }
    }
}
