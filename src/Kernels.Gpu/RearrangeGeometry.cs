namespace MuxKernels;

/// <summary>Geometry of a rearrangement between space and channels.</summary>
/// <param name="FineC">Channels of the fine map.</param>
/// <param name="CoarseH">Rows of the coarse map.</param>
/// <param name="CoarseW">Columns of the coarse map.</param>
/// <param name="Factor">The factor, r: the fine map is r times as high and wide.</param>
/// <param name="Blocks">Groups of threads for each plane of the result.</param>
public readonly record struct RearrangeGeometry(int FineC, int CoarseH, int CoarseW, int Factor, int Blocks);
