namespace MuxKernels;

/// <summary>A run of input and output blocks of a <see cref="BlockedWindow"/> that is computed together and depends on
/// no other blocks.</summary>
/// <param name="FirstIn">First input block.</param>
/// <param name="InBlocks">Input blocks it reads.</param>
/// <param name="FirstOut">First output block.</param>
/// <param name="OutBlocks">Output blocks it writes.</param>
/// <param name="MultiplyAdds">Multiply-adds of the true convolution over the whole map of one image.</param>
/// <param name="VectorMultiplyAdds">Multiply-adds that the vectors do, lanes without a channel included: the quotient
/// of the two is the lane cap.</param>
internal readonly record struct BlockedPiece(int FirstIn, int InBlocks, int FirstOut, int OutBlocks,
    long MultiplyAdds, long VectorMultiplyAdds);

/// <summary>
/// A depthwise, group-wise, mixed-kernel or spatially multiplexed convolution prepared for blocked maps: it says in
/// which order it wants the channels (a convolution before and after it can deliver and take any order for nothing),
/// how wide a border of zeros its input needs, packs weights and computes rows of pieces. It holds no weights: one
/// instance serves any number of plans and threads.
/// </summary>
internal abstract unsafe class BlockedWindow
{
    /// <summary>Lanes of a block.</summary>
    public abstract int Lanes { get; }

    /// <summary>For each lane of each input block the channel there, or −1 for none (its numbers are zero).</summary>
    public abstract IReadOnlyList<int> InOrder { get; }

    /// <summary>For each lane of each output block the channel there, or −1 for none (its numbers come out zero where
    /// the bias is zero and the activation keeps zero).</summary>
    public abstract IReadOnlyList<int> OutOrder { get; }

    /// <summary>Rows and columns of zeros that must stand on all four sides of the input map.</summary>
    public abstract int Border { get; }

    /// <summary>Steps of input rows (and columns) for one output row; 1 also where there are more output rows than
    /// input rows (<see cref="InputRows"/> says which belong together).</summary>
    public abstract int Stride { get; }

    /// <summary>Input rows that output rows need, rows of the border among them (negative, or from the map's height
    /// on).</summary>
    /// <param name="firstRow">First output row.</param>
    /// <param name="rows">Number of output rows.</param>
    public virtual (int First, int Count) InputRows(int firstRow, int rows) =>
        (firstRow * Stride - Border, (rows - 1) * Stride + 1 + 2 * Border);

    /// <summary>Rows of the output.</summary>
    public abstract int OutHeight { get; }

    /// <summary>Columns of the output.</summary>
    public abstract int OutWidth { get; }

    /// <summary>The pieces, in the order of their blocks.</summary>
    public abstract IReadOnlyList<BlockedPiece> Pieces { get; }

    /// <summary>Floats of the packed weights.</summary>
    public abstract int PackedLength { get; }

    /// <summary>Packs weights.</summary>
    /// <param name="w">Weights in the layout of the public family.</param>
    /// <param name="scale">A factor for each output channel (folded batch normalisation); empty for none.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats.</param>
    public abstract void Pack(ReadOnlySpan<float> w, ReadOnlySpan<float> scale, float* packed);

    /// <summary>
    /// Computes output rows <paramref name="firstRow"/> … + <paramref name="rows"/> − 1 of a piece, one image. Rows are
    /// numbered in the whole map; x may therefore point before a buffer that holds only the rows that are needed.
    /// </summary>
    /// <param name="piece">Index of the piece.</param>
    /// <param name="x">Row 0, column 0 (inside the border) of the piece's first input block.</param>
    /// <param name="xBlockStride">Floats from one input block to the next.</param>
    /// <param name="xRowStride">Floats from one input row to the next.</param>
    /// <param name="packed">The packed weights of all pieces.</param>
    /// <param name="store">Where the piece's output blocks go; bias, residual and sums begin at its first one.</param>
    /// <param name="firstRow">First output row.</param>
    /// <param name="rows">Number of output rows.</param>
    public abstract void Run(int piece, float* x, int xBlockStride, int xRowStride, float* packed,
        in BlockedStore store, int firstRow, int rows);

    /// <summary>Whether the maps are small enough for <see cref="RunImages"/>.</summary>
    public virtual bool TakesImages => false;

    /// <summary>Computes a piece of whole images whose maps follow one another without borders: block, image, row,
    /// column, lane; no epilogue.</summary>
    /// <param name="piece">Index of the piece.</param>
    /// <param name="x">First pixel of the first image in the piece's first input block.</param>
    /// <param name="xBlockStride">Floats from one input block to the next.</param>
    /// <param name="packed">The packed weights of all pieces.</param>
    /// <param name="bias">One number for each lane of each output block of the piece.</param>
    /// <param name="y">First pixel of the first image in the piece's first output block.</param>
    /// <param name="yBlockStride">Floats from one output block to the next.</param>
    /// <param name="images">Images.</param>
    /// <exception cref="NotSupportedException"><see cref="TakesImages"/> is false.</exception>
    public virtual void RunImages(int piece, float* x, int xBlockStride, float* packed, float* bias, float* y,
        int yBlockStride, int images) => throw new NotSupportedException("The maps are too large.");
}
