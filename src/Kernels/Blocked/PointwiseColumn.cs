namespace MuxKernels;

/// <summary>
/// One column (one or two vectors of output channels) of a 1×1 convolution on blocked maps of one image, over a range
/// of rows: <c>y[o, p] = f(Σᵢ w[i][o]·x[offset[i] + p·L] + bias[o]) + residual</c>. Input channels may lie anywhere:
/// each has an offset of its own, so a split, shuffle or concatenation before the convolution costs nothing.
/// </summary>
internal unsafe struct PointwiseColumn
{
    /// <summary>What <see cref="Offsets"/> count from.</summary>
    public float* X;

    /// <summary>Floats from one input row to the next. Where it is <c>Width·L</c>, rows follow one another and tiles of
    /// pixels may run over their ends.</summary>
    public int XRowStride;

    /// <summary>For each input channel the floats from <see cref="X"/> to its number at row 0, column 0.</summary>
    public int* Offsets;

    /// <summary>Input channels.</summary>
    public int Depth;

    /// <summary>Packed weights of this column, <c>[Depth][Vectors·L]</c>, 64-byte aligned.</summary>
    public float* W;

    /// <summary>1 or 2.</summary>
    public int Vectors;

    /// <summary>Columns of the map (pixels of a row), of input and output alike.</summary>
    public int Width;

    /// <summary>First row.</summary>
    public int FirstRow;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>Memory that is fetched into the second cache on the way (the weights of what comes next); null for
    /// none.</summary>
    public float* Ahead;

    /// <summary>Where <see cref="Ahead"/> ends.</summary>
    public float* AheadEnd;

    /// <summary>Where the results go.</summary>
    public BlockedStore Store;
}
