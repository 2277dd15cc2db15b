namespace MuxKernels.Inference;

/// <summary>How a plan is made.</summary>
public sealed record PlanOptions
{
    /// <summary>Threads that work together on a call; 0 means one for each processor. Results have the same bits for
    /// every number.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Smallest number of images of a call; 0 means the input shape's, so that the batch is fixed.</summary>
    public int MinBatch { get; init; }

    /// <summary>Floats of a vector: 16 (AVX-512), 8 (AVX2), 4, or 0 for the widest here.</summary>
    internal int Lanes { get; init; }
}

/// <summary>One step of a plan, as <see cref="InferencePlan.Steps"/> lists it. Figures are those of one
/// image.</summary>
/// <param name="Name">Path of the module it stands for.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Layout">Layout of its maps.</param>
/// <param name="Tile">How it is cut into items for threads.</param>
/// <param name="MultiplyAdds">Multiply-adds.</param>
/// <param name="LaneCap">Share of the vectors' lanes that hold a channel and a tap, 0 … 1: no kernel of this layout can
/// reach more of the peak.</param>
/// <param name="Activations">Values that go through an activation function.</param>
/// <param name="Bytes">Bytes of weights, input and output.</param>
/// <param name="IsMovement">Whether it only copies values; conversion of the network's input and output does not
/// count.</param>
public sealed record PlanStep(string Name, string Kind, string Layout, string Tile, long MultiplyAdds, double LaneCap,
    long Activations, long Bytes, bool IsMovement);
