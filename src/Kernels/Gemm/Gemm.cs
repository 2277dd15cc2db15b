using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// <c>C[r,j] (+)= bias[r] + Σₖ A[r,k]·B[k,j]</c>. A is read in place with two strides; B comes in panels of a few
/// vectors of columns, in place where a panel stands in one run, else packed (across images, so that small maps do not
/// lose lanes; or as im2col); the sum over k is cut into blocks by depth alone, so every element is summed in the same
/// order whatever panel, image or thread it falls to.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>Depth of one packed block: 128 rows of 4 vectors of 16 floats are 32 KB, a first-level cache.</summary>
    private const int DepthBlock = 128;

    /// <summary>Panels of one product are cut further by rows until there is work for this many threads.</summary>
    private const int Pieces = 16;

    /// <summary>Bytes of a cache line. A load across two of them costs double, so panels that do not start on one are
    /// packed where this many tiles share the cost.</summary>
    private const int Line = 64, PackTiles = 10;

    /// <summary>Panels never join two images where a map has at least this many pixels.</summary>
    private const int WholeMap = 512;

    /// <summary>Runs a product with <paramref name="images"/>·<paramref name="pixels"/> columns.</summary>
    public static void Run<TSimd, TVector, TSource, TSink>(float* a, nint aRow, nint aDepth, int rows, int depth,
        float* bias, TSource b, TSink c, int images, int pixels, bool add, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TSource : struct, IPanelSource
        where TSink : struct, IPanelSink
    {
        bool perImage = pixels >= WholeMap || pixels % TSimd.Lanes == 0;
        int segments = perImage ? images : 1;
        int columns = perImage ? pixels : checked(images * pixels);
        int vectors = (columns - 1) / TSimd.Lanes + 1;
        int widest = TSimd.Lanes == 16 ? 4 : 2;
        int panels = (vectors - 1) / widest + 1;
        int tiles = (rows - 1) / GemmTiles.Rows + 1;
        int total = checked(segments * panels);
        int cuts = Math.Clamp(Pieces / total, 1, (tiles + 3) / 4);
        Job<TSimd, TVector, TSource, TSink> job = new(a, aRow, aDepth, rows, depth, bias, b, c, columns, vectors,
            panels, tiles, cuts, add);
        WorkPool.For(pool, checked(total * cuts), job);
    }

    private readonly struct Job<TSimd, TVector, TSource, TSink>(float* a, nint aRow, nint aDepth, int rows, int depth,
        float* bias, TSource source, TSink sink, int columns, int vectors, int panels, int tiles, int cuts, bool add)
        : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TSource : struct, IPanelSource
        where TSink : struct, IPanelSink
    {
        [SkipLocalsInit]
        public void Run(int index, int worker)
        {
            int cut = index % cuts, panel = index / cuts % panels, segment = index / cuts / panels;
            int first = (int)((long)vectors * panel / panels), next = (int)((long)vectors * (panel + 1) / panels);
            int width = next - first, start = first * TSimd.Lanes;
            int count = Math.Min(width * TSimd.Lanes, columns - start);
            int column = segment * columns + start;
            int firstTile = (int)((long)tiles * cut / cuts), lastTile = (int)((long)tiles * (cut + 1) / cuts);

            int packedRow = width * TSimd.Lanes;
            int blocks = Math.Max(1, (depth - 1) / DepthBlock + 1);
            byte* memory = stackalloc byte[(DepthBlock + GemmTiles.Rows + 1) * packedRow * sizeof(float) + 64];
            float* packed = (float*)(((nuint)memory + 63) & ~(nuint)63);
            float* tile = packed + (DepthBlock + 1) * packedRow;
            float* starts = stackalloc float[GemmTiles.Rows];
            bool whole = count == packedRow, pack = lastTile - firstTile >= PackTiles;
            for (int block = 0; block < blocks; block++)
            {
                int k = (int)((long)depth * block / blocks), length = (int)((long)depth * (block + 1) / blocks) - k;
                TileArgs t = default;
                t.B = whole ? source.Run(k, column, count) : null;
                t.BRow = source.RowStep;
                if (t.B is null || (pack && ((nint)t.B % Line | t.BRow * sizeof(float) % Line) != 0))
                {
                    source.Pack<TSimd, TVector>(packed, packedRow, k, length, column, count);
                    t.B = packed;
                    t.BRow = packedRow;
                }

                t.Start = starts;
                (t.ARow, t.ADepth, t.Depth) = (aRow, aDepth, length);
                bool adds = add || block > 0;
                for (int i = firstTile; i < lastTile; i++)
                {
                    int row = i * GemmTiles.Rows;
                    t.Rows = Math.Min(GemmTiles.Rows, rows - row);
                    t.A = a + row * aRow + k * aDepth;
                    for (int r = 0; r < GemmTiles.Rows; r++)
                    {
                        starts[r] = bias is null || block > 0 || r >= t.Rows ? 0f : bias[row + r];
                    }

                    t.C = whole && t.Rows == GemmTiles.Rows ? sink.Run(row, column, count) : null;
                    bool direct = t.C is not null;
                    (t.CRow, t.Add) = (sink.RowStep, adds);
                    if (!direct)
                    {
                        t.C = tile;
                        (t.CRow, t.Add) = (packedRow, false);
                    }

                    Tile(t, width);
                    if (!direct)
                    {
                        sink.Put<TSimd, TVector>(tile, packedRow, row, t.Rows, column, count, adds);
                    }
                }
            }
        }

        private static void Tile(in TileArgs t, int width)
        {
            switch (width)
            {
                case 4:
                    GemmTiles.Tile6x4<TSimd, TVector>(t);
                    break;
                case 3:
                    GemmTiles.Tile6x3<TSimd, TVector>(t);
                    break;
                case 2:
                    GemmTiles.Tile6x2<TSimd, TVector>(t);
                    break;
                default:
                    GemmTiles.Tile6x1<TSimd, TVector>(t);
                    break;
            }
        }
    }
}
