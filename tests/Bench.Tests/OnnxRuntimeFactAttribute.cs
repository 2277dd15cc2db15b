using MuxKernels.Peers;
using Xunit;

namespace MuxKernels.Bench.Tests;

/// <summary>A test that needs ONNX Runtime's library and is skipped, with the reason, where it is missing.</summary>
internal sealed class OnnxRuntimeFactAttribute : FactAttribute
{
    public OnnxRuntimeFactAttribute() => Skip = OnnxRuntime.IsAvailable ? null : OnnxRuntime.Missing;
}
