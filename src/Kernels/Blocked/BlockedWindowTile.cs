namespace MuxKernels;

/// <summary>
/// What a window tile on blocked maps computes: for one output block and a few neighbouring pixels
/// <c>y[h, v] = bias + Σᵢ Σ_{kh,kw} w[i, kh, kw] ∘ x[i, h, v, kh, kw]</c> over one or more input blocks i, lane by
/// lane. All steps are in floats; every vector is aligned when x, w, bias, y and the steps are multiples of L. Each
/// output is the same sum in the same order in every tile of a kind, whatever its rows and columns.
/// </summary>
internal unsafe struct BlockedWindowTile
{
    /// <summary>Tap (0, 0) of the first output pixel in the first input block.</summary>
    public float* X;

    /// <summary>From one input block to the next.</summary>
    public nint BlockStep;

    /// <summary>From the pixel of one output row to that of the next.</summary>
    public nint OutRowStep;

    /// <summary>From the pixel of one output column to that of the next.</summary>
    public nint PixelStep;

    /// <summary>From one kernel row to the next.</summary>
    public nint RowStep;

    /// <summary>From one tap of a kernel row to the next.</summary>
    public nint TapStep;

    /// <summary>Weight of tap (0, 0) for the first input block; the taps of a kernel, row by row, are
    /// <see cref="WeightStep"/> apart.</summary>
    public float* W;

    /// <summary>From the weight of one tap to the next.</summary>
    public nint WeightStep;

    /// <summary>From the weights of one kernel row to those of the next.</summary>
    public nint WeightRowStep;

    /// <summary>From the weights of one input block to those of the next.</summary>
    public nint WeightBlockStep;

    /// <summary>What sums start with; one vector for each output block.</summary>
    public float* Bias;

    /// <summary>The first output pixel.</summary>
    public float* Y;

    /// <summary>From one output pixel to the next (tiles of one phase; others leave them side by side).</summary>
    public nint YPixelStep;

    /// <summary>From one output block to the next (tiles of two output blocks).</summary>
    public nint YBlockStep;

    /// <summary>From one output row to the next.</summary>
    public nint YRowStep;

    /// <summary>Output rows, all with the same kernel rows; an even number for tiles of two rows.</summary>
    public int OutRows;

    /// <summary>Input blocks.</summary>
    public int Blocks;

    /// <summary>Kernel rows, 0 or more.</summary>
    public int Rows;

    /// <summary>Taps of a kernel row, 1 or more.</summary>
    public int Taps;
}
