namespace MuxKernels.Compare;

/// <summary>A comparison that means nothing: outputs that differ, a child process that failed.</summary>
public sealed class ComparisonException : Exception
{
    /// <inheritdoc/>
    public ComparisonException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public ComparisonException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <inheritdoc/>
    public ComparisonException()
    {
    }
}
