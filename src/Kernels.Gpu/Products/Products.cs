using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Chooses tiles and loads for a product and launches it. The choice depends on shapes and alignment alone,
/// but for accelerators whose groups are too small for the usual tiles.</summary>
internal static class Products
{
    /// <summary>Most columns of a tile.</summary>
    private const int WidestTile = 128;

    /// <summary>Partial sums of a row of an image with this many pixels, at most.</summary>
    public static int MaxStrips(int pixels) => GpuKernels.Ceiling(pixels, WidestTile) * (WidestTile / 4);

    /// <summary>Launches the product; returns the partial sums of each row and image where the epilogue has sums.
    /// </summary>
    /// <remarks>TF32 is for products with many tiles that are a slice of <see cref="TensorTiles"/> deep or more. Those
    /// with few tiles, whose groups split the depth, stay in float32: they wait for memory and launches.</remarks>
    public static int Launch<T, TElement, TEpilogue>(AcceleratorStream stream, ProductPrecision precision,
        ArrayView<float> a, bool aDepth, ArrayView<T> b, bool bDepth, ArrayView<T> y, EpilogueViews<T> views,
        ProductShape g)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        Job<T> job = new(stream, a, aDepth, b, bDepth, y, views, g, IsWide(a, g.Left), IsWide(b, g.Right),
            IsWide(y, g.Result) && g.BandLength % 4 == 0 && GpuViews.IsAligned(views.Residual));
        int limit = stream.Accelerator.MaxNumThreadsPerGroup, columns = g.Result.Limit;
        int many = GpuKernels.Of(stream).ManyTiles;
        int tiles = GpuKernels.Ceiling(g.Rows, 64) * GpuKernels.Ceiling(columns, 64) * Bands(g);
        if (limit < 256)
        {
            return g.Depth >= ProductDeep.Slice
                ? Start<DeepProduct, T, TElement, Tile8x8, TEpilogue>(job)
                : Start<TiledProduct, T, TElement, Tile32x32, TEpilogue>(job);
        }

        if (tiles < many && g.Depth > ProductTiles.Slice)
        {
            return Start<DeepProduct, T, TElement, Tile32x32, TEpilogue>(job);
        }

