namespace MuxKernels;

/// <summary>
/// The weight gradient of a <see cref="BlockedWindow"/>: <c>dw[o, i, kh, kw] += Σ_p dy[o, p]·x[i, p·s + k·d − pad]</c>,
/// from the same padded input map and the gradient of its output, channels in the window's orders. It holds no numbers:
/// one instance serves any number of plans and threads.
/// </summary>
internal abstract unsafe class BlockedWindowGradient
{
    /// <summary>Floats of the packed sums of all pieces; the caller clears them first.</summary>
    public abstract int PackedLength { get; }

    /// <summary>Adds what output rows <paramref name="firstRow"/> … + <paramref name="rows"/> − 1 of a piece give to
    /// the packed sums, one image; in an order that depends on the rows of the call alone. Rows are numbered in the
    /// whole maps; both pointers may point before buffers that hold only the rows that are needed.</summary>
    /// <param name="piece">Index of the window's piece.</param>
    /// <param name="x">Row 0, column 0 (inside the border of zeros) of the piece's first input block.</param>
    /// <param name="xBlockStride">Floats from one input block to the next.</param>
    /// <param name="xRowStride">Floats from one input row to the next.</param>
    /// <param name="dy">Row 0, column 0 of the piece's first output block.</param>
    /// <param name="dyBlockStride">Floats from one output block to the next.</param>
    /// <param name="dyRowStride">Floats from one output row to the next.</param>
    /// <param name="packed">The packed sums of all pieces, 64-byte aligned.</param>
    /// <param name="firstRow">First output row.</param>
    /// <param name="rows">Number of output rows.</param>
    public abstract void Run(int piece, float* x, int xBlockStride, int xRowStride, float* dy, int dyBlockStride,
        int dyRowStride, float* packed, int firstRow, int rows);

    /// <summary>Adds packed sums to a weight gradient.</summary>
    /// <param name="packed">The packed sums.</param>
    /// <param name="dw">Gradient in the layout of the public family.</param>
    public abstract void Unpack(float* packed, Span<float> dw);

    /// <summary>Adds what whole images of a piece give, as <see cref="BlockedWindow.RunImages"/> reads and writes
    /// them.</summary>
    /// <param name="piece">Index of the window's piece.</param>
    /// <param name="x">First pixel of the first image in the piece's first input block.</param>
    /// <param name="xBlockStride">Floats from one input block to the next.</param>
    /// <param name="dy">First pixel of the first image in the piece's first output block.</param>
    /// <param name="dyBlockStride">Floats from one output block to the next.</param>
    /// <param name="packed">The packed sums of all pieces, 64-byte aligned.</param>
    /// <param name="images">Images.</param>
    /// <exception cref="NotSupportedException"><see cref="BlockedWindow.TakesImages"/> is false.</exception>
    public virtual void RunImages(int piece, float* x, int xBlockStride, float* dy, int dyBlockStride, float* packed,
        int images) => throw new NotSupportedException("The maps are too large.");
}
