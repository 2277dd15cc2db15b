using ILGPU;

namespace MuxKernels;

/// <summary>A kernel that computes products tile by tile.</summary>
internal interface IProductKernel
{
    /// <summary>Threads of a group.</summary>
    static abstract int Threads<TTile>()
        where TTile : struct, IProductTile;

    /// <summary>Partial sums of each row of a tile.</summary>
    static abstract int Strips<TTile>()
        where TTile : struct, IProductTile;

    /// <summary>The kernel for elements, a tile, loads of both operands, 16-byte stores or not, and an epilogue.
    /// </summary>
    static abstract Action<ArrayView<float>, ArrayView<T>, ArrayView<T>, EpilogueViews<T>, ProductShape>
        Body<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>()
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue;
}

/// <summary>Whole tiles in float32.</summary>
internal struct TiledProduct : IProductKernel
{
    public static int Threads<TTile>()
        where TTile : struct, IProductTile => TTile.Rows * TTile.Columns / 64;

    public static int Strips<TTile>()
        where TTile : struct, IProductTile => TTile.Columns / 8;

    public static Action<ArrayView<float>, ArrayView<T>, ArrayView<T>, EpilogueViews<T>, ProductShape>
        Body<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>()
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue =>
        ProductTiles.TileKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>;
}

/// <summary>Tiles whose depth is split, in float32.</summary>
internal struct DeepProduct : IProductKernel
{
    public static int Threads<TTile>()
        where TTile : struct, IProductTile => ProductDeep.Parts * TTile.Rows * TTile.Columns / 16;

    public static int Strips<TTile>()
        where TTile : struct, IProductTile => TTile.Columns / 4;

    public static Action<ArrayView<float>, ArrayView<T>, ArrayView<T>, EpilogueViews<T>, ProductShape>
        Body<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>()
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue =>
        ProductDeep.DeepKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>;
}

/// <summary>Whole tiles on tensor cores, factors in TF32.</summary>
internal struct TensorProduct : IProductKernel
{
    public static int Threads<TTile>()
        where TTile : struct, IProductTile => TensorTiles.Threads<TTile>();

    public static int Strips<TTile>()
        where TTile : struct, IProductTile => TTile.Columns / 4;

    public static Action<ArrayView<float>, ArrayView<T>, ArrayView<T>, EpilogueViews<T>, ProductShape>
        Body<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>()
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TTile : struct, IProductTile
        where TLeft : struct, IProductLoad
        where TRight : struct, IProductLoad
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue =>
        TensorTiles.TensorKernel<T, TElement, TTile, TLeft, TRight, TWide, TEpilogue>;
}