        bool large = tiles >= 4 * many;
        return precision == ProductPrecision.TensorFloat32 && g.Depth >= TensorTiles.Slice
            ? Tiles<TensorProduct, T, TElement, TEpilogue>(job, large)
            : Tiles<TiledProduct, T, TElement, TEpilogue>(job, large);
    }

    /// <summary>Bands of the depth.</summary>
    public static int Bands(ProductShape g) => GpuKernels.Ceiling(g.Depth, g.BandDepth);

    /// <summary>The part of the tiles' rows that the result has.</summary>
    private static double Use(int rows, int tile) => rows / (double)(GpuKernels.Ceiling(rows, tile) * tile);

    /// <summary>Launches a kernel of whole tiles with the tile that wastes least, of 128 × 128 only where
    /// those are many too.</summary>
    private static int Tiles<TKernel, T, TElement, TEpilogue>(Job<T> job, bool large)
        where TKernel : struct, IProductKernel
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        ProductShape g = job.Shape;
        if ((TEpilogue.HasSums ? g.Result.Pixels : g.Result.Limit) <= 64)
        {
            return Start<TKernel, T, TElement, Tile64x64, TEpilogue>(job);
        }

        double r32 = Use(g.Rows, 32) * 0.85, r64 = Use(g.Rows, 64) * 0.95, r128 = large ? Use(g.Rows, 128) : 0;
        return r128 >= r64 && r128 >= r32 ? Start<TKernel, T, TElement, Tile128x128, TEpilogue>(job)
            : r64 >= r32 ? Start<TKernel, T, TElement, Tile64x128, TEpilogue>(job)
            : Start<TKernel, T, TElement, Tile32x128, TEpilogue>(job);
    }

    private static bool IsWide<T>(ArrayView<T> view, ProductOperand o)
        where T : unmanaged => GpuViews.IsAligned(view) && o.Pixels % 4 == 0 && o.Image % 4 == 0;

    /// <summary>Launches a kernel with a tile, compiled for how the operands lie.</summary>
    private static int Start<TKernel, T, TElement, TTile, TEpilogue>(Job<T> job)
        where TKernel : struct, IProductKernel
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TEpilogue : struct, IEpilogue
    {
        job = job.Cut<TTile, TEpilogue>(TKernel.Threads<TTile>(), TKernel.Strips<TTile>());
        switch (job.ADepth, job.AWide)
        {
            case (true, true):
                Start<TKernel, T, TElement, TTile, DepthQuads, TEpilogue>(job);
                break;
            case (true, false):
                Start<TKernel, T, TElement, TTile, DepthSingles, TEpilogue>(job);
                break;
            case (false, true):
                Start<TKernel, T, TElement, TTile, IndexQuads, TEpilogue>(job);
                break;
            default:
                Start<TKernel, T, TElement, TTile, IndexSingles, TEpilogue>(job);
                break;
        }

        return job.Shape.Strips;
    }

    private static void Start<TKernel, T, TElement, TTile, TLeft, TEpilogue>(Job<T> job)
        where TKernel : struct, IProductKernel
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TEpilogue : struct, IEpilogue => job.Start((job.BDepth, job.BWide, job.YWide) switch
        {
            (true, true, true) => TKernel.Body<T, TElement, TTile, TLeft, DepthQuads, Yes, TEpilogue>(),
            (true, true, false) => TKernel.Body<T, TElement, TTile, TLeft, DepthQuads, No, TEpilogue>(),
            (true, false, true) => TKernel.Body<T, TElement, TTile, TLeft, DepthSingles, Yes, TEpilogue>(),
            (true, false, false) => TKernel.Body<T, TElement, TTile, TLeft, DepthSingles, No, TEpilogue>(),
            (false, true, true) => TKernel.Body<T, TElement, TTile, TLeft, IndexQuads, Yes, TEpilogue>(),
            (false, true, false) => TKernel.Body<T, TElement, TTile, TLeft, IndexQuads, No, TEpilogue>(),
            (false, false, true) => TKernel.Body<T, TElement, TTile, TLeft, IndexSingles, Yes, TEpilogue>(),
            _ => TKernel.Body<T, TElement, TTile, TLeft, IndexSingles, No, TEpilogue>(),
        });

    /// <summary>A product on its way to the device.</summary>
    private readonly record struct Job<T>(AcceleratorStream Stream, ArrayView<float> A, bool ADepth, ArrayView<T> B,
        bool BDepth, ArrayView<T> Y, EpilogueViews<T> Views, ProductShape Shape, bool AWide, bool BWide, bool YWide,
        int Threads = 0)
        where T : unmanaged
    {
        /// <summary>Cuts the result into tiles; with sums each image has its own.</summary>
        public Job<T> Cut<TTile, TEpilogue>(int threads, int strips)
            where TTile : struct, IProductTile
            where TEpilogue : struct, IEpilogue
        {
            ProductShape g = Shape;
            if (TEpilogue.HasSums)
            {
                int images = g.Result.Limit / g.Result.Padded.Divisor;
                int padded = GpuKernels.Ceiling(g.Result.Pixels, TTile.Columns) * TTile.Columns;
                FastDivide divide = FastDivide.By(padded);
                g = g with
                {
                    Right = g.Right with { Padded = divide, Limit = checked(images * padded) },
                    Result = g.Result with { Padded = divide, Limit = images * padded },
                    Strips = padded / TTile.Columns * strips,
                };
            }

            return this with
            {
                Threads = threads,
                Shape = g with
                {
                    RowTiles = GpuKernels.Ceiling(g.Rows, TTile.Rows),
                    ColumnTiles = GpuKernels.Ceiling(g.Result.Limit, TTile.Columns),
                },
            };
        }

        public void Start(Action<ArrayView<float>, ArrayView<T>, ArrayView<T>, EpilogueViews<T>, ProductShape> kernel)
        {
            int groups = checked(Shape.RowTiles * Shape.ColumnTiles * Bands(Shape));
            GpuKernels.Of(Stream).Get(kernel)(Stream, new KernelConfig(groups, Threads), A, B, Y, Views, Shape);
        }
    }
}
