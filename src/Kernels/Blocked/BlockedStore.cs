namespace MuxKernels;

/// <summary>
/// Where a kernel on blocked maps (NCHWcL, L the vector's lanes: channel block, row, column, lane) leaves a run of
/// output blocks of one image, and what it does to them on the way:
/// <c>y = f(sum + bias) + residual</c>.
/// </summary>
internal unsafe struct BlockedStore
{
    /// <summary>Row 0, column 0 of the first output block.</summary>
    public float* Y;

    /// <summary>Floats from one output block to the next.</summary>
    public int BlockStride;

    /// <summary>Floats from one row to the next; pixels of a row are L floats apart.</summary>
    public int RowStride;

    /// <summary>One number for each lane of each output block.</summary>
    public float* Bias;

    /// <summary>f.</summary>
    public ActivationKind Activation;

    /// <summary>Row 0, column 0 of what is added after f, in the lanes of the output; null for nothing.</summary>
    public float* Residual;

    /// <summary>Floats from one block of the residual to the next.</summary>
    public int ResidualBlockStride;

    /// <summary>Floats from one row of the residual to the next.</summary>
    public int ResidualRowStride;

    /// <summary>Written, not added to: for each lane of each output block the sum of y over the rows of this call, in
    /// an order that depends on the call's rows alone; null where it is not wanted.</summary>
    public float* Sums;

    /// <summary>Whether Y itself need not be stored: only <see cref="Sums"/> is wanted.</summary>
    public bool SumsOnly;
}
