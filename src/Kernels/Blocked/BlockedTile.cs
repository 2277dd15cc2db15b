namespace MuxKernels;

/// <summary>How many floats lie between the numbers of neighbouring pixels that a tile reads; a constant of the
/// compiled tile, so that it stands in the instructions.</summary>
internal interface IPixelStep
{
    /// <summary>The step on maps of this many lanes.</summary>
    static abstract int Floats(int lanes);
}

/// <summary>Pixels of a blocked map.</summary>
internal readonly struct BlockStep : IPixelStep
{
    /// <inheritdoc/>
    public static int Floats(int lanes) => lanes;
}

/// <summary>Neighbouring pixels of a plane.</summary>
internal readonly struct UnitStep : IPixelStep
{
    /// <inheritdoc/>
    public static int Floats(int lanes) => 1;
}

/// <summary>Every second pixel of a plane.</summary>
internal readonly struct PairStep : IPixelStep
{
    /// <inheritdoc/>
    public static int Floats(int lanes) => 2;
}

/// <summary>
/// What a register tile works on: <c>to[v·ToVector + p·L] = start[v·L] + Σᵢ w[i][v·L]·x[offsets[i] + p·step]</c> for
/// some pixels p and one or two vectors v. Every sum is taken in the order of i, whatever the tile.
/// </summary>
internal unsafe struct BlockedTile
{
    /// <summary>What the offsets count from, at the tile's first pixel.</summary>
    public float* X;

    /// <summary>An offset for each term.</summary>
    public int* Offsets;

    /// <summary>Terms of the sums.</summary>
    public int Depth;

    /// <summary>Weights, <c>[Depth][vectors·L]</c>.</summary>
    public float* W;

    /// <summary>First value of the sums, <c>[vectors·L]</c>.</summary>
    public float* Start;

    /// <summary>Result at the first pixel.</summary>
    public float* To;

    /// <summary>Tiles to compute, side by side.</summary>
    public int Tiles;

    /// <summary>What will be wanted soon: a line is fetched into the second cache at each term until
    /// <see cref="AheadEnd"/>. Never null; where nothing is wanted, some address that is in use.</summary>
    public float* Ahead;

    /// <summary>Where <see cref="Ahead"/> ends.</summary>
    public float* AheadEnd;

    /// <summary>Floats from a result of the first vector to the one of the second.</summary>
    public nint ToVector;

    /// <summary>Floats by which the address fetched ahead moves on at each term of a tile: a cache line, or nothing at
    /// the end.</summary>
    public readonly nint Line(float* ahead) => ahead < AheadEnd ? 16 : 0;
}
