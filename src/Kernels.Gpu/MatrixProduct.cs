using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>A batch of matrix products <c>c[m,n] = Σ_k a[m,k]·b[k,n]</c> with any strides.</summary>
/// <param name="M">Rows of c.</param>
/// <param name="N">Columns of c.</param>
/// <param name="K">Depth.</param>
/// <param name="ABatch">Elements of a from one product of the batch to the next.</param>
/// <param name="ARow">Elements of a from row to row.</param>
/// <param name="ADepth">Elements of a from k to k.</param>
/// <param name="BBatch">Elements of b from one product to the next.</param>
/// <param name="BDepth">Elements of b from k to k.</param>
/// <param name="BColumn">Elements of b from column to column.</param>
/// <param name="CBatch">Elements of c from one product to the next; rows of c are contiguous.</param>
/// <param name="Bands">Bands that the depth is cut into; each has its own c.</param>
/// <param name="BandDepth">Depth of a band.</param>
/// <param name="Batch">Products in all.</param>
/// <param name="Summed">Consecutive products that are summed into one c.</param>
/// <param name="HasBias">1 where <c>bias[m]</c> is added, else 0.</param>
/// <param name="Side">Threads along each side of a group (set by the launch).</param>
/// <param name="TileRows">Tiles along the rows of c (set by the launch).</param>
/// <param name="TileColumns">Tiles along the columns of c (set by the launch).</param>
public readonly record struct ProductGeometry(int M, int N, int K, int ABatch, int ARow, int ADepth, int BBatch,
    int BDepth, int BColumn, int CBatch, int Bands, int BandDepth, int Batch, int Summed, int HasBias, int Side = 0,
    int TileRows = 0, int TileColumns = 0);

/// <summary>Matrix products for 1×1 convolutions: a group of Side² threads computes a tile of 4·Side rows and columns,
/// 4×4 of them in each thread's registers; slices of both operands, 16 deep, are shared through 2·4 KB.</summary>
internal static class MatrixProduct
{
    /// <summary>Depth of a shared slice.</summary>
    private const int Slice = 16;

    /// <summary>Largest tile side, 4·16.</summary>
    private const int MaxTile = 64;

    /// <summary>Launches all products of the batch.</summary>
    public static void Launch(AcceleratorStream stream, ProductGeometry g, ArrayView<float> a, ArrayView<float> b,
        ArrayView<float> bias, ArrayView<float> c)
    {
        int threads = stream.Accelerator.MaxNumThreadsPerGroup, side = threads >= 256 ? 16 : threads >= 64 ? 8 : 4;
        g = g with
        {
            Side = side,
            TileRows = GpuKernels.Ceiling(g.M, 4 * side),
            TileColumns = GpuKernels.Ceiling(g.N, 4 * side),
        };
        int products = GpuKernels.Ceiling(g.Batch, g.Summed) * g.Bands;
        KernelConfig config = new(checked(products * g.TileRows * g.TileColumns), side * side);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ProductGeometry>(Body)(
                stream, config, a, b, bias, c, g);
    }

