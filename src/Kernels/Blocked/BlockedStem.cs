using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Dense k×k convolution from the planes of an image (few channels) to a blocked map. The input rows that are needed are
/// copied between zeros, so that a tap of an output pixel is an offset as an input channel of a 1×1 convolution is, and
/// the same tiles serve. Sums run over channels, then rows, then columns of the window. Weights have to be finite: they
/// are multiplied with the padding's zeros.
/// </summary>
internal static unsafe class BlockedStem<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int CacheLine = 16;

    /// <summary>Blocks of output channels.</summary>
    public static int OutBlocks(in DenseConv.Args args) => (args.Y.C + TSimd.Lanes - 1) / TSimd.Lanes;

    /// <summary>Floats of the packed weights.</summary>
    public static int PackedLength(in DenseConv.Args args) =>
        BlockedPointwise<TSimd, TVector>.PackedLength(args.Depth, OutBlocks(args));

    /// <summary>Packs weights; output channel o stands in lane o.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="w"><c>[O, C, k, k]</c>.</param>
    /// <param name="scale">A factor for each output channel; empty for none.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats.</param>
    public static void Pack(in DenseConv.Args args, ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed)
    {
        int depth = args.Depth, lanes = OutBlocks(args) * TSimd.Lanes;
        const int Vectors = BlockedPointwise<TSimd, TVector>.ColumnVectors;
        for (int first = 0; first < lanes; first += Vectors * TSimd.Lanes)
        {
            int end = Math.Min(first + Vectors * TSimd.Lanes, lanes);
            for (int i = 0; i < depth; i++)
            {
                for (int o = first; o < end; o++)
                {
                    *packed++ = o >= args.Y.C ? 0f : scale.IsEmpty ? w[o * depth + i] : w[o * depth + i] * scale[o];
                }
            }
        }
    }

    /// <summary>Floats of scratch memory for so many output rows.</summary>
    public static int ScratchLength(in DenseConv.Args args, int rows)
    {
        StemRows copy = new(args, Math.Min(rows, BandRows(args)));
        return checked(copy.TableLength + args.X.C * copy.Plane + CacheLine);
    }

    /// <summary>Computes some output rows of one image, all output channels.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">The image's planes.</param>
    /// <param name="packed">The packed weights.</param>
    /// <param name="store">Where the output blocks go.</param>
    /// <param name="firstRow">First output row.</param>
    /// <param name="rows">Number of output rows.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public static void Run(in DenseConv.Args args, float* x, float* packed, in BlockedStore store, int firstRow,
        int rows, float* scratch)
    {
        TileEpilogue<TSimd, TVector>.ClearSums(store, OutBlocks(args));
        int band = Math.Min(rows, BandRows(args)), end = firstRow + rows;
        for (; firstRow < end; firstRow += band)
        {
            band = Math.Min(band, end - firstRow);
            Band(args, x, packed, store, firstRow, band, TileEpilogue<TSimd, TVector>.Align(scratch));
        }
    }

    /// <summary>Output rows whose padded input stays in the first cache.</summary>
    private static int BandRows(in DenseConv.Args args)
    {
        const int Floats = 8 << 10;
        int rows = 1;
        while (rows < args.Y.H && (long)args.X.C * new StemRows(args, rows + 1).Plane <= Floats)
        {
            rows++;
        }

        return rows;
    }

    private static void Band(in DenseConv.Args args, float* x, float* packed, in BlockedStore store, int firstRow,
        int rows, float* scratch)
    {
        StemRows copy = new(args, rows);
        int* offsets = (int*)scratch;
        float* padded = scratch + copy.TableLength;
        copy.Taps(args, offsets);
        copy.Fill<TSimd, TVector>(args, x, firstRow, padded);
        fixed (BlockedStore* to = &store)
        {
            Job job = new()
            {
                Store = to,
                X = padded + copy.Start,
                RowStep = args.Window.Stride * copy.Pitch,
                Offsets = offsets,
                Depth = args.Depth,
                W = packed,
                Blocks = OutBlocks(args),
                FirstRow = firstRow,
                Rows = rows,
                Width = args.Window.OutWidth,
            };
            if (args.Window.Stride == 2)
            {
                Activation.Choose(store.Activation, new Body<PairStep>(&job));
            }
            else
            {
                Activation.Choose(store.Activation, new Body<UnitStep>(&job));
            }
        }
    }

    [SkipLocalsInit]
    private static void Finished<TStep, TFunction>(Job* job)
        where TStep : struct, IPixelStep
        where TFunction : struct, IActivationFunction
    {
        const int Most = BlockedPointwise<TSimd, TVector>.ColumnVectors;
        float* memory = stackalloc float[TileEpilogue<TSimd, TVector>.HotLength];
        float* hot = TileEpilogue<TSimd, TVector>.Align(memory);
        bool plain = TileEpilogue<TSimd, TVector>.IsPlain(*job->Store);
        BlockedTile tile = new() { Offsets = job->Offsets, Depth = job->Depth, Ahead = job->W };
        for (int h = 0; h < job->Rows; h++)
        {
            BlockedStore store = *job->Store;
            tile.W = job->W;
            for (int block = 0, vectors; block < job->Blocks; block += vectors)
            {
                vectors = Math.Min(Most, job->Blocks - block);
                tile.Start = store.Bias;
                tile.X = job->X + (nint)h * job->RowStep;
                float* y = store.Y + (nint)(job->FirstRow + h) * store.RowStride;
                tile.ToVector = plain ? store.BlockStride : TileEpilogue<TSimd, TVector>.HotVector;
                for (int v = 0, batch; v < job->Width; v += batch)
                {
                    batch = plain ? job->Width : Math.Min(job->Width - v, TileEpilogue<TSimd, TVector>.HotPixels);
                    tile.To = plain ? y : hot;
                    for (int rest = batch, done; rest > 0; rest -= done)
                    {
                        int pixels = BlockedShares.Next(rest, TSimd.Lanes, vectors, out tile.Tiles);
                        done = pixels * tile.Tiles;
                        if (vectors == 2)
                        {
                            BlockedTiles2<TSimd, TVector, TStep>.Run(pixels, &tile);
                        }
                        else
                        {
                            BlockedTiles1<TSimd, TVector, TStep>.Run(pixels, &tile);
                        }

                        tile.X += done * TStep.Floats(TSimd.Lanes);
                        tile.To += done * TSimd.Lanes;
                    }

                    if (!plain)
                    {
                        TileEpilogue<TSimd, TVector>.Run<TFunction>(store, vectors, hot, job->FirstRow + h, v, batch);
                    }
                }

                tile.W += (nint)job->Depth * vectors * TSimd.Lanes;
                store = Behind(store, vectors);
            }
        }
    }

    /// <summary>The store of the blocks behind some blocks.</summary>
    private static BlockedStore Behind(BlockedStore store, int vectors)
    {
        store.Y += (nint)vectors * store.BlockStride;
        store.Bias += vectors * TSimd.Lanes;
        store.Residual = store.Residual == null ? null : store.Residual + (nint)vectors * store.ResidualBlockStride;
        store.Sums = store.Sums == null ? null : store.Sums + vectors * TSimd.Lanes;
        return store;
    }

    private struct Job
    {
        public BlockedStore* Store;
        public float* X;
        public int RowStep;
        public int* Offsets;
        public int Depth;
        public float* W;
        public int Blocks;
        public int FirstRow;
        public int Rows;
        public int Width;
    }

    private readonly struct Body<TStep>(Job* job) : IActivationBody
        where TStep : struct, IPixelStep
    {
        private readonly Job* job = job;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction => Finished<TStep, TFunction>(job);
    }
}
