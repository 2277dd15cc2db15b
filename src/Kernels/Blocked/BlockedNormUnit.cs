namespace MuxKernels;

/// <summary>The numbers of one batch normalisation over blocked maps. Parameters, running statistics and their
/// gradients stand in the order of the channels, everything else in the order of the slots (lanes of
/// blocks).</summary>
internal unsafe struct BlockedNormUnit
{
    /// <summary>The channel of each slot; −1 for a lane without one.</summary>
    public int* Channels;

    /// <summary>Values of a channel in the batch, <c>N·H·W</c>.</summary>
    public long Count;

    /// <summary>ε, as its decimal text (<see cref="Decimals"/>).</summary>
    public double Epsilon;

    /// <summary>Weight of the batch in the running statistics, as its decimal text.</summary>
    public double Momentum;

    /// <summary>γ, by channel.</summary>
    public float* Gamma;

    /// <summary>β, by channel.</summary>
    public float* Beta;

    /// <summary>Running mean, by channel.</summary>
    public float* RunningMean;

    /// <summary>Running variance, by channel.</summary>
    public float* RunningVariance;

    /// <summary>Gradient of γ, by channel.</summary>
    public float* Dgamma;

    /// <summary>Gradient of β, by channel.</summary>
    public float* Dbeta;

    /// <summary>The batch's mean, by slot.</summary>
    public float* Mean;

    /// <summary><c>1/√(σ² + ε)</c>, by slot.</summary>
    public float* Inverse;

    /// <summary>Factors of <c>y = scale·z + shift</c>, by slot.</summary>
    public float* Scale;

    /// <summary>Shifts of <c>y = scale·z + shift</c>, by slot.</summary>
    public float* Shift;

    /// <summary>A of <c>dz = A·d + B·z + C</c>, by slot.</summary>
    public float* A;

    /// <summary>B of <c>dz = A·d + B·z + C</c>, by slot.</summary>
    public float* B;

    /// <summary>C of <c>dz = A·d + B·z + C</c>, by slot.</summary>
    public float* C;
}
