using MuxKernels.Peers;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>A test that needs ONNX Runtime's library and is skipped, with the reason, where it is missing.</summary>
internal sealed class OnnxRuntimeFactAttribute : FactAttribute
{
    public OnnxRuntimeFactAttribute() => Skip = OnnxRuntime.IsAvailable ? null : OnnxRuntime.Missing;
}

/// <summary>The same for a test with data.</summary>
internal sealed class OnnxRuntimeTheoryAttribute : TheoryAttribute
{
    public OnnxRuntimeTheoryAttribute() => Skip = OnnxRuntime.IsAvailable ? null : OnnxRuntime.Missing;
}
