using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>
/// Products in tiles: a group of Rows·Columns/64 threads computes a tile, each thread 8×8 of it in 64 registers (rows
/// and columns in two runs of four, so that shared memory is read without bank conflicts). Slices of both operands, 8
/// deep, go from registers to shared memory while the one before is multiplied: 64 multiply-adds for each four 16-byte
/// reads of shared memory. 2·8·(Rows + Columns + 8)·4 bytes are shared, 17 KB at most.
/// </summary>
internal static class ProductTiles
{
    /// <summary>Depth of a slice.</summary>
    public const int Slice = 8;

    /// <summary>One tile of one band. Every thread stays until the last barrier.</summary>
    internal static void TileKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>(ArrayView<float> a,
        ArrayView<T> b, ArrayView<T> y, EpilogueViews<T> views, ProductShape g)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        int rows = TTile.Rows, columns = TTile.Columns, threads = rows * columns / 64;
        int leftPitch = rows + ProductSlices.Gap, rightPitch = columns + ProductSlices.Gap;
        ArrayView<Float4> left = SharedMemory.Allocate<Float4>(Slice * (TTile.Rows + ProductSlices.Gap) / 2);
        ArrayView<Float4> right = SharedMemory.Allocate<Float4>(Slice * (TTile.Columns + ProductSlices.Gap) / 2);
        int t = Group.IdxX, ty = t / (columns / 8), tx = t % (columns / 8);
        int tile = Grid.IdxX, rest = tile / g.RowTiles, m0 = (tile - rest * g.RowTiles) * rows;
        int band = rest / g.ColumnTiles, columnTile = rest - band * g.ColumnTiles, j0 = columnTile * columns;
        int from = band * g.BandDepth, end = from + g.BandDepth < g.Depth ? from + g.BandDepth : g.Depth;
        Float4 c00 = default, c01 = default, c10 = default, c11 = default;
        Float4 c20 = default, c21 = default, c30 = default, c31 = default;
        Float4 c40 = default, c41 = default, c50 = default, c51 = default;
        Float4 c60 = default, c61 = default, c70 = default, c71 = default;
        Float4 l0 = default, l1 = default, l2 = default, l3 = default;
        Float4 r0 = default, r1 = default, r2 = default, r3 = default;
        int buffer = 0;
        for (int k0 = from - Slice; k0 < end; k0 += Slice)
        {
            int next = k0 + Slice;
            if (next < end)
            {
                l0 = ProductSlices.Left<TLeft>(a, g.Left, t, Slice, rows, next, end, m0);
                r0 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth, t, Slice, columns,
                    next, end, j0);
                if (columns < 128)
                {
                    l1 = ProductSlices.Left<TLeft>(a, g.Left, t + threads, Slice, rows, next, end, m0);
                }

                if (columns < 64)
                {
                    l2 = ProductSlices.Left<TLeft>(a, g.Left, t + 2 * threads, Slice, rows, next, end, m0);
                    l3 = ProductSlices.Left<TLeft>(a, g.Left, t + 3 * threads, Slice, rows, next, end, m0);
                }

                if (rows < 128)
                {
                    r1 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth, t + threads,
                        Slice, columns, next, end, j0);
                }

                if (rows < 64)
                {
                    r2 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 2 * threads, Slice, columns, next, end, j0);
                    r3 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 3 * threads, Slice, columns, next, end, j0);
                }
            }

            if (k0 >= from)
            {
                int i = (buffer * Slice * leftPitch >> 2) + ty, j = (buffer * Slice * rightPitch >> 2) + tx;
                for (int k = 0; k < Slice; k++)
                {
                    Float4 u = left[i], v = left[i + rows / 8], p = right[j], q = right[j + columns / 8];
                    i += leftPitch / 4;
                    j += rightPitch / 4;
                    c00 = Float4.Fma(c00, u.X, p);
                    c01 = Float4.Fma(c01, u.X, q);
                    c10 = Float4.Fma(c10, u.Y, p);
                    c11 = Float4.Fma(c11, u.Y, q);
                    c20 = Float4.Fma(c20, u.Z, p);
                    c21 = Float4.Fma(c21, u.Z, q);
                    c30 = Float4.Fma(c30, u.W, p);
                    c31 = Float4.Fma(c31, u.W, q);
                    c40 = Float4.Fma(c40, v.X, p);
                    c41 = Float4.Fma(c41, v.X, q);
                    c50 = Float4.Fma(c50, v.Y, p);
                    c51 = Float4.Fma(c51, v.Y, q);
                    c60 = Float4.Fma(c60, v.Z, p);
                    c61 = Float4.Fma(c61, v.Z, q);
                    c70 = Float4.Fma(c70, v.W, p);
                    c71 = Float4.Fma(c71, v.W, q);
                }
            }

            buffer = 1 - buffer;
            if (next < end)
            {
                int l = buffer * Slice * leftPitch, r = buffer * Slice * rightPitch;
                ProductSlices.Put<TLeft>(left, l, t, Slice, rows, l0);
                ProductSlices.Put<TRight>(right, r, t, Slice, columns, r0);
                if (columns < 128)
                {
                    ProductSlices.Put<TLeft>(left, l, t + threads, Slice, rows, l1);
                }

                if (columns < 64)
                {
                    ProductSlices.Put<TLeft>(left, l, t + 2 * threads, Slice, rows, l2);
                    ProductSlices.Put<TLeft>(left, l, t + 3 * threads, Slice, rows, l3);
                }

                if (rows < 128)
                {
                    ProductSlices.Put<TRight>(right, r, t + threads, Slice, columns, r1);
                }

                if (rows < 64)
                {
                    ProductSlices.Put<TRight>(right, r, t + 2 * threads, Slice, columns, r2);
                    ProductSlices.Put<TRight>(right, r, t + 3 * threads, Slice, columns, r3);
                }
            }

            Group.Barrier();
        }

        int m = m0 + 4 * ty, half = m + rows / 2, column = j0 + 4 * tx, strip = columns / 8;
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, m, column, strip, c00, c01);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, m + 1, column, strip, c10, c11);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, m + 2, column, strip, c20, c21);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, m + 3, column, strip, c30, c31);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, half, column, strip, c40, c41);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, half + 1, column, strip, c50, c51);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, half + 2, column, strip, c60, c61);
        Row<T, TElement, TTile, TWide, TEpilogue>(y, views, g, band, half + 3, column, strip, c70, c71);
    }

    /// <summary>Epilogue and store of a thread's part of one row.</summary>
    private static void Row<T, TElement, TTile, TWide, TEpilogue>(ArrayView<T> y, EpilogueViews<T> views,
        ProductShape g, int band, int m, int j, int strips, Float4 c0, Float4 c1)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        float sum = ProductStore.Quad<T, TElement, TWide, TEpilogue>(y, views, g, band, m, j, c0)
            + ProductStore.Quad<T, TElement, TWide, TEpilogue>(y, views, g, band, m, j + TTile.Columns / 2, c1);
        if (TEpilogue.HasSums && m < g.Rows)
        {
            int n = FastDivide.Quotient(j, g.Result.Padded), p = j - n * g.Result.Padded.Divisor;
            views.Sums[(n * g.Rows + m) * g.Strips + p / TTile.Columns * strips + p % TTile.Columns / 4] = sum;
        }
    }
}
