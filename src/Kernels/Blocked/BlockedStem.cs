using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Dense k×k convolution from the planes of an image (few channels) to a blocked map. A tap of an output pixel is an
/// offset as an input channel of a 1×1 convolution is, and the same tiles serve. Windows inside the image read it where
/// it lies; the others read copies between zeros. Sums run over channels, then rows, then columns of the window.
/// Weights have to be finite: they are multiplied with the padding's zeros.
/// </summary>
internal static unsafe class BlockedStem<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int CacheLine = 16;

    /// <summary>Rows of a column at the edge that are computed side by side.</summary>
    internal const int EdgeRows = 14;

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
        int direct = 2 * copy.TableLength + args.Depth * EdgeRows;
        return Math.Max(checked(copy.TableLength + args.X.C * copy.Plane), direct) + CacheLine;
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
        scratch = TileEpilogue<TSimd, TVector>.Align(scratch);
        int most = Math.Min(rows, BandRows(args)), end = firstRow + rows;
        StemInside inside = new(args);
        fixed (BlockedStore* to = &store)
        {
            Job job = new()
            {
                Store = to,
                Offsets = (int*)scratch,
                Depth = args.Depth,
                W = packed,
                Blocks = OutBlocks(args),
                Stride = args.Window.Stride,
            };
            for (int count; firstRow < end; firstRow += count)
            {
                (job.FirstRow, job.FirstColumn) = (firstRow, 0);
                if (inside.Contains(firstRow))
                {
                    count = Math.Min(end, inside.EndRow) - firstRow;
                    job.Rows = count;
                    Direct(args, inside, x, &job);
                }
                else
                {
                    count = Math.Min(firstRow < inside.FirstRow ? Math.Min(end, inside.FirstRow) - firstRow
                        : end - firstRow, most);
                    job.Rows = count;
                    Copied(args, x, &job);
                }
            }
        }
    }

    /// <summary>Output rows whose padded input stays in the first cache.</summary>
    internal static int BandRows(in DenseConv.Args args)
    {
        const int Floats = 8 << 10;
        StemRows one = new(args, 1);
        int inRows = Floats / (args.X.C * one.Pitch);
        return Math.Max((inRows - one.Rows) / args.Window.Stride + 1, 1);
    }

    /// <summary>Rows whose windows leave the image at the top or the bottom, or are sorted by residue: from a copy
    /// between zeros.</summary>
    private static void Copied(in DenseConv.Args args, float* x, Job* job)
    {
        StemRows copy = new(args, job->Rows);
        float* padded = (float*)job->Offsets + copy.TableLength;
        copy.Taps(args, job->Offsets);
        copy.Fill<TSimd, TVector>(args, x, job->FirstRow, padded);
        job->X = padded + copy.Start;
        job->RowStep = args.Window.Stride * copy.Pitch;
        job->Width = args.Window.OutWidth;
        Choose(job);
    }

    /// <summary>Rows whose windows stay between top and bottom: columns inside from the image itself, the others, as
    /// many rows side by side as a tile has pixels, from gathered taps.</summary>
    private static void Direct(in DenseConv.Args args, in StemInside inside, float* x, Job* job)
    {
        Window at = args.Window;
        inside.Taps(args, job->Offsets);
        job->X = x + inside.At(at, job->FirstRow);
        job->RowStep = at.Stride * at.Width;
        (job->FirstColumn, job->Width) = (inside.FirstColumn, inside.EndColumn - inside.FirstColumn);
        Choose(job);
        int* offsets = job->Offsets + (args.Depth + CacheLine - 1) / CacheLine * CacheLine;
        float* taps = (float*)offsets + (args.Depth + CacheLine - 1) / CacheLine * CacheLine;
        for (int i = 0; i < args.Depth; i++)
        {
            offsets[i] = i * EdgeRows;
        }

        Job edge = *job;
        edge.Offsets = offsets;
        edge.X = taps;
        for (int row = job->FirstRow, end = row + job->Rows; row < end; row += EdgeRows)
        {
            (edge.FirstRow, edge.Rows) = (row, Math.Min(EdgeRows, end - row));
            for (int v = 0; v < at.OutWidth; v++)
            {
                if (v == inside.FirstColumn)
                {
                    v = inside.EndColumn - 1;
                    continue;
                }

                edge.FirstColumn = v;
                inside.Gather(args, x, row, edge.Rows, v, taps, EdgeRows);
                Activation.Choose(job->Store->Activation, new EdgeBody(&edge));
            }
        }
    }

    private static void Choose(Job* job)
    {
        if (job->Stride == 2)
        {
            Activation.Choose(job->Store->Activation, new Body<PairStep>(job));
        }
        else
        {
            Activation.Choose(job->Store->Activation, new Body<UnitStep>(job));
        }
    }

    /// <summary>One column of some rows: the pixels of the tiles are rows.</summary>
    [SkipLocalsInit]
    private static void Edge<TFunction>(Job* job)
        where TFunction : struct, IActivationFunction
    {
        float* memory = stackalloc float[TileEpilogue<TSimd, TVector>.HotLength];
        float* hot = TileEpilogue<TSimd, TVector>.Align(memory);
        BlockedTile tile = new() { Offsets = job->Offsets, Depth = job->Depth, W = job->W };
        tile.ToVector = TileEpilogue<TSimd, TVector>.HotVector;
        BlockedStore store = *job->Store;
        for (int block = 0, vectors; block < job->Blocks; block += vectors)
        {
            vectors = Math.Min(BlockedPointwise<TSimd, TVector>.ColumnVectors, job->Blocks - block);
            tile.Start = store.Bias;
            tile.X = job->X;
            tile.To = hot;
            for (int rest = job->Rows, done; rest > 0; rest -= done)
            {
                int pixels = BlockedShares.Next(rest, TSimd.Lanes, vectors, out tile.Tiles);
                done = pixels * tile.Tiles;
                BlockedTiles<TSimd, TVector, UnitStep, Activation.Identity>.Run(vectors, pixels, &tile);
                tile.X += done;
                tile.To += done * TSimd.Lanes;
            }

            for (int h = 0; h < job->Rows; h++)
            {
                TileEpilogue<TSimd, TVector>.Run<TFunction>(store, vectors, hot + h * TSimd.Lanes, job->FirstRow + h,
                    job->FirstColumn, 1);
            }

            tile.W += (nint)job->Depth * vectors * TSimd.Lanes;
            Advance(ref store, vectors);
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
                float* y = store.Y + (nint)(job->FirstRow + h) * store.RowStride + job->FirstColumn * TSimd.Lanes;
                tile.ToVector = plain ? store.BlockStride : TileEpilogue<TSimd, TVector>.HotVector;
                for (int v = 0, batch; v < job->Width; v += batch)
                {
                    batch = plain ? job->Width : Math.Min(job->Width - v, TileEpilogue<TSimd, TVector>.HotPixels);
                    tile.To = plain ? y : hot;
                    for (int rest = batch, done; rest > 0; rest -= done)
                    {
                        int pixels = BlockedShares.Next(rest, TSimd.Lanes, vectors, out tile.Tiles);
                        done = pixels * tile.Tiles;
                        BlockedTiles<TSimd, TVector, TStep, Activation.Identity>.Run(vectors, pixels, &tile);
                        tile.X += done * TStep.Floats(TSimd.Lanes);
                        tile.To += done * TSimd.Lanes;
                    }

                    if (!plain)
                    {
                        TileEpilogue<TSimd, TVector>.Run<TFunction>(store, vectors, hot, job->FirstRow + h,
                            job->FirstColumn + v, batch);
                    }
                }

                tile.W += (nint)job->Depth * vectors * TSimd.Lanes;
                Advance(ref store, vectors);
            }
        }
    }

    /// <summary>Moves a store on to the blocks behind some blocks.</summary>
    private static void Advance(ref BlockedStore store, int vectors)
    {
        store.Y += (nint)vectors * store.BlockStride;
        store.Bias += vectors * TSimd.Lanes;
        store.Residual = store.Residual == null ? null : store.Residual + (nint)vectors * store.ResidualBlockStride;
        store.Sums = store.Sums == null ? null : store.Sums + vectors * TSimd.Lanes;
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
        public int Stride;
        public int FirstRow;
        public int Rows;
        public int FirstColumn;
        public int Width;
    }

    private readonly struct EdgeBody(Job* job) : IActivationBody
    {
        private readonly Job* job = job;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction => Edge<TFunction>(job);
    }

    private readonly struct Body<TStep>(Job* job) : IActivationBody
        where TStep : struct, IPixelStep
    {
        private readonly Job* job = job;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction => Finished<TStep, TFunction>(job);
    }
}
