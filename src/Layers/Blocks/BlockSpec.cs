using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>The three kinds of blocks of a MUXNet (CVPR 2020).</summary>
public enum BlockKind
{
    /// <summary>Depthwise separable, <c>ds</c>.</summary>
    DepthwiseSeparable,

    /// <summary>Inverted residual, also the reduction block, <c>ir</c>.</summary>
    InvertedResidual,

    /// <summary>Channel-multiplexed inverted residual, <c>mux</c>.</summary>
    Multiplexed,
}

/// <summary>One row of a network's table: a run of equal blocks; the stride acts in the first of them only.</summary>
public sealed record BlockSpec
{
    /// <summary>Kind of block.</summary>
    public required BlockKind Kind { get; init; }

    /// <summary>Number of blocks in a row.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>One kernel size, or several for a mixed-kernel convolution (or one for each scale).</summary>
    public required IntList Kernels { get; init; }

    /// <summary>Stride of the first block.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Expansion, e; not used by <c>ds</c>.</summary>
    public double Expansion { get; init; } = 1;

    /// <summary>Output channels.</summary>
    public required int Channels { get; init; }

    /// <summary>Squeeze-excite ratio, relative to the block's (processed) input channels; 0 for none.</summary>
    public double SqueezeRatio { get; init; }

    /// <summary>Activation.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Swish;

    /// <summary>Processed fraction p of a <c>mux</c> block.</summary>
    public double SplitRatio { get; init; } = 0.5;

    /// <summary>Groups of the channel shuffle of a <c>mux</c> block.</summary>
    public int ShuffleGroups { get; init; } = 2;

    /// <summary>Channels a convolution group mixes in a <c>mux</c> block without scales, g.</summary>
    public int ChannelsPerGroup { get; init; } = 1;

    /// <summary>Signed scales of spatial multiplexing; empty for none.</summary>
    public IntList Scales { get; init; }

    /// <summary>Channels a convolution group mixes inside a spatially multiplexed convolution: 1 as in the released
    /// code, which is always depthwise there, 2 as the paper's group-wise convolution.</summary>
    public int ScaleChannelsPerGroup { get; init; } = 1;

    /// <summary>What sub-pixel parts do on odd maps.</summary>
    public OddMaps OddMaps { get; init; }

    /// <summary>Whether the shortcut is left out.</summary>
    public bool NoSkip { get; init; }

    /// <summary>Whether a <c>ds</c> block ends in an activation.</summary>
    public bool PointwiseActivation { get; init; }
}
