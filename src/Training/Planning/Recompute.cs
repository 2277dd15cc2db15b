namespace MuxKernels.Training;

/// <summary>Whether a <see cref="TrainingPlan"/> computes normalisation and swish again where it reads a map, or keeps
/// what takes longest in them, the sigmoid, in a second map of the same size. Results are the same within
/// rounding.</summary>
public enum Recompute
{
    /// <summary>Kept where squeeze-excite follows, whose map is read twice on the way forward and twice on the way
    /// back, up to <see cref="TrainingPlan.KeptBytesOfMap"/>; the others are computed again.</summary>
    Auto,

    /// <summary>Compute again: least memory.</summary>
    Always,

    /// <summary>Keep: fewest operations.</summary>
    Never,
}
