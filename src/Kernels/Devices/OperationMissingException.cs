namespace MuxKernels;

/// <summary>A device has no body for an operation.</summary>
public sealed class OperationMissingException : NotSupportedException
{
    /// <summary>Creates the exception.</summary>
    public OperationMissingException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public OperationMissingException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public OperationMissingException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
