namespace MuxKernels.Interop;

/// <summary>One tensor of a file, as its header describes it.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Shape">Lengths of the axes; none for a single number.</param>
/// <param name="Count">Number of elements, the product of the axes.</param>
/// <param name="Offset">First byte, from the end of the header; in a checkpoint from the start of its storage.</param>
public sealed record SafeTensorInfo(string Name, SafeTensorType Type, IReadOnlyList<long> Shape, long Count,
    long Offset)
{
    /// <summary>Bytes of all elements.</summary>
    public long Length => Count * Type.Size();
}
