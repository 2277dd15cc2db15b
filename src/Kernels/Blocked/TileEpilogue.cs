namespace MuxKernels;

/// <summary>What happens to the sums of a tile while they are hot: <c>y = f(sum) + residual</c>, stored and added up as
/// <see cref="BlockedStore"/> says. The bias is in the sums already.</summary>
internal static unsafe class TileEpilogue<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Pixels whose sums are kept before they are finished: enough to pay for going from one loop to the
    /// other, few enough to stay in the first cache.</summary>
    public const int HotPixels = 56;

    /// <summary>Floats from the sums of the first vector to those of the second.</summary>
    public static int HotVector => HotPixels * TSimd.Lanes;

    /// <summary>Floats of memory for the sums of two vectors, with room to begin on a cache line.</summary>
    public static int HotLength => 2 * HotVector + 16;

    /// <summary>The first address on a cache line.</summary>
    public static float* Align(float* p) => (float*)(((nuint)p + 63) & ~(nuint)63);

    /// <summary>Whether nothing but the sums themselves is wanted, so that a tile may leave them where they belong.
    /// </summary>
    public static bool IsPlain(in BlockedStore store) =>
        BlockedEpilogue.IsEmpty(store) && !store.SumsOnly;

    /// <summary>Whether pixels of the output, and of the residual if there is one, follow one another over the ends of
    /// rows.</summary>
    public static bool IsFlat(in BlockedStore store, int width) => store.RowStride == width * TSimd.Lanes
        && (store.Residual == null || store.ResidualRowStride == width * TSimd.Lanes);

    /// <summary>Sets the sums of some output vectors to zero.</summary>
    public static void ClearSums(in BlockedStore store, int vectors)
    {
        if (store.Sums != null)
        {
            new Span<float>(store.Sums, vectors * TSimd.Lanes).Clear();
        }
    }

    /// <summary>Finishes some pixels of a row.</summary>
    /// <typeparam name="TFunction">f.</typeparam>
    /// <param name="store">Where to.</param>
    /// <param name="vectors">Output vectors.</param>
    /// <param name="hot">Sums of the first pixel, those of the second vector <see cref="HotVector"/> behind.</param>
    /// <param name="row">Output row.</param>
    /// <param name="column">Output column.</param>
    /// <param name="pixels">Pixels.</param>
    public static void Run<TFunction>(in BlockedStore store, int vectors, float* hot, int row, int column,
        int pixels)
        where TFunction : struct, IActivationFunction
    {
        BlockedPatch patch = new()
        {
            From = hot,
            To = store.SumsOnly ? null : store.Y + (nint)row * store.RowStride + (nint)column * TSimd.Lanes,
            Residual = store.Residual == null ? null
                : store.Residual + (nint)row * store.ResidualRowStride + (nint)column * TSimd.Lanes,
            Sums = store.Sums,
            Rows = 1,
            Columns = pixels,
        };
        for (int v = 0; v < vectors; v++)
        {
            BlockedEpilogue.Run<TSimd, TVector, TFunction>(&patch);
            patch.From += HotVector;
            patch.To = patch.To == null ? null : patch.To + store.BlockStride;
            patch.Residual = patch.Residual == null ? null : patch.Residual + store.ResidualBlockStride;
            patch.Sums = patch.Sums == null ? null : patch.Sums + TSimd.Lanes;
        }
    }
}
