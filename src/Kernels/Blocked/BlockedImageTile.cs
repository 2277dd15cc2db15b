namespace MuxKernels;

/// <summary>What an output pixel of a <see cref="BlockedImageTile"/> reads: a rectangle of taps inside the
/// map.</summary>
/// <param name="X">Floats from an image's first pixel to what the first tap reads.</param>
/// <param name="W">Floats from the weight of tap (0, 0) to that of the first tap.</param>
/// <param name="Y">Floats from an image's first output pixel to this one.</param>
/// <param name="Rows">Kernel rows, 0 where the pixel reads nothing.</param>
/// <param name="Taps">Taps of a kernel row.</param>
internal readonly record struct BlockedImagePixel(int X, int W, int Y, int Rows, int Taps);

/// <summary>
/// What a tile of whole small maps computes: for one output block, or both of a group of two channels, and some images
/// every output pixel, <c>y[n, p] = bias + Σᵢ Σ_t w[i, t] ∘ x[n, i, p, t]</c> over the taps t that lie inside the map.
/// Images stand side by side in the registers instead of pixels, so that maps need no borders and no tap is computed
/// for nothing. All steps are in floats.
/// </summary>
internal unsafe struct BlockedImageTile
{
    /// <summary>First pixel of the first image in the first input block.</summary>
    public float* X;

    /// <summary>From one image to the next.</summary>
    public nint ImageStep;

    /// <summary>From one input block to the next.</summary>
    public nint BlockStep;

    /// <summary>From what a kernel row reads to what the next one of a rectangle reads.</summary>
    public nint RowStep;

    /// <summary>From what a tap reads to what the next one of a rectangle reads.</summary>
    public nint TapStep;

    /// <summary>Weight of tap (0, 0) for the first input block.</summary>
    public float* W;

    /// <summary>From the weight of one tap of a rectangle to the next.</summary>
    public nint WeightStep;

    /// <summary>From the weights of one kernel row of a rectangle to those of the next.</summary>
    public nint WeightRowStep;

    /// <summary>From the weights of one input block to those of the next.</summary>
    public nint WeightBlockStep;

    /// <summary>What sums start with; one vector for each output block.</summary>
    public float* Bias;

    /// <summary>First output pixel of the first image.</summary>
    public float* Y;

    /// <summary>From one image of the output to the next.</summary>
    public nint YImageStep;

    /// <summary>From one output block to the next.</summary>
    public nint YBlockStep;

    /// <summary>What each output pixel reads.</summary>
    public BlockedImagePixel* Table;

    /// <summary>Output pixels.</summary>
    public int Pixels;

    /// <summary>Input blocks.</summary>
    public int Blocks;
}
