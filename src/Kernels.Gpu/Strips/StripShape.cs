namespace MuxKernels;

/// <summary>How the outputs of a part are computed.</summary>
internal static class StripForm
{
    /// <summary>Any geometry, one output for each thread.</summary>
    public const int Any = 0;

    /// <summary>A plain convolution: 4 rows × 4 columns of one channel.</summary>
    public const int Plain = 1;

    /// <summary>Sub-pixel, r = 2: 4 rows of one parity × 4 columns of one channel.</summary>
    public const int Sub = 2;

    /// <summary>Super-pixel, r = 2: 2 rows × 4 columns of four channels.</summary>
    public const int Super = 3;
}

/// <summary>One part of a convolution as the strip kernels read it.</summary>
/// <param name="Form">A <see cref="StripForm"/>.</param>
/// <param name="FirstBlock">Its first group of threads.</param>
/// <param name="Items">Its threads.</param>
/// <param name="Columns">Strips along the columns of a plane.</param>
/// <param name="Lines">Strips along the rows of a plane.</param>
/// <param name="Planes">Planes (of four channels each with <see cref="StripForm.Super"/>) of an image.</param>
/// <param name="Row">Its geometry; channels are those of the result, which source and result share but for plain
/// parts.</param>
public readonly record struct StripPart(int Form, int FirstBlock, int Items, FastDivide Columns, FastDivide Lines,
    FastDivide Planes, PartRow Row);

/// <summary>What all parts of a convolution share. Source and result are x and y, or dy and dx at stride 1.</summary>
/// <param name="N">Images.</param>
/// <param name="SourceC">Channels of the source where it lies.</param>
/// <param name="H">Rows of the source.</param>
/// <param name="W">Columns of the source.</param>
/// <param name="GateC">Channels of the source that are read.</param>
/// <param name="ResultC">Channels of the result where it lies.</param>
/// <param name="Channels">Channels of the result that are written.</param>
/// <param name="OutH">Rows of the result.</param>
/// <param name="OutW">Columns of the result.</param>
/// <param name="SourcePerGroup">Channels of the source in a group.</param>
/// <param name="ResultPerGroup">Channels of the result in a group.</param>
/// <param name="SourceStep">k×k weights from one channel of the source to the next.</param>
/// <param name="ResultStep">k×k weights from one channel of the result to the next.</param>
/// <param name="Stride">Step along each axis.</param>
/// <param name="Dilation">Distance of neighbouring taps.</param>
/// <param name="Factor">The spatial factor, r.</param>
/// <param name="Parts">Number of parts.</param>
/// <param name="Strips">Partial sums of each channel and image.</param>
/// <param name="TapStep">1, or −1 where taps are read backwards.</param>
public readonly record struct StripShape(int N, int SourceC, int H, int W, int GateC, int ResultC, int Channels,
    int OutH, int OutW, int SourcePerGroup, int ResultPerGroup, int SourceStep, int ResultStep, int Stride,
    int Dilation, int Factor, int Parts, int Strips, int TapStep = 1);
