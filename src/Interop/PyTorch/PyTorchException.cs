namespace MuxKernels.Interop;

/// <summary>
/// A PyTorch checkpoint that is damaged, is of another format, or holds more than tensors, numbers and text. The
/// message names the file, what was expected and what was found.
/// </summary>
public sealed class PyTorchException : IOException
{
    /// <summary>Creates the exception.</summary>
    public PyTorchException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public PyTorchException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public PyTorchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
