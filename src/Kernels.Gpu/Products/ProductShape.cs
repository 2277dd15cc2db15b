namespace MuxKernels;

/// <summary>Where an operand of a product lies. In the <em>depth form</em> element (i, k) is
/// <c>v[n·Image + i·Pixels + p]</c> with <c>k = n·Padded + p</c>; in the <em>index form</em> element (k, i) is
/// <c>v[n·Image + channel(k)·Pixels + p]</c> with <c>i = n·Padded + p</c>. A plain matrix is one image.</summary>
/// <param name="Pixels">Elements of a row, P.</param>
/// <param name="Image">Elements from image to image.</param>
/// <param name="Padded">Places that an image takes, at least P: tiles of sums never cross images.</param>
/// <param name="Limit">Rows (depth form) or places (index form) in all.</param>
public readonly record struct ProductOperand(int Pixels, int Image, FastDivide Padded, int Limit)
{
    /// <summary>A plain matrix whose rows have <paramref name="pixels"/> elements.</summary>
    internal static ProductOperand Matrix(int pixels, int limit) =>
        new(pixels, 0, FastDivide.By(Math.Max(pixels, 1)), limit);
}

/// <summary>A product <c>c[m,j] = Σ_k a[m,k]·b[k,j]</c>, whole or in bands of k with a c for each.</summary>
/// <param name="Left">Where a lies.</param>
/// <param name="Right">Where b lies.</param>
/// <param name="Result">Where c lies, index form: row m is its k.</param>
/// <param name="Rows">Rows of c.</param>
/// <param name="Depth">Length of the sum.</param>
/// <param name="BandDepth">Length of a band's sum, a multiple of the slices' depth or all.</param>
/// <param name="BandLength">Elements from one band's c to the next.</param>
/// <param name="RowTiles">Tiles along the rows (set by the launch).</param>
/// <param name="ColumnTiles">Tiles along the columns (set by the launch).</param>
/// <param name="Strips">Partial sums of each row and image (set by the launch).</param>
public readonly record struct ProductShape(ProductOperand Left, ProductOperand Right, ProductOperand Result, int Rows,
    int Depth, int BandDepth, int BandLength, int RowTiles = 0, int ColumnTiles = 0, int Strips = 0);
