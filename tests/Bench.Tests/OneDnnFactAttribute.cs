using MuxKernels.Peers;
using Xunit;

namespace MuxKernels.Bench.Tests;

/// <summary>A test that needs oneDNN's library and is skipped, with the reason, where it is missing.</summary>
internal sealed class OneDnnFactAttribute : FactAttribute
{
    public OneDnnFactAttribute() => Skip = OneDnn.IsAvailable ? null : OneDnn.Missing;
}
