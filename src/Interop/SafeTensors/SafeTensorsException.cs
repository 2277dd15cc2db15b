namespace MuxKernels.Interop;

/// <summary>
/// A safetensors file that breaks the format's rules, or tensors that can't be written as one. The message names the
/// file, the tensor, what was expected and what was found.
/// </summary>
public sealed class SafeTensorsException : IOException
{
    /// <summary>Creates the exception.</summary>
    public SafeTensorsException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public SafeTensorsException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public SafeTensorsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
