using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>
/// Products in tiles on CUDA's tensor cores: factors are rounded to TF32 on their way into shared memory, sums are
/// float32. A warp computes 64×32 (or 32×32) of a tile as 16×8 squares, whose sums stay in the registers of
/// <see cref="TensorUnit"/> until the depth is through. Slices are 16 deep and go from registers to shared memory while
/// the one before is multiplied: each lane reads 24 numbers for 16 squares, 8 deep. Then each warp lays 16 rows at a
/// time into shared memory, where quads are read for the epilogue. 2·16·(Rows + Columns + 16)·4 bytes are shared, 35 KB
/// at most.
/// </summary>
/// <remarks>Rows of a slice are 8 (mod 32) elements apart, and the index is turned by 8 for every 4 of the depth: the
/// 4×8 numbers that a warp reads at once lie in as many banks, and so do the quads that it stores transposed.</remarks>
internal static class TensorTiles
{
    /// <summary>Depth of a slice.</summary>
    public const int Slice = 16;

    /// <summary>Elements that keep rows of a slice apart.</summary>
    private const int Gap = 8;

    /// <summary>Threads of a group: each has 64 sums, or 32 where the tile is small.</summary>
    public static int Threads<TTile>()
        where TTile : struct, IProductTile => TTile.Rows * TTile.Columns > 8192 ? 256 : 128;

