namespace MuxKernels;

/// <summary>
/// What the weight gradient of a 1×1 convolution reads: the same rows of an input a and of the gradient dz of the
/// output, in maps of channel blocks (NCHWcL), of one image or of several, and where the sums go. Pixels of a row are L
/// floats apart; every other stride is the map's own. A slot is a lane of a block, counted through the blocks; slots
/// without a channel hold zeros.
/// </summary>
internal unsafe struct BlockedPointwiseGradientBand
{
    /// <summary>Row 0, column 0 of the first block of a.</summary>
    public float* A;

    /// <summary>Floats from one block of a to the next.</summary>
    public nint ABlock;

    /// <summary>Floats from one row of a to the next.</summary>
    public nint ARow;

    /// <summary>Floats from one image of a to the next.</summary>
    public nint AImage;

    /// <summary>Row 0, column 0 of the first block of dz.</summary>
    public float* Dz;

    /// <summary>Floats from one block of dz to the next.</summary>
    public nint DzBlock;

    /// <summary>Floats from one row of dz to the next.</summary>
    public nint DzRow;

    /// <summary>Floats from one image of dz to the next.</summary>
    public nint DzImage;

    /// <summary>Slots of a.</summary>
    public int InSlots;

    /// <summary>Slots of dz.</summary>
    public int OutSlots;

    /// <summary>Images.</summary>
    public int Images;

    /// <summary>Rows of each image.</summary>
    public int Rows;

    /// <summary>Pixels of a row.</summary>
    public int Columns;

    /// <summary>A factor of each slot of a, in whole blocks; null for ones.</summary>
    public float* Gate;

    /// <summary>Floats from the factors of one image to those of the next.</summary>
    public nint GateImage;

    /// <summary>The packed sums, 64-byte aligned.</summary>
    public float* Packed;
}
