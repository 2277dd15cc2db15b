namespace MuxKernels;

/// <summary>Prepares windows for blocked maps; null says that a convolution has no blocked kernel and its caller takes the
/// plain one.</summary>
internal static partial class BlockedWindows
{
}
