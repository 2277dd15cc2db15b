namespace MuxKernels.Interop;

/// <summary>
/// A record that has no ONNX form, or a file that is no ONNX model. The message names the operator and its module, or
/// the file, what was expected and what was found.
/// </summary>
public sealed class OnnxException : IOException
{
    /// <summary>Creates the exception.</summary>
    public OnnxException()
    {
    }

    /// <summary>Creates the exception with its message.</summary>
    public OnnxException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and cause.</summary>
    public OnnxException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
