namespace MuxKernels;

/// <summary>
/// Rows of a run of channel blocks in up to three maps of equal geometry, as batch normalisation and what follows it
/// see them: <c>y = scale·z + shift</c>, <c>a = gate·f(y)</c>. Pixels of a row are L floats apart everywhere; scale,
/// shift, gate, pooled and the sums have one number for each lane of each block of the run.
/// </summary>
internal unsafe struct BlockedBand
{
    /// <summary>Blocks of the run.</summary>
    public int Blocks;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Pixels of a row.</summary>
    public int Columns;

    /// <summary>z: what is normalised, at the first row and column of the first block.</summary>
    public float* Z;

    /// <summary>Floats from one block of z to the next.</summary>
    public nint ZBlock;

    /// <summary>Floats from one row of z to the next.</summary>
    public nint ZRow;

    /// <summary>The gradient of a; null where none is read.</summary>
    public float* G;

    /// <summary>Floats from one block of the gradient to the next.</summary>
    public nint GBlock;

    /// <summary>Floats from one row of the gradient to the next.</summary>
    public nint GRow;

    /// <summary>Where the result goes; it may be G.</summary>
    public float* To;

    /// <summary>Floats from one block of the result to the next.</summary>
    public nint ToBlock;

    /// <summary>Floats from one row of the result to the next.</summary>
    public nint ToRow;

    /// <summary>Where σ(y) is kept for a swish, or read; null where it is computed.</summary>
    public float* Kept;

    /// <summary>Floats from one block of what is kept to the next.</summary>
    public nint KeptBlock;

    /// <summary>Floats from one row of what is kept to the next.</summary>
    public nint KeptRow;

    /// <summary>Factors of the normalisation.</summary>
    public float* Scale;

    /// <summary>Shifts of the normalisation.</summary>
    public float* Shift;

    /// <summary>Factors of a; null for ones.</summary>
    public float* Gate;

    /// <summary>What squeeze-excite's mean adds to the gradient of f(y) at every pixel; null for nothing.</summary>
    public float* Pooled;

    /// <summary>Where <see cref="Gate"/> and <see cref="Pooled"/> of the next row begin, in floats from this one's:
    /// rows that are images, each with factors of its own; 0 where all rows have the same. Read by the gradient
    /// alone.</summary>
    public nint GateRow;

    /// <summary>Memory with the steps of z that is written soon: while a is computed, its lines are fetched; null for
    /// none.</summary>
    public float* Next;
}
