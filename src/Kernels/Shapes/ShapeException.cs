namespace MuxKernels;

/// <summary>A shape, a length or a piece of geometry that an operation can't work with. The message names the
/// operation, the argument, what was expected and what was found.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>Creates the exception.</summary>
    public ShapeException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public ShapeException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public ShapeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
