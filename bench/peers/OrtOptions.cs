namespace MuxKernels.Peers;

/// <summary>How a session of ONNX Runtime is set up. All graph optimisations, sequential execution, memory pattern and
/// arena are always on, one inter-op thread.</summary>
public sealed record OrtOptions
{
    /// <summary>Threads of an operator, the calling one included.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Whether waiting threads spin for a while, the library's default. They do so after a run, too: leave a
    /// pause before anything else is measured.</summary>
    public bool Spins { get; init; } = true;

    /// <summary>Where the optimised graph is written; null for nowhere.</summary>
    public string? OptimizedModelFile { get; init; }

    /// <summary>Begin of the name of a profile that is written when the session ends; null for none.</summary>
    public string? ProfilePrefix { get; init; }
}