    /// <summary>One tile of one product. Every thread stays until the last barrier.</summary>
    internal static void Body(ArrayView<float> a, ArrayView<float> b, ArrayView<float> bias, ArrayView<float> c,
        ProductGeometry g)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Slice * MaxTile);
        ArrayView<float> right = SharedMemory.Allocate<float>(Slice * MaxTile);
        int thread = Group.IdxX, threads = g.Side * g.Side, ty = thread / g.Side, tx = thread - ty * g.Side;
        int tile = Grid.IdxX, product = tile / (g.TileRows * g.TileColumns);
        tile -= product * g.TileRows * g.TileColumns;
        int side = 4 * g.Side, tileRow = tile / g.TileColumns;
        int m0 = tileRow * side, n0 = (tile - tileRow * g.TileColumns) * side;
        int chunk = product / g.Bands, band = product - chunk * g.Bands;
        int firstImage = chunk * g.Summed, lastImage = firstImage + g.Summed;
        lastImage = lastImage < g.Batch ? lastImage : g.Batch;
        int from = band * g.BandDepth, to = from + g.BandDepth < g.K ? from + g.BandDepth : g.K;
        float c00 = 0f, c01 = 0f, c02 = 0f, c03 = 0f, c10 = 0f, c11 = 0f, c12 = 0f, c13 = 0f;
        float c20 = 0f, c21 = 0f, c22 = 0f, c23 = 0f, c30 = 0f, c31 = 0f, c32 = 0f, c33 = 0f;
        for (int image = firstImage; image < lastImage; image++)
        {
            int aStart = image * g.ABatch, bStart = image * g.BBatch;
            for (int k0 = from; k0 < to; k0 += Slice)
            {
                for (int e = thread; e < Slice * side; e += threads)
                {
                    // Neighbouring threads load neighbouring elements, whichever axis is contiguous.
                    int ka = g.ADepth == 1 ? e % Slice : e / side, m = g.ADepth == 1 ? e / Slice : e % side;
                    int kb = g.BDepth == 1 ? e % Slice : e / side, n = g.BDepth == 1 ? e / Slice : e % side;
                    left[ka * MaxTile + m] = k0 + ka < to && m0 + m < g.M
                        ? a[aStart + (m0 + m) * g.ARow + (k0 + ka) * g.ADepth] : 0f;
                    right[kb * MaxTile + n] = k0 + kb < to && n0 + n < g.N
                        ? b[bStart + (k0 + kb) * g.BDepth + (n0 + n) * g.BColumn] : 0f;
                }

                Group.Barrier();
                for (int k = 0; k < Slice; k++)
                {
                    int i = k * MaxTile + ty * 4, j = k * MaxTile + tx;
                    float a0 = left[i], a1 = left[i + 1], a2 = left[i + 2], a3 = left[i + 3];
                    float b0 = right[j], b1 = right[j + g.Side], b2 = right[j + 2 * g.Side], b3 = right[j + 3 * g.Side];
                    c00 += a0 * b0;
                    c01 += a0 * b1;
                    c02 += a0 * b2;
                    c03 += a0 * b3;
                    c10 += a1 * b0;
                    c11 += a1 * b1;
                    c12 += a1 * b2;
                    c13 += a1 * b3;
                    c20 += a2 * b0;
                    c21 += a2 * b1;
                    c22 += a2 * b2;
                    c23 += a2 * b3;
                    c30 += a3 * b0;
                    c31 += a3 * b1;
                    c32 += a3 * b2;
                    c33 += a3 * b3;
                }

                Group.Barrier();
            }
        }

        int row = m0 + ty * 4, column = n0 + tx, start = product * g.CBatch;
        StoreRow(c, bias, g, start, row, column, c00, c01, c02, c03);
        StoreRow(c, bias, g, start, row + 1, column, c10, c11, c12, c13);
        StoreRow(c, bias, g, start, row + 2, column, c20, c21, c22, c23);
        StoreRow(c, bias, g, start, row + 3, column, c30, c31, c32, c33);
    }

    private static void StoreRow(ArrayView<float> c, ArrayView<float> bias, ProductGeometry g, int start, int row,
        int column, float c0, float c1, float c2, float c3)
    {
        if (row < g.M)
        {
            float add = g.HasBias != 0 ? bias[row] : 0f;
            int i = start + row * g.N + column;
            if (column < g.N)
            {
                c[i] = c0 + add;
            }

            if (column + g.Side < g.N)
            {
                c[i + g.Side] = c1 + add;
            }

            if (column + 2 * g.Side < g.N)
            {
                c[i + 2 * g.Side] = c2 + add;
            }

            if (column + 3 * g.Side < g.N)
            {
                c[i + 3 * g.Side] = c3 + add;
            }
        }
    }
}
