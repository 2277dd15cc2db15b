namespace MuxKernels.Testing;

/// <summary>A kernel that is not what its reference says. The message has kernel, geometry, index, expected and found
/// value, bound and seed.</summary>
public sealed class CheckFailedException : Exception
{
    /// <summary>A failure without a description.</summary>
    public CheckFailedException()
    {
    }

    /// <summary>A failure.</summary>
    public CheckFailedException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public CheckFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
