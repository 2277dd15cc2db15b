namespace MuxKernels;

/// <summary>
/// Weight gradient of <see cref="BlockedStem{TSimd,TVector}"/>: <c>dw[o, c, kh, kw] += Σ_p dz[o, p]·x[c, p·s + k·d −
/// pad]</c>, from the planes of an image (few channels) and a blocked dz. The lanes of a vector are output channels, a
/// tap of x meets them in every lane. Windows inside the image read it where it lies; the others read copies between
/// zeros, so dz has to be finite. A sum over a few rows begins at zero and is added to the packed sums.
/// </summary>
internal static unsafe class BlockedStemGradient<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of a block of dz that stay in the first cache while the taps go by.</summary>
    private const int ChunkFloats = 2048;

    private const int CacheLine = 16;

    /// <summary>Vectors of a tile.</summary>
    private const int Most = 2;

    /// <summary>Floats of the packed sums; the caller clears them first.</summary>
    public static int PackedLength(in DenseConv.Args args) =>
        checked(args.Depth * BlockedStem<TSimd, TVector>.OutBlocks(args) * TSimd.Lanes);

    /// <summary>Floats of scratch memory for so many output rows.</summary>
    public static int ScratchLength(in DenseConv.Args args, int rows) =>
        BlockedStem<TSimd, TVector>.ScratchLength(args, rows);

    /// <summary>Adds what some output rows of one image give to the packed sums.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">The image's planes.</param>
    /// <param name="dz">Row 0, column 0 of the first block of the output's gradient; rows of other bands are not
    /// read.</param>
    /// <param name="dzBlock">Floats from one block of dz to the next.</param>
    /// <param name="dzRow">Floats from one row of dz to the next.</param>
    /// <param name="packed">The packed sums, 64-byte aligned.</param>
    /// <param name="firstRow">First output row.</param>
    /// <param name="rows">Number of output rows.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public static void Run(in DenseConv.Args args, float* x, float* dz, nint dzBlock, nint dzRow, float* packed,
        int firstRow, int rows, float* scratch)
    {
        scratch = TileEpilogue<TSimd, TVector>.Align(scratch);
        int most = Math.Min(rows, BlockedStem<TSimd, TVector>.BandRows(args)), end = firstRow + rows;
        StemInside inside = new(args);
        Job job = new()
        {
            Packed = packed,
            Offsets = (int*)scratch,
            Depth = args.Depth,
            Blocks = BlockedStem<TSimd, TVector>.OutBlocks(args),
            Stride = args.Window.Stride,
        };
        job.Tile.DzBlock = dzBlock;
        job.Tile.DzRun = dzRow;
        for (int count; firstRow < end; firstRow += count)
        {
            job.Dz = dz + firstRow * dzRow;
            if (inside.Contains(firstRow))
            {
                count = Math.Min(end, inside.EndRow) - firstRow;
                Direct(args, inside, x, &job, firstRow, count);
            }
            else
            {
                count = Math.Min(firstRow < inside.FirstRow ? Math.Min(end, inside.FirstRow) - firstRow
                    : end - firstRow, most);
                Copied(args, x, &job, firstRow, count);
            }
        }
    }

    /// <summary>Adds packed sums to a weight gradient.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="packed">The packed sums.</param>
    /// <param name="dw"><c>[O, C, k, k]</c>; lane o is output channel o.</param>
    public static void Unpack(in DenseConv.Args args, float* packed, Span<float> dw)
    {
        int depth = args.Depth, blocks = BlockedStem<TSimd, TVector>.OutBlocks(args);
        for (int block = 0, vectors; block < blocks; block += vectors)
        {
            vectors = Math.Min(Most, blocks - block);
            int first = block * TSimd.Lanes, row = vectors * TSimd.Lanes, channels = Math.Min(row, args.Y.C - first);
            for (int i = 0; i < depth; i++, packed += row)
            {
                for (int o = 0; o < channels; o++)
                {
                    dw[(first + o) * depth + i] += packed[o];
                }
            }
        }
    }

    /// <summary>Rows whose windows leave the image at the top or the bottom, or are sorted by residue: from a copy
    /// between zeros.</summary>
    private static void Copied(in DenseConv.Args args, float* x, Job* job, int firstRow, int rows)
    {
        StemRows copy = new(args, rows);
        float* padded = (float*)job->Offsets + copy.TableLength;
        copy.Taps(args, job->Offsets);
        copy.Fill<TSimd, TVector>(args, x, firstRow, padded);
        job->X = padded + copy.Start;
        job->Tile.XRun = args.Window.Stride * copy.Pitch;
        job->Tile.Pixels = args.Window.OutWidth;
        Choose(job, rows);
    }

    /// <summary>Rows whose windows stay between top and bottom: columns inside from the image itself, each of the
    /// others from gathered taps, some rows at a time.</summary>
    private static void Direct(in DenseConv.Args args, in StemInside inside, float* x, Job* job, int firstRow, int rows)
    {
        const int EdgeRows = BlockedStem<TSimd, TVector>.EdgeRows;
        Window at = args.Window;
        float* dz = job->Dz;
        inside.Taps(args, job->Offsets);
        job->X = x + inside.At(at, firstRow);
        job->Dz = dz + inside.FirstColumn * TSimd.Lanes;
        job->Tile.XRun = at.Stride * at.Width;
        job->Tile.Pixels = inside.EndColumn - inside.FirstColumn;
        Choose(job, rows);
        Job edge = *job;
        int table = (args.Depth + CacheLine - 1) / CacheLine * CacheLine;
        edge.Offsets = job->Offsets + table;
        float* taps = (float*)edge.Offsets + table;
        for (int i = 0; i < args.Depth; i++)
        {
            edge.Offsets[i] = i * EdgeRows;
        }

        edge.X = taps;
        edge.Tile.XRun = edge.Tile.Pixels = 1;
        for (int done = 0, count; done < rows; done += count)
        {
            count = Math.Min(EdgeRows, rows - done);
            for (int v = 0; v < at.OutWidth; v++)
            {
                if (v == inside.FirstColumn)
                {
                    v = inside.EndColumn - 1;
                    continue;
                }

                inside.Gather(args, x, firstRow + done, count, v, taps, EdgeRows);
                edge.Dz = dz + done * edge.Tile.DzRun + v * TSimd.Lanes;
                Rows<UnitStep>(&edge, count);
            }
        }
    }

    private static void Choose(Job* job, int rows)
    {
        if (job->Stride == 2)
        {
            Rows<PairStep>(job, rows);
        }
        else
        {
            Rows<UnitStep>(job, rows);
        }
    }

    /// <summary>All taps and vectors of some rows, as many rows at a time as stay in the first cache.</summary>
    private static void Rows<TStep>(Job* job, int rows)
        where TStep : struct, IPixelStep
    {
        BlockedStemGradientTile* tile = &job->Tile;
        int each = Math.Max(ChunkFloats / TSimd.Lanes / tile->Pixels, 1);
        for (int row = 0; row < rows; row += each)
        {
            tile->Runs = Math.Min(each, rows - row);
            tile->X = job->X + row * tile->XRun;
            tile->To = job->Packed;
            for (int block = 0, vectors; block < job->Blocks; block += vectors)
            {
                vectors = Math.Min(Most, job->Blocks - block);
                tile->Dz = job->Dz + row * tile->DzRun + block * tile->DzBlock;
                for (int i = 0, taps; i < job->Depth; i += taps)
                {
                    taps = BlockedStemGradientTiles<TSimd, TVector, TStep>.Taps(vectors, job->Depth - i);
                    tile->Offsets = job->Offsets + i;
                    BlockedStemGradientTiles<TSimd, TVector, TStep>.Run(vectors, taps, tile);
                    tile->To += taps * vectors * TSimd.Lanes;
                }
            }
        }
    }

    private struct Job
    {
        public BlockedStemGradientTile Tile;
        public float* X;
        public float* Dz;
        public float* Packed;
        public int* Offsets;
        public int Depth;
        public int Blocks;
        public int Stride;
    }
}