    /// <summary>One tile of one band. Every thread stays until the last barrier.</summary>
    internal static void TensorKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>(ArrayView<float> a,
        ArrayView<T> b, ArrayView<T> y, EpilogueViews<T> views, ProductShape g)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        int rows = TTile.Rows, columns = TTile.Columns, threads = Threads<TTile>(), height = rows * columns / threads;
        int leftPitch = rows + Gap, rightPitch = columns + Gap, half = Slice * (leftPitch + rightPitch);
        ArrayView<Float4> slices = SharedMemory.Allocate<Float4>(Slice * (TTile.Rows + TTile.Columns + 2 * Gap) / 2);
        int t = Group.IdxX, warp = t / 32, lane = t % 32;
        int top = warp / (columns / 32) * height, start = warp % (columns / 32) * 32;
        int tile = Grid.IdxX, rest = tile / g.RowTiles, m0 = (tile - rest * g.RowTiles) * rows;
        int band = rest / g.ColumnTiles, j0 = (rest - band * g.ColumnTiles) * columns;
        int from = band * g.BandDepth, end = from + g.BandDepth < g.Depth ? from + g.BandDepth : g.Depth;
        int l = lane % 4 * leftPitch + top + lane / 4;
        int r = Slice * leftPitch + lane % 4 * rightPitch + start + lane / 4;
        TensorUnit.Clear();
        Float4 l0 = default, l1 = default, r0 = default, r1 = default, r2 = default, r3 = default;
        int buffer = 0;
        for (int k0 = from - Slice; k0 < end; k0 += Slice)
        {
            int next = k0 + Slice;
            if (next < end)
            {
                l0 = ProductSlices.Left<TLeft>(a, g.Left, t, Slice, rows, next, end, m0);
                if (rows > 32)
                {
                    l1 = ProductSlices.Left<TLeft>(a, g.Left, t + threads, Slice, rows, next, end, m0);
                }

                r0 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth, t, Slice, columns,
                    next, end, j0);
                r1 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth, t + threads, Slice,
                    columns, next, end, j0);
                if (columns > 64 && rows < 128)
                {
                    r2 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 2 * threads, Slice, columns, next, end, j0);
                    r3 = ProductSlices.Right<T, TElement, TRight, TEpilogue>(b, views, g.Right, g.Depth,
                        t + 3 * threads, Slice, columns, next, end, j0);
                }
            }

            if (k0 >= from)
            {
                // Loads may have split the warp, and its lanes multiply together.
                Warp.Barrier();
                ArrayView<uint> numbers = slices.Cast<uint>();
                Multiply(numbers, buffer * half + l, buffer * half + r, leftPitch, rightPitch, height, 0);
                Multiply(numbers, buffer * half + l, buffer * half + r, leftPitch, rightPitch, height, 2);
            }

            buffer = 1 - buffer;
            if (next < end)
            {
                int left = buffer * half, right = left + Slice * leftPitch;
                Put<TLeft>(slices, left, t, rows, l0);
                if (rows > 32)
                {
                    Put<TLeft>(slices, left, t + threads, rows, l1);
                }

                Put<TRight>(slices, right, t, columns, r0);
                Put<TRight>(slices, right, t + threads, columns, r1);
                if (columns > 64 && rows < 128)
                {
                    Put<TRight>(slices, right, t + 2 * threads, columns, r2);
                    Put<TRight>(slices, right, t + 3 * threads, columns, r3);
                }
            }

            Group.Barrier();
        }

        // The slices are done with: each warp has a place of its own for 16 rows.
        int stage = warp * TensorUnit.StageLength;
        int at = stage + lane / 4 * TensorUnit.StagePitch + lane % 4 * 2;
        int m = m0 + top + lane / 8, j = j0 + start + lane % 8 * 4;
        stage = (stage + lane / 8 * TensorUnit.StagePitch) / 4 + lane % 8;
        TensorUnit.Store0(slices.Cast<float>(), at);
        Rows<T, TElement, TWide, TEpilogue>(slices, stage, y, views, g, band, m, j);
        TensorUnit.Store1(slices.Cast<float>(), at);
        Rows<T, TElement, TWide, TEpilogue>(slices, stage, y, views, g, band, m + 16, j);
        if (height > 32)
        {
            TensorUnit.Store2(slices.Cast<float>(), at);
            Rows<T, TElement, TWide, TEpilogue>(slices, stage, y, views, g, band, m + 32, j);
            TensorUnit.Store3(slices.Cast<float>(), at);
            Rows<T, TElement, TWide, TEpilogue>(slices, stage, y, views, g, band, m + 48, j);
        }
    }

    /// <summary>Puts quad e, rounded, into a slice that starts at <paramref name="start"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TLoad>(ArrayView<Float4> slices, int start, int e, int size, Float4 quad)
        where TLoad : struct, IProductLoad
    {
        int k = ProductSlices.Depth<TLoad>(e, Slice, size), i = ProductSlices.Index<TLoad>(e, Slice, size);
        ProductSlices.PutAt<TLoad>(slices, start + k * (size + Gap) + (i ^ (k & 12) << 1), size + Gap,
            Tf32.Round(quad));
    }

    /// <summary>A warp's squares over a depth of 8, quads q and q + 1 of the slice: l and r are where the lane's first
    /// numbers would lie at the slice's begin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ArrayView<uint> v, int l, int r, int leftPitch, int rightPitch, int height, int q)
    {
        l += 4 * q * leftPitch;
        r += 4 * q * rightPitch;
        int p = 1 ^ q, l4 = l + 4 * leftPitch, r4 = r + 4 * rightPitch;
        uint b0 = v[r + 8 * q], b1 = v[r4 + 8 * p], b2 = v[r + 8 * (1 ^ q)], b3 = v[r4 + 8 * (1 ^ p)];
        uint b4 = v[r + 8 * (2 ^ q)], b5 = v[r4 + 8 * (2 ^ p)], b6 = v[r + 8 * (3 ^ q)], b7 = v[r4 + 8 * (3 ^ p)];
        TensorUnit.Multiply0(v[l + 8 * q], v[l + 8 * (1 ^ q)], v[l4 + 8 * p], v[l4 + 8 * (1 ^ p)],
            b0, b1, b2, b3, b4, b5, b6, b7);
        TensorUnit.Multiply1(v[l + 8 * (2 ^ q)], v[l + 8 * (3 ^ q)], v[l4 + 8 * (2 ^ p)], v[l4 + 8 * (3 ^ p)],
            b0, b1, b2, b3, b4, b5, b6, b7);
        if (height > 32)
        {
            l += 32;
            l4 += 32;
            TensorUnit.Multiply2(v[l + 8 * q], v[l + 8 * (1 ^ q)], v[l4 + 8 * p], v[l4 + 8 * (1 ^ p)],
                b0, b1, b2, b3, b4, b5, b6, b7);
            TensorUnit.Multiply3(v[l + 8 * (2 ^ q)], v[l + 8 * (3 ^ q)], v[l4 + 8 * (2 ^ p)], v[l4 + 8 * (3 ^ p)],
                b0, b1, b2, b3, b4, b5, b6, b7);
        }
    }

    /// <summary>Epilogue and store of the 16 rows that the warp has laid down, four at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows<T, TElement, TWide, TEpilogue>(ArrayView<Float4> stage, int i, ArrayView<T> y,
        EpilogueViews<T> views, ProductShape g, int band, int m, int j)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        Warp.Barrier();
        // Four rows are as many quads apart as one row has elements.
        Float4 c0 = stage[i], c1 = stage[i + TensorUnit.StagePitch];
        Float4 c2 = stage[i + 2 * TensorUnit.StagePitch], c3 = stage[i + 3 * TensorUnit.StagePitch];
        Warp.Barrier();
        Row<T, TElement, TWide, TEpilogue>(y, views, g, band, m, j, c0);
        Row<T, TElement, TWide, TEpilogue>(y, views, g, band, m + 4, j, c1);
        Row<T, TElement, TWide, TEpilogue>(y, views, g, band, m + 8, j, c2);
        Row<T, TElement, TWide, TEpilogue>(y, views, g, band, m + 12, j, c3);
    }

    private static void Row<T, TElement, TWide, TEpilogue>(ArrayView<T> y, EpilogueViews<T> views, ProductShape g,
        int band, int m, int j, Float4 c)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        float sum = ProductStore.Quad<T, TElement, TWide, TEpilogue>(y, views, g, band, m, j, c);
        if (TEpilogue.HasSums && m < g.Rows)
        {
            int n = FastDivide.Quotient(j, g.Result.Padded), p = j - n * g.Result.Padded.Divisor;
            views.Sums[(n * g.Rows + m) * g.Strips + p / 4] = sum;
        }
    }
}
