namespace MuxKernels.Peers;

/// <summary>A peer library refused something; the message is its own, after what was asked.</summary>
public sealed class PeerException : Exception
{
    /// <inheritdoc/>
    public PeerException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public PeerException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <inheritdoc/>
    public PeerException()
    {
    }
}
