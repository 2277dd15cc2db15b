using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>
/// Products with few tiles: a tile of Rows × Columns by 4·Rows·Columns/16 threads, 4×4 in the registers of each. The
/// group splits the depth: slices are 32 deep and each quarter of the threads multiplies 8 of them; the four sums are
/// added in order through shared memory. So a small map keeps a whole group busy without a second launch.
/// </summary>
internal static class ProductDeep
{
    /// <summary>Parts of the depth.</summary>
    public const int Parts = 4;

    /// <summary>Depth of a slice.</summary>
    public const int Slice = 8 * Parts;

    /// <summary>One tile of one band. Every thread stays until the last barrier.</summary>
    internal static void DeepKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>(ArrayView<float> a,
        ArrayView<T> b, ArrayView<T> y, EpilogueViews<T> views, ProductShape g)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        int rows = TTile.Rows, columns = TTile.Columns, part = rows * columns / 16, threads = Parts * part;
        int leftPitch = rows + ProductSlices.Gap, rightPitch = columns + ProductSlices.Gap;
        ArrayView<Float4> left = SharedMemory.Allocate<Float4>(Slice * (TTile.Rows + ProductSlices.Gap) / 2);
        ArrayView<Float4> right = SharedMemory.Allocate<Float4>(Slice * (TTile.Columns + ProductSlices.Gap) / 2);
        int t = Group.IdxX, own = t / part, place = t % part, ty = place / (columns / 4), tx = place % (columns / 4);
        int tile = Grid.IdxX, rest = tile / g.RowTiles, m0 = (tile - rest * g.RowTiles) * rows;
        int band = rest / g.ColumnTiles, j0 = (rest - band * g.ColumnTiles) * columns;
        int from = band * g.BandDepth, end = from + g.BandDepth < g.Depth ? from + g.BandDepth : g.Depth;
        Float4 c0 = default, c1 = default, c2 = default, c3 = default;
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
                if (columns < 32)
                {
                    l1 = ProductSlices.Left<TLeft>(a, g.Left, t + threads, Slice, rows, next, end, m0);
                    l2 = ProductSlices.Left<TLeft>(a, g.Left, t + 2 * threads, Slice, rows, next, end, m0);
                    l3 = ProductSlices.Left<TLeft>(a, g.Left, t + 3 * threads, Slice, rows, next, end, m0);
                }

                if (rows < 32)
                {
                    r1 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth, t + threads,
                        Slice, columns, next, end, j0);
                    r2 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 2 * threads, Slice, columns, next, end, j0);
                    r3 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 3 * threads, Slice, columns, next, end, j0);
                }
            }

            if (k0 >= from)
            {
                int i = ((buffer * Slice + own * 8) * leftPitch >> 2) + ty;
                int j = ((buffer * Slice + own * 8) * rightPitch >> 2) + tx;
                for (int k = 0; k < 8; k++)
                {
                    Float4 u = left[i], v = right[j];
                    i += leftPitch / 4;
                    j += rightPitch / 4;
                    c0 = Float4.Fma(c0, u.X, v);
                    c1 = Float4.Fma(c1, u.Y, v);
                    c2 = Float4.Fma(c2, u.Z, v);
                    c3 = Float4.Fma(c3, u.W, v);
                }
            }

            buffer = 1 - buffer;
            if (next < end)
            {
                int l = buffer * Slice * leftPitch, r = buffer * Slice * rightPitch;
                ProductSlices.Put<TLeft>(left, l, t, Slice, rows, l0);
                ProductSlices.Put<TRight>(right, r, t, Slice, columns, r0);
                if (columns < 32)
                {
                    ProductSlices.Put<TLeft>(left, l, t + threads, Slice, rows, l1);
                    ProductSlices.Put<TLeft>(left, l, t + 2 * threads, Slice, rows, l2);
                    ProductSlices.Put<TLeft>(left, l, t + 3 * threads, Slice, rows, l3);
                }

                if (rows < 32)
                {
                    ProductSlices.Put<TRight>(right, r, t + threads, Slice, columns, r1);
                    ProductSlices.Put<TRight>(right, r, t + 2 * threads, Slice, columns, r2);
                    ProductSlices.Put<TRight>(right, r, t + 3 * threads, Slice, columns, r3);
                }
            }

            Group.Barrier();
        }

        // The slices are done with: two parts' sums fit into each of the arrays.
        int quads = columns / 4, at = (own & 1) * 4 * part + 4 * ty * quads + tx;
        if (own < 2)
        {
            left[at] = c0;
            left[at + quads] = c1;
            left[at + 2 * quads] = c2;
            left[at + 3 * quads] = c3;
        }
        else
        {
            right[at] = c0;
            right[at + quads] = c1;
            right[at + 2 * quads] = c2;
            right[at + 3 * quads] = c3;
        }

        Group.Barrier();
        Float4 sum = Float4.Add(Float4.Add(left[t], left[t + 4 * part]), Float4.Add(right[t], right[t + 4 * part]));
        int m = m0 + t / quads, column = j0 + t % quads * 4;
        float stored = ProductStore.Quad<T, TElement, TWide, TEpilogue>(y, views, g, band, m, column, sum);
        if (TEpilogue.HasSums && m < g.Rows)
        {
            int n = FastDivide.Quotient(column, g.Result.Padded), p = column - n * g.Result.Padded.Divisor;
            views.Sums[(n * g.Rows + m) * g.Strips + p / 4] = stored;
        }
    }
}
